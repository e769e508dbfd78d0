//! What a limiter tells about itself.

use super::Borrower;

/// A capacity limiter at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimiterStatistics {
    /// How many tokens there are.
    pub total: usize,
    /// Tokens that are held, or given to a waiter that has not run yet.
    pub borrowed: usize,
    /// Tokens that are free.
    pub available: usize,
    /// Who borrows: calls in the order in which they came, then numbers, then texts, each sorted.
    pub borrowers: Vec<Borrower>,
    /// Acquires that wait. One that was given a token no longer counts.
    pub waiting: usize,
}
