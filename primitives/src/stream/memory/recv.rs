//! The receiving end, and what is awaited at it.

use super::receiving::poll_slowly;
use super::standing::Standing;
use super::state::End;
use super::turn::Turn;
use super::{Capacity, RecvError, Shared, Statistics, TryRecvError};
use crate::scope::Gate;
use crate::waiting::Wakes;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures::Stream;

/// The receiving end of a memory stream; see [`memory_stream`](super::memory_stream).
///
/// Clones receive from the same stream, each item going to one of them. When the last one is dropped,
/// senders get their items back, and what was queued is dropped.
///
/// There are two ways to close: [`close`](Self::close) stops the *senders*, while receivers go on to
/// the end; [`close_end`](Self::close_end) closes only this *end*, as dropping it would, while others
/// still refer to it.
///
/// It is a [`Stream`] as well, which ends where [`recv`](Self::recv) would give an error. A `next` that is
/// dropped keeps its place in line until the end is dropped or receives in another way, which then goes on
/// in that place.
pub struct ReceiveStream<T> {
    shared: Shared<T>,
    end: End,
    /// A clone begins without.
    standing: Standing,
}

impl<T> ReceiveStream<T> {
    pub(super) fn new(shared: Shared<T>, end: End) -> Self {
        Self { shared, end, standing: Standing::default() }
    }

    pub(super) const fn parts(&self) -> (&Shared<T>, &End) {
        (&self.shared, &self.end)
    }

    pub(super) const fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Receives the next item, waiting until there is one.
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
    pub fn recv(&self) -> Recv<'_, T> {
        Recv { stream: self, turn: Turn::New }
    }

    /// Receives an item that is there, straight from a waiting sender if the stream is a rendezvous.
    /// Items that others were woken for are theirs.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] when there is no item now, else as for [`recv`](Self::recv).
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.standing.forsake(&self.shared);
        let mut wakes = Wakes::default();
        let received = self.shared.lock().try_recv(&self.end, &mut wakes);
        wakes.wake();
        received
    }

    /// The next item, if [`recv`](Self::recv) would give one at once; it is charged for as that would be. For loops that
    /// await only where they have to.
    #[doc(hidden)]
    #[inline]
    pub fn recv_at_once(&self) -> Option<T> {
        if Gate::admits() { self.shared.recv_at_once(&self.end) } else { None }
    }

    /// Closes the stream for all senders, as [`SendStream::close`](super::SendStream::close) does.
    ///
    /// Senders that wait get their items back. Receivers take what is queued and then find the end.
    pub fn close(&self) {
        let mut wakes = Wakes::default();
        self.shared.lock().close(&mut wakes);
        wakes.wake();
    }

    /// Takes items again after [`close`](Self::close): for a queue whose reader went and came back,
    /// like the mailbox of an actor that was stopped and is started again. Who was refused meanwhile
    /// stays refused.
    pub fn reopen(&self) {
        self.shared.lock().reopen();
    }

    /// Closes this end alone, as dropping it would; other clones go on.
    ///
    /// What waits through a reference to this end gets [`RecvError::Closed`]; a receive that was woken
    /// for an item still gets it. It takes time in proportion to the number of receivers that wait. A
    /// clone of a closed end is closed.
    pub fn close_end(&self) {
        let mut wakes = Wakes::default();
        let shed = self.shared.lock().close_receive_end(&self.end, &mut wakes);
        wakes.wake();
        drop(shed);
    }

    /// What the stream tells about itself; the same from either end.
    pub fn statistics(&self) -> Statistics {
        self.shared.statistics()
    }

    /// How many items are queued: sent, and not taken yet.
    pub fn len(&self) -> usize {
        self.shared.len()
    }

    /// Whether no item is queued.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many items the stream holds.
    pub fn capacity(&self) -> Capacity {
        self.shared.capacity()
    }

    /// Whether both ends receive from the same stream.
    pub fn same_stream(&self, other: &Self) -> bool {
        self.shared.is_same(&other.shared)
    }
}

impl<T> Clone for ReceiveStream<T> {
    fn clone(&self) -> Self {
        let end = self.shared.lock().clone_receive_end(&self.end);
        Self::new(self.shared.clone(), end)
    }
}

impl<T> Drop for ReceiveStream<T> {
    fn drop(&mut self) {
        self.standing.forsake(&self.shared);
        let mut wakes = Wakes::default();
        let shed = self.shared.lock().drop_receive_end(&self.end, &mut wakes);
        wakes.wake();
        drop(shed);
    }
}

impl<T> fmt::Debug for ReceiveStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.describe("ReceiveStream", f)
    }
}

impl<T> Stream for ReceiveStream<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let Self { shared, end, standing } = self.get_mut();
        standing.poll(shared, end, cx).map(Result::ok)
    }
}

/// The future of [`ReceiveStream::recv`].
#[must_use = "futures do nothing unless polled"]
pub struct Recv<'a, T> {
    stream: &'a ReceiveStream<T>,
    turn: Turn,
}

impl<T> Future for Recv<'_, T> {
    type Output = Result<T, RecvError>;

    /// # Panics
    ///
    /// When it is polled again after it was ready.
    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let begun = this.turn.begins();
        if begun && let Some(item) = this.stream.shared.recv_at_once(&this.stream.end) {
            this.turn = Turn::Over;
            return Poll::Ready(Ok(item));
        }
        this.poll_slowly(begun, cx)
    }
}

impl<T> Recv<'_, T> {
    #[inline(never)]
    fn poll_slowly(&mut self, begun: bool, cx: &mut Context<'_>) -> Poll<Result<T, RecvError>> {
        assert!(!self.turn.is_over(), "`Recv` was polled after it was ready");
        let ReceiveStream { shared, end, standing } = self.stream;
        standing.hand_over(shared, &mut self.turn, begun);
        let received = ready!(poll_slowly(shared, end, &mut self.turn, begun, cx));
        self.turn = Turn::Over;
        Poll::Ready(received)
    }
}

impl<T> Drop for Recv<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.turn.leave(|key| self.stream.shared.forsake_receiver(key));
    }
}

impl<T> fmt::Debug for Recv<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recv").field("turn", &self.turn).finish_non_exhaustive()
    }
}
