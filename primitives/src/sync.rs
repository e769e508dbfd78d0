//! Synchronisation where tokio's own is not enough: events, limits by borrower, one user at a time.
//!
//! - [`Event`]: something that happens once, and everybody hears of it.
//! - [`CapacityLimiter`]: so many at a time, each token with its borrower, the total free to change.
//! - [`ResourceGuard`]: a second user is refused instead of waiting.
//! - [`Notices`]: what the condition of the crate above is made of.
//! - [`PromiseCell`]: what the replies of actors are made of.
//!
//! Made outside of any runtime, awaited under any executor.

mod event;
mod limiter;
mod notices;
mod promise;
mod resource_guard;

pub use event::{Event, EventStatistics};
pub use limiter::{BorrowError, Borrower, CapacityLimiter, LimiterStatistics, Token, TryAcquireError};
pub use notices::{Notice, Notices};
pub use promise::PromiseCell;
pub use resource_guard::{BusyResource, InUse, ResourceGuard};

/// The futures that these give.
pub mod futures {
    pub use super::event::Wait;
    pub use super::limiter::{Acquire, AcquireOnBehalfOf};
}
