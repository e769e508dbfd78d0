//! Why a supervisor that came as data is refused: where, and what is wrong there.

use crate::backoff::BackoffError;
use std::fmt;

/// Everything for which a [`SupervisorSpec`](crate::SupervisorSpec) is refused; prints one line for each.
///
/// What cannot be read comes first and alone: whether the values make sense together is asked once all are there.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub struct SpecRefused {
    /// In the order of the data, never empty.
    pub refusals: Vec<SpecRefusal>,
}

impl fmt::Display for SpecRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, refusal) in self.refusals.iter().enumerate() {
            write!(f, "{}{refusal}", if at == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SpecRefusal {
    /// Where, as in `children[2].restart`; empty for the whole.
    pub path: String,
    /// What is wrong there.
    pub problem: SpecProblem,
}

impl fmt::Display for SpecRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.path {
            "" => self.problem.fmt(f),
            path => write!(f, "{path}: {}", self.problem),
        }
    }
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecProblem {
    /// It is of another kind.
    #[error("{found} is not {expected}")]
    Unexpected {
        /// What is there.
        found: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// No such choice.
    #[error("unknown variant {found:?}, expected one of {}", quoted(expected))]
    UnknownVariant {
        /// What is there.
        found: String,
        /// All that could be.
        expected: Vec<&'static str>,
    },
    /// No such field.
    #[error("unknown field, expected one of {}", quoted(expected))]
    UnknownField {
        /// All that could be.
        expected: Vec<&'static str>,
    },
    /// The field stands there more than once.
    #[error("the field is given twice")]
    GivenTwice,
    /// The field must be there.
    #[error("the field is missing")]
    Missing,
    /// It is no duration, or one too long to be counted.
    #[error("{found:?} is no duration: write a number and a unit, such as \"250ms\", \"5s\" or \"1m 30s\"")]
    Duration {
        /// What is there.
        found: String,
    },
    /// A limit on restarts with a period of zero limits nothing.
    #[error("\"0s\" is no period: a limit of {intensity} restarts in it limits nothing")]
    ZeroPeriod {
        /// The intensity that came with it.
        intensity: u32,
    },
    /// The delays make no sense together.
    #[error(transparent)]
    Backoff(BackoffError),
    /// No child could ever be ready in time.
    #[error("\"0s\" is no time in which a child could be ready")]
    ZeroStartTimeout,
    /// The end of a child that always comes back is awaited.
    #[error(
        "true is refused with restart \"permanent\": the child always comes back, and its end never counts"
    )]
    SignificantPermanent,
    /// The end of a child is significant to nobody.
    #[error("true is refused with auto_shutdown \"never\": its end would not count")]
    SignificantUnheard,
    /// Another child has that name.
    #[error("{id:?} is the name of children[{first}] already")]
    DuplicateId {
        /// The name.
        id: String,
        /// Who has it.
        first: usize,
    },
    /// The name could not be told from a path, or is empty.
    #[error("{id:?} is no name: it must not be empty, and `/` stands between the names of a path")]
    BadName {
        /// The name.
        id: String,
    },
    /// What has children is no worker.
    #[error("\"worker\" is refused for a child with a supervisor inside")]
    WorkerWithChildren,
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}
