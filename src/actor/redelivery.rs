//! Handling a message again after a crash.

use std::fmt;

/// Whether a message whose handler failed or panicked is delivered again, to the next incarnation.
///
/// Default: [`none`](Redelivery::none), the message is consumed by its handler. A handler that was
/// cancelled has not failed: its message is not delivered again.
pub struct Redelivery<M> {
    pub(super) times: u32,
    /// `None` only for `none`.
    pub(super) copy: Option<fn(&M) -> M>,
}

impl<M> Redelivery<M> {
    /// A message is delivered once.
    #[must_use]
    pub const fn none() -> Self {
        Self { times: 0, copy: None }
    }
}

impl<M: Clone> Redelivery<M> {
    /// A message is delivered again up to so many times; a copy stays in the slot while it is
    /// handled, and so does the reply. After that it is given up, with a report: a message that
    /// crashes every incarnation cannot keep an actor down.
    #[must_use]
    pub fn up_to(times: u32) -> Self {
        Self { times, copy: Some(M::clone) }
    }
}

impl<M> Default for Redelivery<M> {
    fn default() -> Self {
        Self::none()
    }
}

impl<M> Clone for Redelivery<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Redelivery<M> {}

impl<M> fmt::Debug for Redelivery<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redelivery").field("times", &self.times).finish_non_exhaustive()
    }
}
