//! Why a limiter gives no token.

use super::Borrower;
use thiserror::Error;

/// A borrower asked for a second token; the error hands it back.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BorrowError {
    /// It holds one.
    #[error("`{borrower}` holds a token of this limiter already and cannot take a second")]
    Holds {
        /// Who asked.
        borrower: Borrower,
    },
    /// It waits for one.
    #[error("`{borrower}` waits for a token of this limiter already and cannot wait for a second")]
    Waits {
        /// Who asked.
        borrower: Borrower,
    },
}

/// Why there is no token now.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TryAcquireError {
    /// All tokens are borrowed, or belong to those who wait.
    #[error("no token is free: {borrowed} of {total} are borrowed, {waiting} wait for one")]
    NoToken {
        /// How many tokens there are.
        total: usize,
        /// How many are borrowed.
        borrowed: usize,
        /// How many acquires wait.
        waiting: usize,
    },
    /// The borrower has a claim already.
    #[error(transparent)]
    Borrower(#[from] BorrowError),
}
