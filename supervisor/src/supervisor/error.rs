//! Why a supervisor failed, and why it refused a child.

use crate::child::ChildSpec;
use crate::failure::Failure;
use crate::machine::{CallError, Outcome};
use arbour_primitives::scope::Cause;

/// A supervisor did not start, or gave up.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SupervisorError {
    /// A child did not start, or was to be restarted once too often; the others were stopped.
    #[error("supervisor {supervisor}: {outcome}{}", last(failure.as_ref()))]
    Failed {
        /// The supervisor's name.
        supervisor: String,
        /// What happened, and to which child.
        outcome: Outcome,
        /// The failure of that child's last incarnation, if it left one.
        failure: Option<Failure>,
    },
    /// It was aborted from outside.
    #[error("the supervisor was aborted: {cause}")]
    Aborted {
        /// Why.
        cause: Cause,
    },
}

fn last(failure: Option<&Failure>) -> String {
    failure.map_or_else(String::new, |failure| format!("; its last failure: {failure}"))
}

impl SupervisorError {
    /// The failure of the child that brought the supervisor down, if it left one.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed { failure, .. } => failure.as_ref(),
            Self::Aborted { .. } => None,
        }
    }
}

/// A child was not started. Hands the specification back where it was not used.
#[derive(Debug, thiserror::Error)]
#[error("{reason}{}", last(failure.as_ref()))]
#[non_exhaustive]
pub struct Refused {
    /// Why.
    pub reason: CallError,
    /// The failure of the child, if it was started and left one.
    pub failure: Option<Failure>,
    /// The specification, unless its child was started and failed.
    pub spec: Option<Box<ChildSpec>>,
}
