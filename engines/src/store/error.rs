//! Why a store gives no answer, and what is known of what it did.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// What a store was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Taking a lease.
    Acquire,
    /// Lengthening a lease.
    Extend,
    /// The leases that are held.
    List,
    /// Who holds a lease.
    Look,
    /// What was written.
    Read,
    /// Ending a lease.
    Release,
    /// Waiting until a lease may be free.
    UntilFree,
    /// Writing under a fence.
    Write,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Acquire => "acquire",
            Self::Extend => "extend",
            Self::List => "list the leases of",
            Self::Look => "look at",
            Self::Read => "read of",
            Self::Release => "release",
            Self::UntilFree => "wait for",
            Self::Write => "write under",
        })
    }
}

/// What is known of a request that was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// It did not reach the store: nothing was changed, and it may be asked again.
    NotSent,
    /// The store said no, and would say so again: nothing was changed.
    Refused,
    /// Its reply was lost: whether anything was changed is unknown. Acquiring, extending and releasing may be asked
    /// again with the same token, and writing with the same fence, as all of them may be done twice.
    Unknown,
}

/// A store gave no answer: what was asked, of which lease, why there is none, and what is known all the same.
///
/// # Examples
///
/// ```
/// use arbour::leases::{Operation, StoreError, StoreErrorKind};
///
/// let error = StoreError::new(StoreErrorKind::Unknown, Operation::Extend, "orders/3", "connection reset");
/// assert_eq!(
///     error.to_string(),
///     "no answer when asked to extend `orders/3`: connection reset; whether it was done is unknown until asked again",
/// );
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{} {operation} `{name}`: {source}; {}", .kind.what(), .kind.follows())]
pub struct StoreError {
    kind: StoreErrorKind,
    operation: Operation,
    name: String,
    source: Box<dyn Error + Send + Sync>,
}

impl StoreError {
    /// The error of a request about the lease `name`, or about those with this prefix.
    #[must_use]
    pub fn new(
        kind: StoreErrorKind,
        operation: Operation,
        name: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { kind, operation, name: name.into(), source: source.into() }
    }

    /// The error of a request that is given up, as this time was not enough for its answer.
    pub(crate) fn late(operation: Operation, name: impl Into<String>, within: Duration) -> Self {
        Self::new(StoreErrorKind::Unknown, operation, name, format!("it took longer than {within:?}"))
    }

    /// What is known of the request.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// What was asked for.
    #[must_use]
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// The lease it was asked of, or the prefix.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl StoreErrorKind {
    fn what(self) -> &'static str {
        match self {
            Self::NotSent => "could not ask the store to",
            Self::Refused => "the store refused to",
            Self::Unknown => "no answer when asked to",
        }
    }

    fn follows(self) -> &'static str {
        match self {
            Self::NotSent => "nothing was changed, and it may be asked again",
            Self::Refused => "nothing was changed, and asking again will not help until the cause is removed",
            Self::Unknown => "whether it was done is unknown until asked again",
        }
    }
}
