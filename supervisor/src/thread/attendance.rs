//! Both ends of one call: the work that waits for a thread, and the caller that waits for the work.
//!
//! # Invariants
//!
//! 1. Whoever takes the work out of its slot decides: the thread runs it, or the caller has it back.
//! 2. The limiter's token lives exactly as long as the work: it is given back before the caller has the value.
//! 3. A caller that goes while the function runs leaves someone to hear its end: a clean-up of its scope, or the
//!    list of abandoned calls.

use super::call::OnCancel;
use super::caught::Caught;
use super::context::Call;
use crate::panic::discard;
use arbour_primitives::scope::{UntilCancelled, clean_up};
use arbour_primitives::sync::Token;
use futures::channel::oneshot::{Canceled, Receiver, Sender};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

/// What a function gave: its value, or its panic.
pub(super) type Outcome<T> = Result<T, Caught>;

/// A function with everything it needs.
pub(super) struct Work<F, T> {
    pub(super) function: F,
    pub(super) token: Token,
    pub(super) result: Sender<Outcome<T>>,
}

/// Where the work waits until a thread, or the caller, takes it.
pub(super) struct Slot<F, T>(Mutex<Option<Work<F, T>>>);

impl<F, T> Slot<F, T> {
    pub(super) fn new(work: Work<F, T>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(work))))
    }

    fn take(&self) -> Option<Work<F, T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Takes the work back, unless a thread has it. The call is over then: there is nothing to abandon.
    pub(super) fn take_back(&self, call: &Call) -> Option<Work<F, T>> {
        let work = self.take()?;
        call.end();
        Some(work)
    }
}

/// The thread's side: runs the work once. Dropped by the runtime instead, it drops the work, which the caller hears.
pub(super) struct Runner<F, T> {
    pub(super) slot: Arc<Slot<F, T>>,
    pub(super) call: Arc<Call>,
}

impl<F: FnOnce() -> T, T> Runner<F, T> {
    /// Runs the work on this thread, unless the caller took it back.
    pub(super) fn run(self) {
        let Some(Work { function, token, result }) = self.slot.take() else { return };
        let outcome = self.call.enter(|| catch_unwind(AssertUnwindSafe(function)).map_err(Caught::here));
        drop(token);
        let abandoned = self.call.end();
        if abandoned {
            tracing::info!(place = %self.call.place, "an abandoned call has ended; what it gave is dropped");
        }
        if let Err(unheard) = result.send(outcome) {
            discard("a call into a thread", unheard);
        }
    }
}

impl<F, T> Drop for Runner<F, T> {
    fn drop(&mut self) {
        discard("a call into a thread", self.slot.take_back(&self.call));
    }
}

/// How the wait for a thread ended.
pub(super) enum Attended<F, T> {
    Ended(Outcome<T>),
    /// Cancelled before a thread took the work: here it is.
    TakenBack(Work<F, T>),
    /// The runtime dropped the work unrun.
    Dropped,
}

/// The caller's wait. Dropped early, it leaves the call as its invariants say.
pub(super) struct Attendance<F, T: Send + 'static> {
    slot: Arc<Slot<F, T>>,
    on_cancel: OnCancel,
    /// While this is pending, a cancellation takes the work back if it can.
    cancelled: Option<UntilCancelled>,
    /// `None` once the wait has ended.
    waiting: Option<Waiting<T>>,
}

impl<F, T: Send + 'static> Attendance<F, T> {
    pub(super) fn new(
        slot: Arc<Slot<F, T>>,
        call: Arc<Call>,
        result: Receiver<Outcome<T>>,
        on_cancel: OnCancel,
        cancelled: UntilCancelled,
    ) -> Self {
        Self { slot, on_cancel, cancelled: Some(cancelled), waiting: Some(Waiting { call, result }) }
    }

    /// Resolves with the outcome, or with the work once the call is cancelled and no thread has taken it.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Attended<F, T>> {
        let Some(waiting) = &mut self.waiting else { return Poll::Pending };
        if let Poll::Ready(outcome) = Pin::new(&mut waiting.result).poll(cx) {
            self.waiting = None;
            return Poll::Ready(outcome.map_or(Attended::Dropped, Attended::Ended));
        }
        let Some(cancelled) = &mut self.cancelled else { return Poll::Pending };
        ready!(Pin::new(cancelled).poll(cx));
        self.cancelled = None;
        let Some(work) = self.slot.take_back(&waiting.call) else { return Poll::Pending };
        self.waiting = None;
        Poll::Ready(Attended::TakenBack(work))
    }
}

impl<F, T: Send + 'static> Drop for Attendance<F, T> {
    fn drop(&mut self) {
        let Some(waiting) = self.waiting.take() else { return };
        waiting.call.leave();
        if let Some(work) = self.slot.take_back(&waiting.call) {
            return discard("a call into a thread", work);
        }
        match self.on_cancel {
            OnCancel::Abandon => drop(waiting),
            OnCancel::Wait => clean_up(waiting.hear_the_end()),
        }
    }
}

/// The wait for a function; dropped before that has returned, it abandons the call.
struct Waiting<T> {
    call: Arc<Call>,
    result: Receiver<Outcome<T>>,
}

impl<T> Waiting<T> {
    /// Waits on behalf of a caller that foreign code has dropped.
    async fn hear_the_end(mut self) {
        let outcome = (&mut self.result).await;
        match outcome {
            Ok(Ok(value)) => discard("a call into a thread", value),
            Ok(Err(panic)) => {
                tracing::error!(place = %self.call.place, %panic, "a function in a thread panicked after its caller was dropped");
            }
            Err(Canceled) => {}
        }
    }
}

impl<T> Drop for Waiting<T> {
    fn drop(&mut self) {
        self.call.abandon();
    }
}
