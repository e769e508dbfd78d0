//! The receiving end of a watch, and what is awaited at it.

use super::state::Seen;
use super::{Shared, WatchClosed, WatchStatistics};
use crate::loom::Arc;
use crate::scope::Gate;
use crate::standstill;
use crate::waiting::Key;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures::Stream;

/// The receiving end of a watch; see [`watch`](super::watch).
///
/// A clone has seen what the original has seen. It is a [`Stream`] as well, of each value that
/// [`changed`](Self::changed) would give, which ends where that gives an error.
pub struct WatchReceiver<T> {
    shared: Shared<T>,
    /// The version of the value that was seen last.
    seen: u64,
    /// What the stream waits for; a clone begins without.
    next: Watching,
}

impl<T> WatchReceiver<T> {
    pub(super) const fn new(shared: Shared<T>, seen: u64) -> Self {
        Self { shared, seen, next: Watching::new() }
    }

    /// The latest value, which counts as seen. It may be kept: it does not change any more, and holds up
    /// nobody.
    pub fn latest(&mut self) -> Arc<T> {
        let (value, version) = self.shared.lock().latest();
        self.seen = version;
        value
    }

    /// The latest value, which counts as seen only if it did before.
    #[must_use]
    pub fn peek(&self) -> Arc<T> {
        self.shared.lock().latest().0
    }

    /// Whether there is a value that was not seen.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.shared.lock().version() != self.seen
    }

    /// Waits for a value that was not seen, and gives the latest, which then counts as seen. One that is
    /// there already is given at once.
    ///
    /// # Cancel safety
    ///
    /// One that is dropped has seen nothing.
    ///
    /// # Errors
    ///
    /// [`WatchClosed`] when the last value was seen and no sender is left.
    pub fn changed(&mut self) -> Changed<'_, T> {
        Changed { receiver: self, watching: Watching::new(), is_over: false }
    }

    /// Waits for a value that `is_wanted`, and gives it; it then counts as seen, like those before it. The
    /// value there is now is asked first, whether it was seen or not. Values that are replaced before this
    /// future is polled are not asked.
    ///
    /// # Cancel safety
    ///
    /// One that is dropped has seen nothing.
    ///
    /// # Errors
    ///
    /// [`WatchClosed`] when the last value was not wanted and no sender is left. That value then counts as
    /// seen.
    ///
    /// # Panics
    ///
    /// When `is_wanted` does; nothing counts as seen then.
    pub fn wait_for<F: FnMut(&T) -> bool>(&mut self, is_wanted: F) -> WaitFor<'_, T, F> {
        WaitFor { receiver: self, watching: Watching::new(), asked: None, is_wanted, is_over: false }
    }

    /// What the watch tells about itself; the same from either end.
    #[must_use]
    pub fn statistics(&self) -> WatchStatistics {
        self.shared.statistics()
    }

    /// Whether both ends are of the same watch.
    #[must_use]
    pub fn same_watch(&self, other: &Self) -> bool {
        self.shared.is_same(&other.shared)
    }
}

impl<T> Clone for WatchReceiver<T> {
    fn clone(&self) -> Self {
        self.shared.lock().open_receivers += 1;
        Self::new(self.shared.clone(), self.seen)
    }
}

impl<T> Drop for WatchReceiver<T> {
    fn drop(&mut self) {
        self.next.forsake(&self.shared);
        self.shared.lock().open_receivers -= 1;
    }
}

impl<T> fmt::Debug for WatchReceiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.describe("WatchReceiver", f)
    }
}

impl<T> Stream for WatchReceiver<T> {
    type Item = Arc<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Arc<T>>> {
        let Self { shared, seen, next } = self.get_mut();
        let changed = ready!(next.poll(shared, *seen, cx));
        next.gate = Gate::new();
        let Ok((value, version)) = changed else { return Poll::Ready(None) };
        *seen = version;
        Poll::Ready(Some(value))
    }
}

/// The future of [`WatchReceiver::changed`].
#[must_use = "futures do nothing unless polled"]
pub struct Changed<'a, T> {
    receiver: &'a mut WatchReceiver<T>,
    watching: Watching,
    is_over: bool,
}

impl<T> Future for Changed<'_, T> {
    type Output = Result<Arc<T>, WatchClosed>;

    /// # Panics
    ///
    /// When it is polled again after it was ready.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { receiver, watching, is_over } = self.get_mut();
        assert!(!*is_over, "`Changed` was polled after it was ready");
        let changed = ready!(watching.poll(&receiver.shared, receiver.seen, cx));
        *is_over = true;
        Poll::Ready(changed.map(|(value, version)| {
            receiver.seen = version;
            value
        }))
    }
}

impl<T> Drop for Changed<'_, T> {
    fn drop(&mut self) {
        self.watching.forsake(&self.receiver.shared);
    }
}

impl<T> fmt::Debug for Changed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changed").field("watching", &self.watching).finish_non_exhaustive()
    }
}

/// The future of [`WatchReceiver::wait_for`].
#[must_use = "futures do nothing unless polled"]
pub struct WaitFor<'a, T, F> {
    receiver: &'a mut WatchReceiver<T>,
    watching: Watching,
    /// The version that was asked last and not wanted.
    asked: Option<u64>,
    is_wanted: F,
    is_over: bool,
}

/// The closure is never pinned.
impl<T, F> Unpin for WaitFor<'_, T, F> {}

impl<T, F: FnMut(&T) -> bool> Future for WaitFor<'_, T, F> {
    type Output = Result<Arc<T>, WatchClosed>;

    /// # Panics
    ///
    /// When the closure does, or when it is polled again after it was ready.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { receiver, watching, asked, is_wanted, is_over } = self.get_mut();
        assert!(!*is_over, "`WaitFor` was polled after it was ready");
        // Usually the second look finds nothing and waits. A sender that is always faster than it must not
        // hold this task.
        for _look in 0..2 {
            let Ok((value, version)) = ready!(watching.poll_other(&receiver.shared, *asked, cx)) else {
                *is_over = true;
                receiver.seen = asked.unwrap_or(receiver.seen);
                return Poll::Ready(Err(WatchClosed));
            };
            if is_wanted(&value) {
                *is_over = true;
                receiver.seen = version;
                return Poll::Ready(Ok(value));
            }
            *asked = Some(version);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<T, F> Drop for WaitFor<'_, T, F> {
    fn drop(&mut self) {
        self.watching.forsake(&self.receiver.shared);
    }
}

impl<T, F> fmt::Debug for WaitFor<'_, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitFor").field("watching", &self.watching).finish_non_exhaustive()
    }
}

/// A wait for a change that may go on over several polls; a future's or a stream's.
#[derive(Debug)]
struct Watching {
    gate: Gate,
    seat: Option<Key>,
}

impl Watching {
    const fn new() -> Self {
        Self { gate: Gate::new(), seat: None }
    }

    /// Waits for another version than `seen`.
    fn poll<T>(
        &mut self,
        shared: &Shared<T>,
        seen: u64,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Seen<T>, WatchClosed>> {
        ready!(self.gate.poll_enter(cx));
        let seat = &mut self.seat;
        let changed =
            crate::waiting::visit(&shared.0, cx, false, |state, visit| state.poll_changed(seen, seat, visit));
        standstill::tell(changed, || shared.wanted("a change"))
    }

    /// Waits for another version than the one that was asked, if any was.
    fn poll_other<T>(
        &mut self,
        shared: &Shared<T>,
        asked: Option<u64>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Seen<T>, WatchClosed>> {
        let Some(asked) = asked else {
            ready!(self.gate.poll_enter(cx));
            return Poll::Ready(Ok(shared.lock().latest()));
        };
        self.poll(shared, asked, cx)
    }

    fn forsake<T>(&mut self, shared: &Shared<T>) {
        let waker = self.seat.take().and_then(|key| shared.lock().forsake(key));
        drop(waker);
    }
}
