//! How a child ended, as its supervisor sees it.

use std::fmt;

#[cfg(test)]
mod tests;

/// How one incarnation of a child ended by itself, with the failure `F` it left behind.
///
/// A child that its own supervisor stops has no exit: a stop is an order that was carried out, whatever the child
/// did on its way out.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit<F> {
    /// It finished its work.
    Normal,
    /// It was asked to stop, by somebody other than its supervisor, and did so in good order.
    Shutdown,
    /// It returned an error.
    Failed(F),
    /// It panicked.
    Panicked(F),
    /// Somebody other than its supervisor cancelled it.
    Cancelled,
    /// Somebody other than its supervisor aborted it, or the runtime dropped it.
    Aborted,
}

impl<F> Exit<F> {
    /// What kind of exit this is, without its failure: all that decisions are made of.
    pub fn kind(&self) -> ExitKind {
        match self {
            Self::Normal => ExitKind::Normal,
            Self::Shutdown => ExitKind::Shutdown,
            Self::Failed(_) => ExitKind::Failed,
            Self::Panicked(_) => ExitKind::Panicked,
            Self::Cancelled => ExitKind::Cancelled,
            Self::Aborted => ExitKind::Aborted,
        }
    }

    /// The failure that was left behind, if the child failed or panicked.
    pub fn failure(&self) -> Option<&F> {
        match self {
            Self::Failed(failure) | Self::Panicked(failure) => Some(failure),
            _ => None,
        }
    }
}

impl<F> fmt::Debug for Exit<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exit::{:?}", self.kind())
    }
}

/// The kind of an [`Exit`], which is all that a restart policy looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExitKind {
    /// It finished its work.
    Normal,
    /// It was asked to stop and did so in good order.
    Shutdown,
    /// It returned an error.
    Failed,
    /// It panicked.
    Panicked,
    /// Somebody other than its supervisor cancelled it.
    Cancelled,
    /// Somebody other than its supervisor aborted it, or the runtime dropped it.
    Aborted,
}

impl ExitKind {
    /// Whether something went wrong: everything but [`Normal`](Self::Normal) and [`Shutdown`](Self::Shutdown).
    #[must_use]
    pub fn is_abnormal(self) -> bool {
        !matches!(self, Self::Normal | Self::Shutdown)
    }
}

/// The verb of a sentence about a child: "panicked", "ended normally".
impl fmt::Display for ExitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Normal => "ended normally",
            Self::Shutdown => "shut down",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::Cancelled => "was cancelled from outside its supervisor",
            Self::Aborted => "was aborted from outside its supervisor",
        })
    }
}
