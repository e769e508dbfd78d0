//! What a child's own judgement of its exit asks for.

use crate::{
    exit::ExitKind,
    restart::{AfterExit, Restart},
};

#[cfg(test)]
mod tests;

/// What is to happen after an exit, as decided by somebody who has seen the failure.
///
/// It comes in with the exit. To resume is not among them: that is for an error of one message, which the actor
/// outlives, so that there is no exit to decide about. The default is [`ByPolicy`](Self::ByPolicy).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Directive {
    /// What the child's [`Restart`] says of this kind of exit.
    #[default]
    ByPolicy,
    /// Start it again, whatever its kind; back-off and limits count this restart like any other.
    Restart,
    /// Leave it down as if its work were done: a temporary child is forgotten.
    Stop,
    /// Fail the supervisor with this child's failure.
    Escalate,
}

/// What becomes of a child after an exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    After(AfterExit),
    Escalate,
}

impl Directive {
    pub(crate) fn fate(self, restart: Restart, exit: ExitKind) -> Fate {
        match (self, restart) {
            (Self::ByPolicy, _) => Fate::After(restart.after(exit)),
            (Self::Restart, _) => Fate::After(AfterExit::Restart),
            (Self::Stop, Restart::Temporary) => Fate::After(AfterExit::Forget),
            (Self::Stop, Restart::Permanent | Restart::Transient) => Fate::After(AfterExit::KeepDown),
            (Self::Escalate, _) => Fate::Escalate,
        }
    }
}
