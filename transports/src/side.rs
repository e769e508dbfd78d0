//! One side of a socket that others may use, and may close, while somebody waits on it.
//!
//! **States.** *Open*: `io` is there. *Closed*: it is not, for ever.
//!
//! **Invariants**, all under the one lock:
//!
//! 1. Whoever is pending has left its waker in `waiter` while the side was open.
//! 2. Closing takes `io` and `waiter` in one step, so that nobody waits on a closed side; it drops and
//!    wakes them after the lock is released.
//! 3. `io` is used only under the lock, and never awaited there: when closing has returned, this side
//!    holds no descriptor.

#[cfg(test)]
mod tests;

use crate::StreamError;
use arbour_primitives::scope::Gate;
use arbour_primitives::sync::ResourceGuard;
use parking_lot::Mutex;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, Waker};

/// What one direction of a socket goes through.
pub(crate) struct Side<T> {
    state: Mutex<State<T>>,
    /// One caller at a time: the system's readiness wakes one waiter of each direction.
    user: ResourceGuard,
}

struct State<T> {
    io: Option<T>,
    waiter: Option<Waker>,
}

impl<T> Side<T> {
    /// An open side. The action completes "somebody else is …".
    pub(crate) fn new(io: T, action: &'static str) -> Self {
        let state = State { io: Some(io), waiter: None };
        Self { state: Mutex::new(state), user: ResourceGuard::new(action) }
    }

    /// One poll of an operation; a side that is closed, now or while this is pending, refuses.
    #[inline]
    pub(crate) fn poll<R>(
        &self,
        cx: &mut Context<'_>,
        operation: impl FnOnce(&mut T, &mut Context<'_>) -> Poll<io::Result<R>>,
    ) -> Poll<Result<R, StreamError>> {
        let mut state = self.state.lock();
        let Some(io) = &mut state.io else { return Poll::Ready(Err(StreamError::Closed)) };
        let polled = operation(io, cx);
        if polled.is_pending() && !state.waiter.as_ref().is_some_and(|waiter| waiter.will_wake(cx.waker())) {
            state.waiter = Some(cx.waker().clone());
        }
        polled.map_err(StreamError::from)
    }

    /// Awaits an operation as the only user of this side.
    pub(crate) async fn exclusively<R>(
        &self,
        mut operation: impl FnMut(&mut T, &mut Context<'_>) -> Poll<io::Result<R>>,
    ) -> Result<R, StreamError> {
        let mut gate = Gate::new();
        poll_fn(|cx| gate.poll_enter(cx)).await;
        let _user = self.user.enter()?;
        poll_fn(|cx| self.poll(cx, &mut operation)).await
    }

    /// Looks at what is open.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&T) -> io::Result<R>) -> Result<R, StreamError> {
        let state = self.state.lock();
        let io = state.io.as_ref().ok_or(StreamError::Closed)?;
        look(io).map_err(StreamError::from)
    }

    /// Changes what is open.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> Result<R, StreamError> {
        self.state.lock().io.as_mut().map(change).ok_or(StreamError::Closed)
    }

    /// Closes it; whoever waits on it is woken, and refused.
    pub(crate) fn close(&self) -> Option<T> {
        let (io, waiter) = {
            let mut state = self.state.lock();
            (state.io.take(), state.waiter.take())
        };
        if let Some(waiter) = waiter {
            waiter.wake();
        }
        io
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state.lock().io.is_some()
    }
}

impl<T> fmt::Debug for Side<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.is_open() { "open" } else { "closed" };
        f.debug_struct("Side").field("state", &state).field("busy", &self.user.is_busy()).finish()
    }
}
