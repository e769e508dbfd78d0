//! Blocking a thread for a future: whether it may, and how.

use super::context;
use super::error::CallError;
use arbour_primitives::scope::ScopeHandle;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};
use tokio::runtime::{Handle, worker_index};
use tokio::task::coop::unconstrained;

/// Refuses to block asynchronous code of `runtime`: the task that it would wait for may need this very thread.
///
/// A thread of the runtime's blocking pool may wait, and so may another runtime's: neither is needed.
pub(super) fn refuse_in_tasks_of(runtime: &Handle) -> Result<(), CallError> {
    let own = Handle::try_current().is_ok_and(|here| here.id() == runtime.id());
    let polled = own && !context::is_thread_of(runtime) && is_polled();
    if polled { Err(CallError::WouldDeadlock) } else { Ok(()) }
}

/// Whether a task is polled on this thread: on one of the runtime's, or by `Runtime::block_on`, which is none of
/// them, but has a scope current.
fn is_polled() -> bool {
    worker_index().is_some() || ScopeHandle::current().is_some()
}

/// Parks this thread until the future is ready, or the time has come.
///
/// # Errors
///
/// [`CallError::WouldDeadlock`] where a task is polled on this thread: whatever it waits for may need it.
#[doc(hidden)]
pub fn block_thread<F: Future>(future: F, until: Option<Instant>) -> Result<Option<F::Output>, CallError> {
    if is_polled() { Err(CallError::WouldDeadlock) } else { Ok(wait_until(future, until)) }
}

/// Parks this thread until the future is ready.
pub(super) fn wait<F: Future>(future: F) -> F::Output {
    wait_until(future, None).expect("without a time, it ends only with the future")
}

/// Parks this thread until the future is ready, which is what it gives, or the time has come.
///
/// Without tokio's budget: the thread may be in a poll of another runtime, where a spent budget would be
/// given anew only after this call has returned.
fn wait_until<F: Future>(future: F, until: Option<Instant>) -> Option<F::Output> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(unconstrained(future));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Some(output);
        }
        match until.map(|until| until.saturating_duration_since(Instant::now())) {
            None => thread::park(),
            Some(Duration::ZERO) => return None,
            Some(left) => thread::park_timeout(left),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
