//! Synchronisation where tokio's own is not enough: limits by borrower.
//!
//! - [`CapacityLimiter`]: so many at a time, each token with its borrower, the total free to change.
//!
//! Made outside of any runtime, awaited under any executor.

mod limiter;

pub use limiter::{BorrowError, Borrower, CapacityLimiter, LimiterStatistics, Token, TryAcquireError};

/// The futures that these give.
pub mod futures {
    pub use super::limiter::{Acquire, AcquireOnBehalfOf};
}
