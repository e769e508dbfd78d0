//! The receiving end of a broadcast stream, and what is awaited at it.

use super::error::{BroadcastRecvError, BroadcastTryRecvError};
use super::store::Cursor;
use super::{BroadcastStatistics, Shared};
use crate::loom::Arc;
use crate::scope::Gate;
use crate::standstill;
use crate::stream::ObjectReceive;
use crate::waiting::Key;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures::Stream;

/// The receiving end of a broadcast stream; see [`broadcast`](super::broadcast).
///
/// It is made by [`BroadcastSender::subscribe`](super::BroadcastSender::subscribe), and gets every item that
/// is sent from then on. A clone has still to take what the original has still to take, and from then on
/// both get everything.
///
/// It is a [`Stream`] of `Result<T, BroadcastRecvError>` as well: items and gaps in their order, an
/// [`BroadcastRecvError::Disconnected`] as the last item, nothing at the end of the stream.
pub struct BroadcastReceiver<T> {
    shared: Shared<T>,
    cursor: Cursor,
    /// What the stream waits for; a clone begins without.
    next: Receiving,
    /// Whether the stream has said that this receiver was cut off.
    is_over: bool,
}

impl<T> BroadcastReceiver<T> {
    pub(super) const fn new(shared: Shared<T>, cursor: Cursor) -> Self {
        Self { shared, cursor, next: Receiving::new(), is_over: false }
    }

    /// Closes the stream for all senders, as [`BroadcastSender::close`](super::BroadcastSender::close) does.
    pub fn close(&self) {
        self.shared.close();
    }

    /// What the stream tells about itself; the same from either end.
    #[must_use]
    pub fn statistics(&self) -> BroadcastStatistics {
        self.shared.statistics()
    }

    /// Whether both ends receive from the same stream.
    #[must_use]
    pub fn same_stream(&self, other: &Self) -> bool {
        self.shared.is_same(&other.shared)
    }

    #[cfg(test)]
    pub(super) const fn cursor(&self) -> Cursor {
        self.cursor
    }
}

impl<T: Clone> BroadcastReceiver<T> {
    /// Receives the next item, waiting until there is one.
    ///
    /// # Cancel safety
    ///
    /// A receive that is dropped has taken nothing.
    ///
    /// # Errors
    ///
    /// [`BroadcastRecvError::Lagged`] where items were missed, once, after which it goes on;
    /// [`BroadcastRecvError::Disconnected`] when this receiver was cut off;
    /// [`BroadcastRecvError::EndOfStream`] when all was taken and nobody can send any more.
    ///
    /// # Panics
    ///
    /// When the item's `clone` does; the item then counts as taken here, and nobody else notices.
    pub fn recv(&mut self) -> BroadcastRecv<'_, T> {
        BroadcastRecv { receiver: self, next: Receiving::new(), is_over: false }
    }

    /// Receives an item that is there.
    ///
    /// # Errors
    ///
    /// [`BroadcastTryRecvError::Empty`] when there is none now, else as for [`recv`](Self::recv).
    ///
    /// # Panics
    ///
    /// As for [`recv`](Self::recv).
    pub fn try_recv(&mut self) -> Result<T, BroadcastTryRecvError> {
        let taken = self.shared.change(|state, luggage| state.try_recv(&mut self.cursor, luggage));
        taken.map(own)
    }
}

/// The item itself for who is last to take it, a clone for all others.
fn own<T: Clone>(item: Arc<T>) -> T {
    Arc::try_unwrap(item).unwrap_or_else(|shared| T::clone(&shared))
}

impl<T> Clone for BroadcastReceiver<T> {
    fn clone(&self) -> Self {
        let cursor = self.shared.lock().join(self.cursor);
        Self::new(self.shared.clone(), cursor)
    }
}

impl<T> Drop for BroadcastReceiver<T> {
    fn drop(&mut self) {
        self.next.forsake(&self.shared);
        self.shared.change(|state, luggage| state.leave(self.cursor, luggage));
    }
}

impl<T> fmt::Debug for BroadcastReceiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.describe("BroadcastReceiver", f)
    }
}

impl<T: Clone + Send + Sync> ObjectReceive<T> for BroadcastReceiver<T> {
    type Error = BroadcastRecvError;

    async fn recv(&mut self) -> Result<Option<T>, BroadcastRecvError> {
        match Self::recv(self).await {
            Ok(item) => Ok(Some(item)),
            Err(BroadcastRecvError::EndOfStream) => Ok(None),
            Err(why) => Err(why),
        }
    }
}

impl<T: Clone> Stream for BroadcastReceiver<T> {
    type Item = Result<T, BroadcastRecvError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { shared, cursor, next, is_over } = self.get_mut();
        if *is_over {
            return Poll::Ready(None);
        }
        let received = ready!(next.poll(shared, cursor, cx));
        *is_over = matches!(received, Err(BroadcastRecvError::Disconnected));
        Poll::Ready(match received {
            Err(BroadcastRecvError::EndOfStream) => None,
            received => Some(received.map(own)),
        })
    }
}

/// The future of [`BroadcastReceiver::recv`].
#[must_use = "futures do nothing unless polled"]
pub struct BroadcastRecv<'a, T> {
    receiver: &'a mut BroadcastReceiver<T>,
    next: Receiving,
    is_over: bool,
}

impl<T: Clone> Future for BroadcastRecv<'_, T> {
    type Output = Result<T, BroadcastRecvError>;

    /// # Panics
    ///
    /// When it is polled again after it was ready.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { receiver, next, is_over } = self.get_mut();
        assert!(!*is_over, "`BroadcastRecv` was polled after it was ready");
        let received = ready!(next.poll(&receiver.shared, &mut receiver.cursor, cx));
        *is_over = true;
        Poll::Ready(received.map(own))
    }
}

impl<T> Drop for BroadcastRecv<'_, T> {
    fn drop(&mut self) {
        self.next.forsake(&self.receiver.shared);
    }
}

impl<T> fmt::Debug for BroadcastRecv<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BroadcastRecv").field("next", &self.next).finish_non_exhaustive()
    }
}

/// A receive that may go on over several polls; a future's or a stream's.
#[derive(Debug)]
struct Receiving {
    gate: Gate,
    seat: Option<Key>,
}

impl Receiving {
    const fn new() -> Self {
        Self { gate: Gate::new(), seat: None }
    }

    fn poll<T>(
        &mut self,
        shared: &Shared<T>,
        cursor: &mut Cursor,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Arc<T>, BroadcastRecvError>> {
        ready!(self.gate.poll_enter(cx));
        let seat = &mut self.seat;
        let received =
            shared.visit(cx, |state, visit, luggage| state.poll_recv(cursor, seat, visit, luggage));
        let received = ready!(standstill::tell(received, || shared.wanted("an item")));
        self.gate = Gate::new();
        Poll::Ready(received)
    }

    fn forsake<T>(&mut self, shared: &Shared<T>) {
        let waker = self.seat.take().and_then(|key| shared.lock().forsake_receiver(key));
        drop(waker);
    }
}
