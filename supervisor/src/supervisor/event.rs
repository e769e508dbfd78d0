//! What a supervisor does, told to whoever subscribes.

use crate::exit::ExitKind;
use crate::failure::Failure;
use crate::machine::{ChildId, Ended, Incarnation, Next, Outcome, What};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One decision of a supervisor, or what made it decide; see
/// [`SupervisorHandle::events`](crate::SupervisorHandle::events). Prints as one line.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SupervisionEvent {
    /// The names of the supervisors around, from the outermost of the tree to the one that decided, with `/` between.
    pub supervisor: Arc<str>,
    /// The child it is about; `None` where it is the supervisor itself.
    pub child: Option<ChildId>,
    /// Which run of the child: 1 for the first, 0 where there is none.
    pub incarnation: Incarnation,
    /// What happened.
    pub happened: Happened,
    /// What the run left behind that ended, if it failed or panicked.
    pub failure: Option<Failure>,
    /// What happens next, after the end of a child that nobody had stopped.
    pub next: Option<Next>,
    /// When, by the clock of the runtime, which stands still in a test that has paused it.
    pub at: Instant,
}

/// What happened to a child, or to the supervisor.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Happened {
    /// The child was added.
    Added,
    /// A run begins.
    Started,
    /// The run is ready.
    Ready,
    /// The run was not ready within this time, and is cancelled.
    NotReady(Duration),
    /// The run declined: there was nothing to do.
    Declined,
    /// The run ended although nobody had stopped it.
    Ended(Ended),
    /// The run was asked to finish.
    Draining {
        /// When it will be cancelled; `None` is never.
        until: Option<Instant>,
    },
    /// The run had not finished within its time to drain.
    DrainOver,
    /// The run was cancelled.
    Cancelled {
        /// When its clean-up must be over.
        clean_up_until: Instant,
    },
    /// The run had not cleaned up within its time.
    CleanUpOver,
    /// The run was aborted.
    Aborted,
    /// The run was stopped, and ended like this.
    Stopped(ExitKind),
    /// The run was aborted 5 seconds ago and does not yield: its slot stays taken.
    Stuck,
    /// The run was stuck, and is gone after all.
    Unstuck,
    /// The restart of several because of this child was called off: those that are down stay down.
    GroupCalledOff,
    /// The slot is gone.
    Removed,
    /// The first start of the supervisor is over: every child has been ready.
    AllReady,
    /// The supervisor has ended.
    Finished(Outcome),
}

impl Happened {
    /// What the machine tells, with what happens next.
    pub(super) fn told(what: What) -> (Self, Option<Next>) {
        let happened = match what {
            What::Ready => Self::Ready,
            What::NotReady(limit) => Self::NotReady(limit),
            What::DrainOver => Self::DrainOver,
            What::CleanUpOver => Self::CleanUpOver,
            What::Stuck => Self::Stuck,
            What::Unstuck => Self::Unstuck,
            What::Declined => Self::Declined,
            What::GroupCalledOff => Self::GroupCalledOff,
            What::Stopped(exit) => Self::Stopped(exit),
            What::Ended { how, next } => return (Self::Ended(how), Some(next)),
        };
        (happened, None)
    }
}

/// The verb of a sentence about a child or a supervisor: "is started", "panicked".
impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added => f.write_str("is added"),
            Self::Started => f.write_str("is started"),
            Self::Ready => f.write_str("is ready"),
            Self::NotReady(limit) => write!(f, "was not ready within {limit:?}"),
            Self::Declined => f.write_str("declined to run"),
            Self::Ended(ended) => ended.fmt(f),
            Self::Draining { .. } => f.write_str("is asked to finish"),
            Self::DrainOver => f.write_str("did not finish within its time to drain"),
            Self::Cancelled { .. } => f.write_str("is cancelled"),
            Self::CleanUpOver => f.write_str("had not cleaned up within its time"),
            Self::Aborted => f.write_str("is aborted"),
            Self::Stopped(exit) => write!(f, "was stopped and {exit}"),
            Self::Stuck => f.write_str("is stuck"),
            Self::Unstuck => f.write_str("was stuck and is gone after all"),
            Self::GroupCalledOff => f.write_str("was stopped while its siblings waited for it"),
            Self::Removed => f.write_str("is removed"),
            Self::AllReady => f.write_str("every child is ready"),
            Self::Finished(outcome) => outcome.fmt(f),
        }
    }
}

impl fmt::Display for SupervisionEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.supervisor)?;
        if let Some(child) = &self.child {
            write!(f, "child `{child}`")?;
            match self.incarnation.number() {
                0 => f.write_str(" ")?,
                number => write!(f, " (incarnation {number}) ")?,
            }
        }
        write!(f, "{}", self.happened)?;
        if let Some(failure) = &self.failure {
            write!(f, " ({failure})")?;
        }
        match &self.next {
            Some(next) => write!(f, ": {next}"),
            None => Ok(()),
        }
    }
}
