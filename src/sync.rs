//! Synchronisation where tokio's own is not enough; [the book][chapter] says which to use when.
//!
//! [chapter]: https://github.com/arbour-rs/arbour/blob/main/book/src/synchronisation.md

pub use arbour_primitives::sync::{
    BorrowError, Borrower, CapacityLimiter, LimiterStatistics, Token, TryAcquireError, futures,
};
