//! The cell of a promise: one value, or the reason why there is none, for one who waits.
//!
//! It counts its givers itself, so that those who promise, those who only say what became of the promise, and the
//! one who waits may share it by whatever pointer they like.
//!
//! # States
//!
//! | phase | meaning |
//! |---|---|
//! | `ASKED` | nobody has begun to see to it |
//! | `BEGUN` | somebody has |
//! | `GONE` | nobody waits any more |
//!
//! # Invariants
//!
//! 1. A value is put in at most once, and not when the phase is `GONE`.
//! 2. `BEGUN` comes only after `ASKED`, `GONE` after either, and nothing after `GONE`: of a beginning and a giving
//!    up that meet, both sides know which came first.
//! 3. Whoever waits is woken by the value, or by the last giver who leaves without one.
//!
//! One lock, under which no foreign code runs: wakers are cloned before and woken or dropped after.

#[cfg(test)]
mod models;
#[cfg(all(test, not(arbour_loom)))]
mod tests;

use crate::loom::Mutex;
use crate::loom::atomic::{AtomicU8, AtomicUsize, Ordering};
use core::fmt;
use core::task::{Context, Poll, Waker};

const ASKED: u8 = 0;
const BEGUN: u8 = 1;
const GONE: u8 = 2;

/// One value that is promised to one who waits.
pub struct PromiseCell<T> {
    phase: AtomicU8,
    reason: AtomicU8,
    givers: AtomicUsize,
    slot: Mutex<Slot<T>>,
}

struct Slot<T> {
    value: Option<T>,
    kept: bool,
    waker: Option<Waker>,
}

impl<T> PromiseCell<T> {
    /// A cell with so many givers; none of them has said why there might be no value (the reason is 0).
    #[must_use]
    pub fn new(givers: usize) -> Self {
        let slot = Mutex::new(Slot { value: None, kept: false, waker: None });
        Self { phase: AtomicU8::new(ASKED), reason: AtomicU8::new(0), givers: AtomicUsize::new(givers), slot }
    }

    /// Begins to see to the promise; false when nobody waits any more.
    pub fn begin(&self) -> bool {
        // ORDERING: pairs with `give_up`; what matters is only which of the two came first.
        match self.phase.compare_exchange(ASKED, BEGUN, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => true,
            Err(now) => now == BEGUN || crate::loom::fault("promise_begins_blindly"),
        }
    }

    /// Whoever waited has gone. Says whether somebody had begun, who then may still be at it.
    pub fn give_up(&self) -> bool {
        // ORDERING: pairs with `begin`.
        self.phase.swap(GONE, Ordering::AcqRel) == BEGUN
    }

    /// Whether nobody waits any more.
    pub fn is_abandoned(&self) -> bool {
        // ORDERING: a hint, which `begin` decides anew.
        self.phase.load(Ordering::Acquire) == GONE
    }

    /// Gives the value.
    ///
    /// # Errors
    ///
    /// The value, when one was given before, or nobody waits any more.
    pub fn keep(&self, value: T) -> Result<(), T> {
        let mut slot = self.slot.lock();
        if slot.kept || self.is_abandoned() {
            return Err(value);
        }
        slot.kept = true;
        slot.value = Some(value);
        let waker = slot.waker.take();
        drop(slot);
        if !crate::loom::fault("promise_keeps_silently") {
            wake(waker);
        }
        Ok(())
    }

    /// Says why there will be no value, should none be given. The last word counts.
    pub fn because(&self, reason: u8) {
        // ORDERING: read by whoever sees that the last giver has left, which orders all that came before.
        self.reason.store(reason, Ordering::Relaxed);
    }

    /// One more giver, beside one that there is.
    pub fn join(&self) {
        // ORDERING: as for `Arc`: a count can only be raised by one who is counted.
        self.givers.fetch_add(1, Ordering::Relaxed);
    }

    /// A giver leaves; the last one breaks a promise that was not kept.
    pub fn leave(&self) {
        // ORDERING: pairs with itself, and with the look of `poll`: the last to leave has seen what all did.
        if self.givers.fetch_sub(1, Ordering::AcqRel) == 1 && !crate::loom::fault("promise_breaks_silently") {
            let waker = self.slot.lock().waker.take();
            wake(waker);
        }
    }

    /// The value, or the reason why there is none, if it is known now.
    pub fn try_take(&self) -> Option<Result<T, u8>> {
        self.slot.lock().outcome(self)
    }

    /// Waits for the value; an error is the reason why there is none.
    pub fn poll(&self, cx: &Context<'_>) -> Poll<Result<T, u8>> {
        self.poll_with(None, cx)
    }

    /// The same with the waker that it is to leave behind, for one who knows that it will wait.
    #[doc(hidden)]
    pub fn poll_with(&self, mut fresh: Option<Waker>, cx: &Context<'_>) -> Poll<Result<T, u8>> {
        loop {
            let mut slot = self.slot.lock();
            if let Some(outcome) = slot.outcome(self) {
                return Poll::Ready(outcome);
            }
            let same = slot.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
            if same || (slot.waker.is_some() && crate::loom::fault("promise_keeps_old_waker")) {
                return Poll::Pending;
            }
            if let Some(waker) = fresh.take() {
                let before = slot.waker.replace(waker);
                drop(slot);
                drop(before);
                return Poll::Pending;
            }
            drop(slot);
            fresh = Some(cx.waker().clone());
        }
    }
}

impl<T> Slot<T> {
    fn outcome(&mut self, cell: &PromiseCell<T>) -> Option<Result<T, u8>> {
        if let Some(value) = self.value.take() {
            return Some(Ok(value));
        }
        // ORDERING: pairs with `leave`; it wakes only after it has left, and takes the lock for that.
        let left = cell.givers.load(Ordering::Acquire) == 0;
        left.then(|| Err(cell.reason.load(Ordering::Relaxed)))
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl<T> fmt::Debug for PromiseCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PromiseCell").field("abandoned", &self.is_abandoned()).finish_non_exhaustive()
    }
}
