//! The capacity limiter: so many at a time, each token with its borrower.

mod acquire;
mod borrower;
mod error;
#[cfg(test)]
mod models;
mod state;
mod statistics;
#[cfg(all(test, not(arbour_loom)))]
mod tests;
mod token;

pub use acquire::{Acquire, AcquireOnBehalfOf};
pub use borrower::Borrower;
pub use error::{BorrowError, TryAcquireError};
pub use statistics::LimiterStatistics;
pub use token::Token;

use crate::loom::{Arc, Mutex};
use crate::waiting::Wakes;
use acquire::Turn;
use core::fmt;
use state::State;

/// Lets so many at a time do something: each holds a [`Token`] meanwhile.
///
/// Unlike a semaphore it knows its borrowers: [`statistics`](Self::statistics) names them, and none
/// gets a second token. And its total may change at any time: raised, it lets waiters in; lowered, it
/// takes nothing away and lets nobody in until fewer than the new total are borrowed. A total of 0 lets
/// nobody in, one of [`usize::MAX`] everybody.
///
/// First come, first served. A token that is given back belongs at once to whoever waits longest, also
/// before that one has run: nobody overtakes, not even [`try_acquire`](Self::try_acquire).
///
/// Clones are the same limiter. It can be made before there is a runtime.
///
/// # Examples
///
/// ```
/// use arbour_primitives::sync::CapacityLimiter;
///
/// # futures::executor::block_on(async {
/// let limiter = CapacityLimiter::new(2);
/// let first = limiter.acquire().await;
/// let second = limiter.acquire_on_behalf_of("import").await.unwrap();
/// assert!(limiter.try_acquire().is_err());
/// assert_eq!(limiter.borrowed(), 2);
///
/// drop(first);
/// let refused = limiter.acquire_on_behalf_of("import").await.unwrap_err();
/// assert_eq!(refused.to_string(), "`import` holds a token of this limiter already and cannot take a second");
/// # drop(second);
/// # });
/// ```
#[derive(Clone)]
pub struct CapacityLimiter {
    state: Arc<Mutex<State>>,
}

impl CapacityLimiter {
    /// A limiter of which nothing is borrowed.
    #[must_use]
    pub fn new(total: usize) -> Self {
        Self { state: Arc::new(Mutex::new(State::new(total))) }
    }

    /// Borrows a token for this call alone, waiting until there is one.
    ///
    /// Each call is a borrower of its own: a task that holds a token and acquires another waits like
    /// everybody else, for itself if need be. Name a borrower to make that an error.
    ///
    /// # Cancel safety
    ///
    /// An acquire that is dropped holds nothing and leaves no trace; it only loses its place. A token
    /// that it had been given passes to the next.
    pub fn acquire(&self) -> Acquire<'_> {
        Acquire::new(self)
    }

    /// Borrows a token for somebody by name, waiting until there is one.
    ///
    /// # Cancel safety
    ///
    /// As for [`acquire`](Self::acquire).
    ///
    /// # Errors
    ///
    /// [`BorrowError`] when the borrower holds a token already, or waits for one.
    pub fn acquire_on_behalf_of(&self, borrower: impl Into<Borrower>) -> AcquireOnBehalfOf<'_> {
        AcquireOnBehalfOf::new(self, borrower.into())
    }

    /// Borrows a token for this call alone if one is free now.
    ///
    /// # Errors
    ///
    /// [`TryAcquireError::NoToken`] when all are borrowed, or belong to those who wait.
    pub fn try_acquire(&self) -> Result<Token, TryAcquireError> {
        self.try_acquire_for(None)
    }

    /// Borrows a token for somebody by name if one is free now.
    ///
    /// # Errors
    ///
    /// [`TryAcquireError::NoToken`] when all are borrowed, or belong to those who wait;
    /// [`TryAcquireError::Borrower`] when the borrower holds a token already, or waits for one.
    pub fn try_acquire_on_behalf_of(&self, borrower: impl Into<Borrower>) -> Result<Token, TryAcquireError> {
        self.try_acquire_for(Some(borrower.into()))
    }

    /// Changes how many tokens there are. Waiters for whom there is one now are let in, longest wait
    /// first; what is borrowed stays borrowed.
    pub fn set_total(&self, total: usize) {
        self.change(|state, wakes| state.set_total(total, wakes));
    }

    /// How many tokens there are.
    #[must_use]
    pub fn total(&self) -> usize {
        self.state.lock().total()
    }

    /// How many tokens are borrowed: held, or given to a waiter that has not run yet. More than the
    /// total after that was lowered.
    #[must_use]
    pub fn borrowed(&self) -> usize {
        self.state.lock().borrowed()
    }

    /// How many tokens are free: for whom there is one, nobody has to wait.
    #[must_use]
    pub fn available(&self) -> usize {
        self.state.lock().available()
    }

    /// What the limiter tells about itself.
    #[must_use]
    pub fn statistics(&self) -> LimiterStatistics {
        self.state.lock().statistics()
    }

    fn try_acquire_for(&self, borrower: Option<Borrower>) -> Result<Token, TryAcquireError> {
        let borrower = self.state.lock().try_acquire(borrower)?;
        Ok(Token::new(self, borrower))
    }

    fn give_back(&self, borrower: &Borrower) {
        self.change(|state, wakes| state.give_back(borrower, wakes));
    }

    /// Withdraws an acquire that is dropped before it was ready.
    fn forsake(&self, turn: &mut Turn) {
        if let Turn::Seated(key) = core::mem::replace(turn, Turn::Over) {
            let waker = self.change(|state, wakes| state.forsake(key, wakes));
            drop(waker);
        }
    }

    /// What somebody waits for here, in words.
    #[cold]
    fn wanted(&self) -> String {
        let state = self.state.lock();
        format!("a token of a limiter ({} of {} borrowed)", state.borrowed(), state.total())
    }

    fn change<R>(&self, change: impl FnOnce(&mut State, &mut Wakes) -> R) -> R {
        let mut wakes = Wakes::default();
        let result = change(&mut self.state.lock(), &mut wakes);
        wakes.wake();
        result
    }
}

impl fmt::Debug for CapacityLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CapacityLimiter").field("statistics", &self.statistics()).finish_non_exhaustive()
    }
}
