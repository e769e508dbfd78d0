//! How a child is stopped, and how long that may take.

use std::time::Duration;

#[cfg(test)]
mod tests;

/// How long a child may drain before it is cancelled.
///
/// To drain is to refuse new work and to finish what is queued. To be cancelled is to be ended at the next await;
/// what the child then cleans up has a budget of its own, which begins with the cancellation (see
/// [`ChildPolicy::clean_up`](crate::machine::ChildPolicy::clean_up)).
///
/// The default is 5 seconds. Children that are supervisors themselves want [`Wait`](Self::Wait), so that they can
/// stop their own children in good order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Shutdown {
    /// Abort at once: nothing is drained and nothing cleaned up, shields and finalizers are dropped.
    Abort,
    /// Drain for so long, then cancel. With zero it is cancelled at once.
    After(Duration),
    /// Drain until it ends, however long that takes; only a cancellation of the whole supervisor ends the wait.
    Wait,
}

impl Shutdown {
    /// How long the child may drain; `None` is without limit.
    #[must_use]
    pub fn drain(self) -> Option<Duration> {
        match self {
            Self::Abort => Some(Duration::ZERO),
            Self::After(drain) => Some(drain),
            Self::Wait => None,
        }
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::After(Duration::from_secs(5))
    }
}
