//! Which children come back after which exits.

use crate::exit::ExitKind;

#[cfg(test)]
mod tests;

/// Whether a child that ended by itself is started again.
///
/// The default is [`Permanent`](Self::Permanent).
///
/// # Examples
///
/// ```
/// use arbour_supervisor::{exit::ExitKind, restart::{AfterExit, Restart}};
///
/// assert_eq!(Restart::Permanent.after(ExitKind::Normal), AfterExit::Restart);
/// assert_eq!(Restart::Transient.after(ExitKind::Normal), AfterExit::KeepDown);
/// assert_eq!(Restart::Temporary.after(ExitKind::Panicked), AfterExit::Forget);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Restart {
    /// Always started again, also after a normal end: a service that must be there.
    #[default]
    Permanent,
    /// Started again after an abnormal end only: a job that must succeed once.
    Transient,
    /// Never started again: a job whose end is somebody else's concern. Its slot goes with it.
    Temporary,
}

/// What becomes of a slot whose child ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AfterExit {
    /// The child is started again, as far as back-off and limits allow.
    Restart,
    /// The slot is kept, not running; it can be restarted or deleted by hand.
    KeepDown,
    /// The slot is removed, and its id is free.
    Forget,
}

impl Restart {
    /// What happens to a child of this kind after an exit of that kind.
    #[must_use]
    pub fn after(self, exit: ExitKind) -> AfterExit {
        match (self, exit.is_abnormal()) {
            (Self::Permanent, _) | (Self::Transient, true) => AfterExit::Restart,
            (Self::Transient, false) => AfterExit::KeepDown,
            (Self::Temporary, _) => AfterExit::Forget,
        }
    }
}
