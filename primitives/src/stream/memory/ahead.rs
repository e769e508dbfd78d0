//! A receiving end that takes items ahead of their use, many with one look at the stream.

use super::state::Ahead;
use super::turn::Turn;
use super::{Capacity, ReceiveStream, RecvError, Shared, Statistics, TryRecvError};
use crate::standstill;
use crate::waiting::Wakes;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures::Stream;

impl<T> ReceiveStream<T> {
    /// This end as one that takes items ahead: all that are there, up to `limit` (0 counts as 1), with
    /// one look at the stream, to give them out one by one without another.
    ///
    /// It pays where senders and receiver meet on several threads, and is for an end with work for itself
    /// alone, like the mailbox of an actor. What was taken ahead has left the stream: there is room for as many
    /// more, so that together with `limit` the capacity says how many items there can be; other
    /// receivers do not get it, and [`force_send`](super::SendStream::force_send) does not displace it. A
    /// rendezvous has nothing to take ahead.
    ///
    /// # Examples
    ///
    /// ```
    /// use arbour_primitives::stream::memory_stream;
    ///
    /// # futures::executor::block_on(async {
    /// let (tx, rx) = memory_stream(4);
    /// tx.send_many(&mut [1, 2, 3].into()).await.unwrap();
    ///
    /// let mut ahead = rx.read_ahead(64);
    /// assert_eq!(ahead.recv().await, Ok(1));
    /// assert_eq!((ahead.taken_ahead(), ahead.statistics().queued), (2, 0));
    ///
    /// let rx = ahead.into_inner();
    /// assert_eq!(rx.recv().await, Ok(2));
    /// # });
    /// ```
    pub fn read_ahead(self, limit: usize) -> ReadAhead<T> {
        // What waits at a rendezvous is still its sender's.
        let limit = if self.capacity() == Capacity::Bounded(0) { 1 } else { limit.max(1) };
        let ahead = Ahead::new(limit);
        let taken = Taken { shared: self.parts().0.clone(), ahead, turn: Turn::New };
        ReadAhead { taken, stream: self }
    }
}

/// A receiving end that takes items ahead; see [`ReceiveStream::read_ahead`].
///
/// What it has taken and not given out goes back to the front of the stream when it is dropped, for the
/// other receivers, if need be beyond the capacity; with none left it is dropped with the rest. Until it
/// has come back for more, or has put back what it has, the end of the stream is told to nobody.
///
/// It is a [`Stream`] as well, which ends where [`recv`](Self::recv) would give an error. A `next` that is
/// dropped keeps its place in line until the end is dropped or receives in another way, which gives it up.
pub struct ReadAhead<T> {
    /// Before the end that it was taken through: put back while that is still open.
    taken: Taken<T>,
    stream: ReceiveStream<T>,
}

impl<T> ReadAhead<T> {
    /// Receives the next item, waiting until there is one.
    ///
    /// # Cancel safety
    ///
    /// A receive that is dropped has given out nothing; it only loses its place in the stream.
    ///
    /// # Errors
    ///
    /// [`RecvError::EndOfStream`] when all items were taken and nobody can send any more;
    /// [`RecvError::Closed`] when this end was closed before it began to read ahead.
    pub fn recv(&mut self) -> RecvAhead<'_, T> {
        self.taken.leave();
        RecvAhead { ahead: self, over: false }
    }

    /// Receives an item that is there. Items that others were woken for are theirs.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] when there is no item now, else as for [`recv`](Self::recv).
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.taken.leave();
        if let Some(item) = self.taken.ahead.items.pop_front() {
            return Ok(item);
        }
        let (shared, end) = self.stream.parts();
        let mut wakes = Wakes::default();
        let taken = shared.lock().try_take_ahead(end, &mut self.taken.ahead, &mut wakes);
        wakes.wake();
        taken.and_then(|()| self.taken.ahead.items.pop_front().ok_or(TryRecvError::Empty))
    }

    /// Closes the stream for all senders; see [`ReceiveStream::close`].
    pub fn close(&self) {
        self.stream.close();
    }

    /// Takes items again after [`close`](Self::close); see [`ReceiveStream::reopen`].
    pub fn reopen(&self) {
        self.stream.reopen();
    }

    /// How many items were taken from the stream and not given out yet.
    pub fn taken_ahead(&self) -> usize {
        self.taken.ahead.items.len()
    }

    /// What the stream tells about itself; what was taken ahead is no part of it.
    pub fn statistics(&self) -> Statistics {
        self.stream.statistics()
    }

    /// Puts back what was taken ahead, and gives the plain end.
    pub fn into_inner(self) -> ReceiveStream<T> {
        self.stream
    }

    #[inline]
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, RecvError>> {
        let begun = self.taken.turn.begins();
        if begun && let Some(item) = self.taken.ahead.items.pop_front() {
            return Poll::Ready(Ok(item));
        }
        self.poll_slowly(begun, cx)
    }

    /// Takes items ahead where there are none, and gives out the first.
    #[inline(never)]
    fn poll_slowly(&mut self, begun: bool, cx: &mut Context<'_>) -> Poll<Result<T, RecvError>> {
        ready!(self.taken.turn.poll_enter(begun, cx));
        if let Some(item) = self.taken.ahead.items.pop_front() {
            return Poll::Ready(Ok(item));
        }
        let Self { taken: Taken { shared, ahead, turn }, stream } = self;
        let (_, end) = stream.parts();
        let taken = turn.ask(|seat| {
            shared.visit(cx, false, |state, visit| state.poll_take_ahead(end, ahead, seat, visit))
        });
        let taken = ready!(standstill::tell(taken, || shared.wanted("an item")));
        Poll::Ready(taken.map(|()| ahead.items.pop_front().expect("at least one item was taken")))
    }
}

/// What was taken ahead, and the wait for more.
struct Taken<T> {
    shared: Shared<T>,
    ahead: Ahead<T>,
    turn: Turn,
}

impl<T> Taken<T> {
    /// Gives up the wait for more: a future's that is dropped, or one that somebody left behind.
    #[inline]
    fn leave(&mut self) {
        self.turn.leave(|key| self.shared.forsake_receiver(key));
    }
}

impl<T> Drop for Taken<T> {
    fn drop(&mut self) {
        self.leave();
        let mut wakes = Wakes::default();
        self.shared.lock().put_back(&mut self.ahead, &mut wakes);
        wakes.wake();
    }
}

impl<T> Stream for ReadAhead<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.get_mut().poll_recv(cx).map(Result::ok)
    }
}

impl<T> fmt::Debug for ReadAhead<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadAhead")
            .field("taken_ahead", &self.taken_ahead())
            .field("statistics", &self.statistics())
            .finish_non_exhaustive()
    }
}

/// The future of [`ReadAhead::recv`].
#[must_use = "futures do nothing unless polled"]
pub struct RecvAhead<'a, T> {
    ahead: &'a mut ReadAhead<T>,
    over: bool,
}

/// No item is pinned.
impl<T> Unpin for ReadAhead<T> {}

impl<T> Future for RecvAhead<'_, T> {
    type Output = Result<T, RecvError>;

    /// # Panics
    ///
    /// When it is polled again after it was ready.
    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        assert!(!this.over, "`RecvAhead` was polled after it was ready");
        let received = ready!(this.ahead.poll_recv(cx));
        this.over = true;
        Poll::Ready(received)
    }
}

impl<T> Drop for RecvAhead<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.ahead.taken.leave();
    }
}

impl<T> fmt::Debug for RecvAhead<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvAhead").field("ahead", &self.ahead).finish_non_exhaustive()
    }
}
