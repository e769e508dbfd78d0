//! The state of a capacity limiter: who holds, who waits, who goes next.
//!
//! # States of a borrower
//!
//! | claim | in `waiters` | meaning |
//! |---|---|---|
//! | `Waits` | in the lane | no token yet |
//! | `Holds` | a place, in no lane | given a token; the future learns it at its next poll |
//! | `Holds` | no | there is a [`Token`](super::Token) |
//!
//! # Invariants
//!
//! They hold whenever the lock is free.
//!
//! 1. `borrowed` counts the claims that hold: a token is reserved for a waiter when it is given, not
//!    when the waiter runs.
//! 2. Somebody stands in the lane only while `borrowed` has reached `total`. So a newcomer that finds a
//!    token overtakes nobody.
//! 3. A borrower has at most one claim, whether it waits or holds.
//!
//! # Lock
//!
//! One mutex, no other is taken under it, and no foreign code runs under it: borrowers are texts and
//! numbers of ours, wakers are cloned before, woken and dropped after. The design follows AnyIO's
//! limiter, with the reservation of tokio's semaphore.

use super::acquire::Turn;
use super::{BorrowError, Borrower, LimiterStatistics, TryAcquireError};
use crate::waiting::{Key, Step, Visit, WaitList, Wakes};
use core::task::Waker;
use std::collections::BTreeMap;

const WAITING: usize = 0;

pub(super) struct State {
    total: usize,
    borrowed: usize,
    claims: BTreeMap<Borrower, Claim>,
    waiters: WaitList<Waiter, 1>,
    /// How many calls have been borrowers of their own.
    calls: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum Claim {
    Waits,
    Holds,
}

struct Waiter {
    borrower: Borrower,
    waker: Option<Waker>,
}

impl State {
    pub(super) const fn new(total: usize) -> Self {
        Self { total, borrowed: 0, claims: BTreeMap::new(), waiters: WaitList::new(), calls: 0 }
    }

    pub(super) const fn total(&self) -> usize {
        self.total
    }

    pub(super) const fn borrowed(&self) -> usize {
        self.borrowed
    }

    pub(super) const fn available(&self) -> usize {
        self.total.saturating_sub(self.borrowed)
    }

    pub(super) fn statistics(&self) -> LimiterStatistics {
        let holders = self.claims.iter().filter(|(_, claim)| **claim == Claim::Holds);
        LimiterStatistics {
            total: self.total,
            borrowed: self.borrowed,
            available: self.available(),
            borrowers: holders.map(|(borrower, _)| borrower.clone()).collect(),
            waiting: self.waiters.len(WAITING),
        }
    }

    pub(super) fn set_total(&mut self, total: usize, wakes: &mut Wakes) {
        self.total = total;
        if !crate::loom::fault("limiter_is_raised_unheard") {
            self.admit(wakes);
        }
    }

    pub(super) fn try_acquire(&mut self, borrower: Option<Borrower>) -> Result<Borrower, TryAcquireError> {
        let borrower = self.admissible(borrower)?;
        if self.available() == 0 {
            return Err(self.no_token());
        }
        self.borrowed += 1;
        self.claims.insert(borrower.clone(), Claim::Holds);
        Ok(borrower)
    }

    /// One poll of an acquire.
    pub(super) fn poll_acquire(
        &mut self,
        turn: &mut Turn,
        visit: &mut Visit<'_>,
    ) -> Step<Result<Borrower, BorrowError>> {
        let borrower = match turn {
            Turn::Seated(key) if self.waiters.lane(*key) == Some(WAITING) => {
                return visit.refresh(&mut self.waiters[*key].waker);
            }
            Turn::Seated(key) => {
                let borrower = self.waiters.leave(*key).borrower;
                *turn = Turn::Over;
                return Step::Done(Ok(borrower));
            }
            Turn::Asks(borrower) => borrower.clone(),
            Turn::Over => unreachable!("a future that is over polls no state"),
        };
        match self.try_acquire(borrower.clone()) {
            Err(TryAcquireError::NoToken { .. }) => self.wait(borrower, turn, visit),
            Err(TryAcquireError::Borrower(refused)) => Step::Done(Err(refused)),
            Ok(borrower) => Step::Done(Ok(borrower)),
        }
    }

    fn wait<R>(&mut self, borrower: Option<Borrower>, turn: &mut Turn, visit: &mut Visit<'_>) -> Step<R> {
        let Some(waker) = visit.take_waker() else { return Step::NeedWaker };
        let borrower = borrower.unwrap_or_else(|| self.next_call());
        self.claims.insert(borrower.clone(), Claim::Waits);
        *turn = Turn::Seated(self.waiters.join(WAITING, Waiter { borrower, waker: Some(waker) }));
        Step::Wait
    }

    /// Gives up the place of an acquire that is dropped, and passes on what it had been given.
    pub(super) fn forsake(&mut self, key: Key, wakes: &mut Wakes) -> Option<Waker> {
        let waits = self.waiters.lane(key) == Some(WAITING);
        let Waiter { borrower, waker } = self.waiters.leave(key);
        if waits {
            self.claims.remove(&borrower);
        } else if !crate::loom::fault("limiter_keeps_what_was_given") {
            self.give_back(&borrower, wakes);
        }
        waker
    }

    pub(super) fn give_back(&mut self, borrower: &Borrower, wakes: &mut Wakes) {
        self.claims.remove(borrower);
        self.borrowed -= 1;
        self.admit(wakes);
    }

    /// Gives what is free to those who have waited longest (invariant 2).
    fn admit(&mut self, wakes: &mut Wakes) {
        while self.available() > 0
            && let Some(key) = self.waiters.first(WAITING)
        {
            self.admit_one(key, wakes);
        }
    }

    fn admit_one(&mut self, key: Key, wakes: &mut Wakes) {
        self.waiters.take_out(key);
        let Waiter { borrower, waker } = &mut self.waiters[key];
        self.borrowed += usize::from(!crate::loom::fault("limiter_reserves_nothing"));
        if let Some(claim) = self.claims.get_mut(borrower) {
            *claim = Claim::Holds;
        }
        if !crate::loom::fault("limiter_wakes_nobody") {
            wakes.add(waker.take());
        }
    }

    /// The borrower, if it may have a claim (invariant 3).
    fn admissible(&mut self, borrower: Option<Borrower>) -> Result<Borrower, BorrowError> {
        let Some(borrower) = borrower else { return Ok(self.next_call()) };
        match self.claims.get(&borrower) {
            None => Ok(borrower),
            Some(Claim::Holds) => Err(BorrowError::Holds { borrower }),
            Some(Claim::Waits) => Err(BorrowError::Waits { borrower }),
        }
    }

    fn next_call(&mut self) -> Borrower {
        self.calls += 1;
        Borrower::call(self.calls)
    }

    fn no_token(&self) -> TryAcquireError {
        TryAcquireError::NoToken {
            total: self.total,
            borrowed: self.borrowed,
            waiting: self.waiters.len(WAITING),
        }
    }

    #[cfg(all(test, not(arbour_loom)))]
    pub(super) fn has_no_claims(&self) -> bool {
        self.claims.is_empty()
    }

    #[cfg(test)]
    pub(super) fn assert_invariants(&self) {
        let holders = self.claims.values().filter(|claim| **claim == Claim::Holds).count();
        assert_eq!(self.borrowed, holders, "invariant 1");
        assert!(self.waiters.is_empty(WAITING) || self.available() == 0, "invariant 2");
        assert_eq!(self.claims.len() - holders, self.waiters.len(WAITING), "invariant 3");
    }
}
