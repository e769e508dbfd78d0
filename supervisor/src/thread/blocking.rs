//! Blocking a thread for a future: whether it may, and how.

use super::context;
use super::error::CallError;
use arbour_primitives::scope::ScopeHandle;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
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

/// Parks this thread until the future is ready.
///
/// Without tokio's budget: the thread may be in a poll of another runtime, where a spent budget would be
/// given anew only after this call has returned.
pub(super) fn wait<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(unconstrained(future));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        thread::park();
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
