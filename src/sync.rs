//! Synchronisation where tokio's own is not enough; the book's chapter *Synchronisation* says which to
//! use when.

pub use arbour_primitives::sync::{
    BorrowError, Borrower, BusyResource, CapacityLimiter, Event, EventStatistics, InUse, LimiterStatistics,
    ResourceGuard, Token, TryAcquireError, futures,
};
pub use arbour_supervisor::{Condition, ConditionStatistics, LockGuard};
