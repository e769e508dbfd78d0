//! Awaiting in one of many ways: to the end, for some polls only, or in a scope that others cancel.

use super::random::Random;
use arbour::{CancelScope, ScopeHandle};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::Poll;

/// Handles of scopes that run now, and of some that have ended.
#[derive(Debug, Clone)]
pub(crate) struct Scopes(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    handles: Vec<Mutex<Option<ScopeHandle>>>,
    dropped: AtomicUsize,
    cancelled: AtomicUsize,
}

impl Scopes {
    pub(crate) fn of(slots: usize) -> Self {
        let handles = (0..slots).map(|_| Mutex::default()).collect();
        Self(Arc::new(Shared { handles, dropped: AtomicUsize::new(0), cancelled: AtomicUsize::new(0) }))
    }

    /// How many awaits were dropped, and how many bodies cancelled.
    pub(crate) fn cut_short(&self) -> (usize, usize) {
        (self.0.dropped.load(Relaxed), self.0.cancelled.load(Relaxed))
    }

    /// Runs it in a scope that anybody may cancel.
    pub(crate) async fn run<F: Future>(&self, slot: usize, future: F) -> Option<F::Output> {
        let scope = CancelScope::new();
        *self.0.handles[slot].lock().unwrap() = Some(scope.handle());
        let outcome = scope.run(future).await.ok();
        self.0.cancelled.fetch_add(usize::from(outcome.is_none()), Relaxed);
        outcome
    }

    pub(crate) fn cancel_one(&self, random: &mut Random) {
        let slot = random.below(self.0.handles.len());
        let handle = self.0.handles[slot].lock().unwrap().take();
        if let Some(handle) = handle {
            handle.cancel("at random");
        }
    }
}

/// Who awaits, and how.
#[derive(Debug)]
pub(crate) struct Attempts {
    pub(crate) random: Random,
    pub(crate) scopes: Scopes,
    pub(crate) slot: usize,
}

impl Attempts {
    /// What came of it, or `None` when it was dropped before.
    pub(crate) async fn attempt<F: Future>(&mut self, future: F) -> Option<F::Output> {
        match self.random.below(16) {
            0 => self.for_some_polls(true, future).await,
            1 => self.for_some_polls(false, future).await,
            2 => self.scopes.run(self.slot, future).await,
            _ => Some(future.await),
        }
    }

    async fn for_some_polls<F: Future>(&mut self, restless: bool, future: F) -> Option<F::Output> {
        let outcome = for_some_polls(self.random.below(4), restless, future).await;
        self.scopes.0.dropped.fetch_add(usize::from(outcome.is_none()), Relaxed);
        outcome
    }
}

/// Polls so often, whether it was woken or not if `restless`; then drops it.
async fn for_some_polls<F: Future>(polls: usize, restless: bool, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|cx| {
        let Some(rest) = left.checked_sub(1) else { return Poll::Ready(None) };
        left = rest;
        let outcome = future.as_mut().poll(cx).map(Some);
        if outcome.is_pending() && (restless || left == 0) {
            cx.waker().wake_by_ref();
        }
        outcome
    })
    .await
}
