//! What a borrower holds.

use super::{Borrower, CapacityLimiter};
use core::fmt;

/// A token of a [`CapacityLimiter`], given back when it is dropped.
///
/// It belongs to nobody's task or thread: move it to where the work is done, and the work is counted
/// until it really ends.
#[must_use = "a token that is dropped is given back"]
pub struct Token {
    limiter: CapacityLimiter,
    borrower: Borrower,
}

impl Token {
    /// For a claim that the state has counted in.
    pub(super) fn new(limiter: &CapacityLimiter, borrower: Borrower) -> Self {
        Self { limiter: limiter.clone(), borrower }
    }

    /// For whom it was borrowed.
    #[must_use]
    pub const fn borrower(&self) -> &Borrower {
        &self.borrower
    }

    /// The limiter it was borrowed from.
    #[must_use]
    pub const fn limiter(&self) -> &CapacityLimiter {
        &self.limiter
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.limiter.give_back(&self.borrower);
        if crate::loom::fault("limiter_takes_back_twice") {
            self.limiter.give_back(&self.borrower);
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("borrower", &self.borrower).finish_non_exhaustive()
    }
}
