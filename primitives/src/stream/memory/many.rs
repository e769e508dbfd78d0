//! Batches: many items sent or received with one look at the stream, and one wake-up for all of them.

mod batches;
mod send_batches;

pub use batches::Batches;
pub use send_batches::SendBatches;

use super::state::End;
use super::turn::Turn;
use super::{ReceiveStream, RecvError, SendError, SendStream, Shared, TryRecvError, TrySendError};
use crate::standstill;
use crate::waiting::Wakes;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::collections::VecDeque;

impl<T> SendStream<T> {
    /// Sends all `items` in their order, as many at a time as there is room for.
    ///
    /// What has entered the stream is taken from the front of `items`; the rest is still yours, whatever
    /// happens. Between two of its items others may send theirs, when they have waited longer. On a
    /// rendezvous each item needs a receiver that waits; should that one leave before it runs, the item
    /// waits in the stream for the next one.
    ///
    /// # Cancel safety
    ///
    /// A send that is dropped leaves in `items` what did not enter the stream; it only loses its place.
    ///
    /// # Errors
    ///
    /// [`SendError::Broken`] when no receiving end is left, [`SendError::Closed`] when the stream or this
    /// end was closed, before or while it waited; what was not sent is in `items`.
    ///
    /// # Examples
    ///
    /// ```
    /// use arbour_primitives::stream::memory_stream;
    ///
    /// # futures::executor::block_on(async {
    /// let (tx, rx) = memory_stream(8);
    /// let mut trees = ["ash", "birch", "cedar"].into();
    /// tx.send_many(&mut trees).await.unwrap();
    /// assert!(trees.is_empty());
    ///
    /// let mut felled = Vec::new();
    /// assert_eq!(rx.recv_many(&mut felled, 2).await, Ok(2));
    /// assert_eq!(felled, ["ash", "birch"]);
    /// # });
    /// ```
    pub fn send_many<'a>(&'a self, items: &'a mut VecDeque<T>) -> SendMany<'a, T> {
        SendMany { stream: self, items, turn: Turn::New }
    }

    /// Sends as many items from the front of `items` as there is room for, and says how many.
    ///
    /// # Errors
    ///
    /// [`TrySendError::Full`] when there is room for none, else as for [`send_many`](Self::send_many).
    pub fn try_send_many(&self, items: &mut VecDeque<T>) -> Result<usize, TrySendError<()>> {
        let (shared, end) = self.parts();
        let mut wakes = Wakes::default();
        let sent = shared.lock().try_send_many(end, items, &mut wakes);
        wakes.wake();
        sent
    }

    /// This end as a sink that queues up to `limit` items (0 counts as 1) and sends them together.
    pub fn into_batches(self, limit: usize) -> SendBatches<T> {
        SendBatches::new(self, limit)
    }
}

impl<T> ReceiveStream<T> {
    /// Waits until there is an item, then moves all that are there, up to `limit`, to the end of `into`,
    /// and says how many they were: at least one, unless `limit` is 0.
    ///
    /// Items that other receivers were woken for are theirs.
    ///
    /// # Cancel safety
    ///
    /// A receive that is dropped has taken nothing; it only loses its place. If it had been woken for
    /// an item, the next receiver is woken in its stead.
    ///
    /// # Errors
    ///
    /// [`RecvError::EndOfStream`] when all items were taken and nobody can send any more;
    /// [`RecvError::Closed`] when this end was closed, before or while it waited.
    pub fn recv_many<'a>(&'a self, into: &'a mut Vec<T>, limit: usize) -> RecvMany<'a, T> {
        RecvMany { stream: self, into, limit, turn: Turn::New }
    }

    /// Moves the items that are there, up to `limit`, to the end of `into`, and says how many they were.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] when there is no item now, else as for [`recv_many`](Self::recv_many).
    pub fn try_recv_many(&self, into: &mut Vec<T>, limit: usize) -> Result<usize, TryRecvError> {
        let (shared, end) = self.parts();
        self.standing().forsake(shared);
        let mut wakes = Wakes::default();
        let received = shared.lock().try_recv_many(end, into, limit, &mut wakes);
        wakes.wake();
        received
    }

    /// This end as a stream of batches: each holds what was there when it was taken, at least one item
    /// and up to `limit` (0 counts as 1).
    ///
    /// It ends where [`recv`](Self::recv) would give an error.
    pub fn batches(&self, limit: usize) -> Batches<'_, T> {
        Batches::new(self, limit)
    }
}

/// The future of [`SendStream::send_many`].
#[must_use = "futures do nothing unless polled"]
pub struct SendMany<'a, T> {
    stream: &'a SendStream<T>,
    items: &'a mut VecDeque<T>,
    turn: Turn,
}

impl<T> Future for SendMany<'_, T> {
    type Output = Result<(), SendError<()>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        poll_sent(this.stream.parts(), this.items, &mut this.turn, cx)
    }
}

/// A wait for many items to be sent, a future's or a sink's.
fn poll_sent<T>(
    (shared, end): (&Shared<T>, &End),
    items: &mut VecDeque<T>,
    turn: &mut Turn,
    cx: &mut Context<'_>,
) -> Poll<Result<(), SendError<()>>> {
    let begun = turn.begins();
    ready!(turn.poll_enter(begun, cx));
    let sent = turn
        .ask(|seat| shared.visit(cx, false, |state, visit| state.poll_send_many(end, items, seat, visit)));
    standstill::tell(sent, || shared.wanted("room"))
}

impl<T> Drop for SendMany<'_, T> {
    fn drop(&mut self) {
        self.turn.leave(|key| self.stream.parts().0.forsake_sender(key));
    }
}

impl<T> fmt::Debug for SendMany<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendMany").field("left", &self.items.len()).finish_non_exhaustive()
    }
}

/// The future of [`ReceiveStream::recv_many`].
#[must_use = "futures do nothing unless polled"]
pub struct RecvMany<'a, T> {
    stream: &'a ReceiveStream<T>,
    into: &'a mut Vec<T>,
    limit: usize,
    turn: Turn,
}

impl<T> Future for RecvMany<'_, T> {
    type Output = Result<usize, RecvError>;

    /// # Panics
    ///
    /// When it is polled again after it was ready.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        assert!(!this.turn.is_over(), "`RecvMany` was polled after it was ready");
        let received = ready!(poll_many(this.stream, &mut this.turn, (this.into, this.limit), cx));
        this.turn = Turn::Over;
        Poll::Ready(received)
    }
}

impl<T> Drop for RecvMany<'_, T> {
    fn drop(&mut self) {
        self.turn.leave(|key| self.stream.parts().0.forsake_receiver(key));
    }
}

impl<T> fmt::Debug for RecvMany<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvMany").field("limit", &self.limit).finish_non_exhaustive()
    }
}

fn poll_many<T>(
    stream: &ReceiveStream<T>,
    turn: &mut Turn,
    (into, limit): (&mut Vec<T>, usize),
    cx: &mut Context<'_>,
) -> Poll<Result<usize, RecvError>> {
    let begun = turn.begins();
    stream.standing().hand_over(stream.parts().0, turn, begun);
    ready!(turn.poll_enter(begun, cx));
    let (shared, end) = stream.parts();
    let received = turn.ask(|seat| {
        shared.visit(cx, false, |state, visit| state.poll_recv_many(end, (into, limit), seat, visit))
    });
    standstill::tell(received, || shared.wanted("items"))
}
