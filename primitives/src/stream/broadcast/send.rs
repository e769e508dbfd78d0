//! The sending end of a broadcast stream, and what is awaited at it.

use super::state::Remains;
use super::{BroadcastReceiver, BroadcastStatistics, SendError, Shared, TrySendError};
use crate::scope::Gate;
use crate::standstill;
use crate::stream::ObjectSend;
use crate::waiting::{Key, Wakes};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures::Sink;

/// The sending end of a broadcast stream; see [`broadcast`](super::broadcast).
///
/// Clones send into the same stream. When the last one is dropped, receivers take what they have still to
/// take and then find the end.
///
/// It is a [`Sink`] as well. An item that was started and finds no room stands in the line by itself:
/// `poll_flush` waits until it was sent, and dropping this end before that withdraws it.
pub struct BroadcastSender<T> {
    shared: Shared<T>,
    /// The line of the sink's item; a clone begins without.
    started: Sending,
}

impl<T> BroadcastSender<T> {
    pub(super) const fn new(shared: Shared<T>) -> Self {
        Self { shared, started: Sending::new() }
    }

    /// A receiver that gets what is sent from now on. An item whose send still waits is sent later, and so
    /// is one of these.
    #[must_use = "a receiver that is dropped receives nothing"]
    pub fn subscribe(&self) -> BroadcastReceiver<T> {
        let cursor = self.shared.lock().subscribe();
        BroadcastReceiver::new(self.shared.clone(), cursor)
    }

    /// Sends an item to all who receive. With [`SlowReceiver::Wait`](super::SlowReceiver::Wait) it waits
    /// until there is room, behind those who waited before; with any other policy it never waits.
    ///
    /// # Cancel safety
    ///
    /// A send that is dropped before its item entered the stream withdraws the item and drops it, and loses
    /// its place. Once the item has entered, it is sent, also if the send is dropped before it says so.
    ///
    /// # Errors
    ///
    /// The item comes back: [`SendError::Broken`] when there is no receiver, before or while it waited (a
    /// later [`subscribe`](Self::subscribe) mends that); [`SendError::Closed`] when the stream was closed.
    pub fn send(&self, item: T) -> BroadcastSend<'_, T> {
        BroadcastSend { sender: self, item: Some(item), sending: Sending::new() }
    }

    /// Sends an item at once or not at all.
    ///
    /// # Errors
    ///
    /// The item comes back: [`TrySendError::Full`] when it would have to wait, else as for
    /// [`send`](Self::send).
    pub fn try_send(&self, item: T) -> Result<(), TrySendError<T>> {
        self.shared.change(|state, luggage| state.try_send(item, luggage))
    }

    /// Closes the stream for all senders.
    ///
    /// New sends are refused, and those that wait get their items back, as [`SendError::Closed`]. Receivers
    /// take what they have still to take and then find the end.
    pub fn close(&self) {
        self.shared.close();
    }

    /// What the stream tells about itself; the same from either end.
    #[must_use]
    pub fn statistics(&self) -> BroadcastStatistics {
        self.shared.statistics()
    }

    /// Whether both ends send into the same stream.
    #[must_use]
    pub fn same_stream(&self, other: &Self) -> bool {
        self.shared.is_same(&other.shared)
    }

    #[cfg(test)]
    pub(super) const fn shared(&self) -> &Shared<T> {
        &self.shared
    }
}

impl<T> Clone for BroadcastSender<T> {
    fn clone(&self) -> Self {
        self.shared.lock().add_sender();
        Self::new(self.shared.clone())
    }
}

impl<T> Drop for BroadcastSender<T> {
    fn drop(&mut self) {
        let mut wakes = Wakes::default();
        let withdrawn = self.started.forsake(&self.shared);
        self.shared.lock().remove_sender(&mut wakes);
        wakes.wake();
        drop(withdrawn);
    }
}

impl<T> fmt::Debug for BroadcastSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.describe("BroadcastSender", f)
    }
}

impl<T: core::marker::Send + Sync> ObjectSend<T> for BroadcastSender<T> {
    type Error = SendError<T>;

    fn send(&mut self, item: T) -> impl Future<Output = Result<(), SendError<T>>> + core::marker::Send {
        Self::send(self, item)
    }
}

impl<T> Sink<T> for BroadcastSender<T> {
    type Error = SendError<T>;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        self.poll_flush(cx)
    }

    /// # Panics
    ///
    /// When `poll_ready` did not say that there is room for this item, as sinks may.
    fn start_send(self: Pin<&mut Self>, item: T) -> Result<(), SendError<T>> {
        let Self { shared, started } = self.get_mut();
        assert!(started.seat.is_none(), "`start_send` comes after `poll_ready` was ready");
        let sent = shared.change(|state, luggage| match state.try_send(item, luggage) {
            Err(TrySendError::Full(item)) => {
                started.seat = Some(state.stand_in_line(item, None));
                Ok(())
            }
            sent => sent,
        });
        sent.map_err(|refused| match refused {
            TrySendError::Closed(item) => SendError::Closed(item),
            TrySendError::Full(item) | TrySendError::Broken(item) => SendError::Broken(item),
        })
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let Self { shared, started } = self.get_mut();
        if started.seat.is_none() {
            return Poll::Ready(Ok(()));
        }
        started.poll(shared, &mut None, cx)
    }

    /// Waits for the item that was started; the stream is closed for want of senders when all ends are gone.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        self.poll_flush(cx)
    }
}

/// The future of [`BroadcastSender::send`].
#[must_use = "futures do nothing unless polled"]
pub struct BroadcastSend<'a, T> {
    sender: &'a BroadcastSender<T>,
    /// There until the stream has it or gave it back.
    item: Option<T>,
    sending: Sending,
}

/// The item is never pinned: it is moved into the stream.
impl<T> Unpin for BroadcastSend<'_, T> {}

impl<T> Future for BroadcastSend<'_, T> {
    type Output = Result<(), SendError<T>>;

    /// # Panics
    ///
    /// When it is polled again after it was ready.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { sender, item, sending } = self.get_mut();
        assert!(item.is_some() || sending.seat.is_some(), "`BroadcastSend` was polled after it was ready");
        sending.poll(&sender.shared, item, cx)
    }
}

impl<T> Drop for BroadcastSend<'_, T> {
    fn drop(&mut self) {
        let withdrawn = self.sending.forsake(&self.sender.shared);
        drop(withdrawn);
    }
}

impl<T> fmt::Debug for BroadcastSend<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BroadcastSend").field("sending", &self.sending).finish_non_exhaustive()
    }
}

/// A send that may go on over several polls; a future's or a sink's.
#[derive(Debug)]
struct Sending {
    gate: Gate,
    seat: Option<Key>,
}

impl Sending {
    const fn new() -> Self {
        Self { gate: Gate::new(), seat: None }
    }

    fn poll<T>(
        &mut self,
        shared: &Shared<T>,
        item: &mut Option<T>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendError<T>>> {
        ready!(self.gate.poll_enter(cx));
        let seat = &mut self.seat;
        let sent = shared.visit(cx, |state, visit, luggage| state.poll_send(item, seat, visit, luggage));
        let sent = ready!(standstill::tell(sent, || shared.wanted("room")));
        self.gate = Gate::new();
        Poll::Ready(sent)
    }

    /// Gives up the place, and carries out what stood there.
    fn forsake<T>(&mut self, shared: &Shared<T>) -> Option<Remains<T>> {
        self.seat.take().map(|key| shared.lock().forsake_sender(key))
    }
}
