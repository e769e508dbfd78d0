//! One side of a socket that others may use, and may close, while somebody waits on it.
//!
//! **States.** *Open*: `io` is there. *Closed*: it is not, for ever.
//!
//! **Invariants**, all under the one lock. Whoever has the side as `&mut` needs no lock: nobody else can
//! hold it.
//!
//! 1. Whoever is pending has left its waker in `waiter` while the side was open; whoever had it as `&mut` too,
//!    since that ends with the poll, and another task may close the side before the next one.
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

/// What a socket holds locked while it is closed, so that who closes it second returns when it is closed too.
pub(crate) type Closing<T = ()> = Mutex<T>;

struct State<T> {
    io: Option<T>,
    waiter: Option<Waker>,
}

impl<T> State<T> {
    /// Small, because it becomes a part of the loops of its callers: what is rare stands elsewhere.
    fn poll<R>(
        &mut self,
        cx: &mut Context<'_>,
        operation: impl FnOnce(&mut T, &mut Context<'_>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        let Some(io) = &mut self.io else { return Poll::Ready(Err(closed())) };
        let polled = operation(io, cx);
        if polled.is_pending() && !self.is_left(cx.waker()) {
            leave(cx.waker(), &mut self.waiter);
        }
        polled
    }

    fn is_left(&self, waker: &Waker) -> bool {
        self.waiter.as_ref().is_some_and(|waiter| waiter.will_wake(waker))
    }
}

#[cold]
#[inline(never)]
fn leave(waker: &Waker, waiter: &mut Option<Waker>) {
    *waiter = Some(waker.clone());
}

#[cold]
#[inline(never)]
fn closed() -> io::Error {
    StreamError::Closed.into()
}

impl<T> Side<T> {
    /// An open side. The action completes "somebody else is …".
    pub(crate) fn new(io: T, action: &'static str) -> Self {
        let state = State { io: Some(io), waiter: None };
        Self { state: Mutex::new(state), user: ResourceGuard::new(action) }
    }

    /// One poll of an operation; a side that is closed, now or while this is pending, refuses with
    /// [`StreamError::Closed`] inside the error.
    pub(crate) fn poll<R>(
        &self,
        cx: &mut Context<'_>,
        operation: impl FnOnce(&mut T, &mut Context<'_>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        self.state.lock().poll(cx, operation)
    }

    /// The same for whoever has this side alone: without the lock.
    pub(crate) fn poll_mut<R>(
        &mut self,
        cx: &mut Context<'_>,
        operation: impl FnOnce(&mut T, &mut Context<'_>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        self.state.get_mut().poll(cx, operation)
    }

    /// Awaits an operation as the only user of this side.
    pub(crate) async fn exclusively<R>(
        &self,
        mut operation: impl FnMut(&mut T, &mut Context<'_>) -> Poll<io::Result<R>>,
    ) -> Result<R, StreamError> {
        let mut gate = Gate::new();
        poll_fn(|cx| gate.poll_enter(cx)).await;
        let _user = self.user.enter()?;
        poll_fn(|cx| self.poll(cx, &mut operation)).await.map_err(StreamError::from)
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
