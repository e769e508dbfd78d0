//! The sending end, and what is awaited at it.

use super::permit::poll_reserve;
use super::state::End;
use super::turn::Turn;
use super::{Capacity, Permit, Reserve, SendError, Shared, Statistics, TrySendError};
use crate::scope::Gate;
use crate::standstill;
use crate::waiting::{Key, Wakes};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures::Sink;

/// The sending end of a memory stream; see [`memory_stream`](super::memory_stream).
///
/// Clones send into the same stream. When the last one is dropped, receivers take what is queued and
/// then find the end.
///
/// There are two ways to close: [`close`](Self::close) closes the *stream* for all senders,
/// [`close_end`](Self::close_end) only this *end*, as dropping it would, while others still refer to it.
///
/// It is a [`Sink`] as well: `poll_ready` holds a place until an item is put into it, `close` closes
/// this end.
pub struct SendStream<T> {
    shared: Shared<T>,
    end: End,
    /// What the sink waits for and holds; a clone begins without.
    turn: Turn,
    permit: Option<Permit<T>>,
}

impl<T> SendStream<T> {
    pub(super) fn new(shared: Shared<T>, end: End) -> Self {
        Self { shared, end, turn: Turn::New, permit: None }
    }

    pub(super) const fn parts(&self) -> (&Shared<T>, &End) {
        (&self.shared, &self.end)
    }

    /// Sends an item, waiting for room, or on a rendezvous until a receiver has taken it.
    ///
    /// # Cancel safety
    ///
    /// A send that is dropped before its item entered the stream (on a rendezvous: before it was taken)
    /// withdraws the item and drops it, and loses its place. To keep the item, [`reserve`](Self::reserve)
    /// first: dropping that loses only the place.
    ///
    /// # Errors
    ///
    /// The item comes back: [`SendError::Broken`] when no receiving end is left, [`SendError::Closed`]
    /// when the stream or this end was closed, before or while it waited.
    pub fn send(&self, item: T) -> Send<'_, T> {
        Send { stream: self, item: Some(item), turn: Turn::New }
    }

    /// Sends an item at once or not at all. On a rendezvous there is room while a receiver waits for whom
    /// there is no item yet; should it leave before it runs, the item waits for the next one.
    ///
    /// # Errors
    ///
    /// The item comes back: [`TrySendError::Full`] when there is no room, else as for
    /// [`send`](Self::send).
    pub fn try_send(&self, item: T) -> Result<(), TrySendError<T>> {
        let mut wakes = Wakes::default();
        let sent = self.shared.lock().try_send(&self.end, item, &mut wakes);
        wakes.wake();
        sent
    }

    /// Sends an item as [`send`](Self::send) would if that were ready at once, and takes no unit for it: for futures that
    /// send and do more. The item is taken where it was sent; says whether it was.
    #[doc(hidden)]
    #[inline]
    pub fn send_at_once(&self, item: &mut Option<T>) -> bool {
        self.shared.send_at_once(&self.end, item)
    }

    /// Sends an item at any price, and gives back what it displaced.
    ///
    /// Where there is room it displaces nothing. In a full stream it enters ahead of the senders that
    /// wait and displaces the oldest queued item. Where nothing is queued that could be displaced (all
    /// room is reserved by permits, or no receiver waits at a rendezvous) the item itself comes back as
    /// the displaced one.
    ///
    /// # Errors
    ///
    /// The item comes back as for [`send`](Self::send).
    ///
    /// # Examples
    ///
    /// ```
    /// # use arbour_primitives::stream::memory_stream;
    /// let (tx, rx) = memory_stream(2);
    /// assert_eq!(tx.force_send(1), Ok(None));
    /// assert_eq!(tx.force_send(2), Ok(None));
    /// assert_eq!(tx.force_send(3), Ok(Some(1)));
    /// assert_eq!(rx.try_recv(), Ok(2));
    /// ```
    pub fn force_send(&self, item: T) -> Result<Option<T>, SendError<T>> {
        let mut wakes = Wakes::default();
        let displaced = self.shared.lock().force_send(&self.end, item, &mut wakes);
        wakes.wake();
        displaced
    }

    /// Waits for room and holds it. On a rendezvous it waits for a receiver.
    ///
    /// # Cancel safety
    ///
    /// A reservation that is dropped gives the place to whoever waits longest, also if it had been
    /// granted.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    pub fn reserve(&self) -> Reserve<'_, T> {
        Reserve::new(self)
    }

    /// Holds room if there is some now.
    ///
    /// # Errors
    ///
    /// As for [`try_send`](Self::try_send).
    pub fn try_reserve(&self) -> Result<Permit<T>, TrySendError<()>> {
        self.shared.lock().try_reserve(&self.end)?;
        Ok(Permit::new(&self.shared))
    }

    /// Closes the stream for all senders.
    ///
    /// New sends are refused, and those that wait get their items back, as [`SendError::Closed`].
    /// Permits stay good. Receivers take what is queued and then find the end.
    pub fn close(&self) {
        let mut wakes = Wakes::default();
        self.shared.lock().close(&mut wakes);
        wakes.wake();
    }

    /// Closes this end alone, as dropping it would; other clones go on.
    ///
    /// What waits through a reference to this end gets [`SendError::Closed`]. It takes time in
    /// proportion to the number of senders that wait. A clone of a closed end is closed.
    pub fn close_end(&self) {
        let mut wakes = Wakes::default();
        self.shared.lock().close_send_end(&self.end, &mut wakes);
        wakes.wake();
    }

    /// Whether nothing can be sent here ever again: the stream or this end was closed, or no receiving
    /// end is left.
    pub fn is_closed(&self) -> bool {
        self.shared.lock().refuses(&self.end)
    }

    /// Waits until nothing can be sent here ever again: see [`is_closed`](Self::is_closed).
    ///
    /// # Cancel safety
    ///
    /// Dropping it has no effect.
    pub fn closed(&self) -> Closed<'_, T> {
        Closed { stream: self, gate: Gate::new(), seat: None }
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

    /// Whether both ends send into the same stream.
    pub fn same_stream(&self, other: &Self) -> bool {
        self.shared.is_same(&other.shared)
    }
}

impl<T> Clone for SendStream<T> {
    fn clone(&self) -> Self {
        let end = self.shared.lock().clone_send_end(&self.end);
        Self::new(self.shared.clone(), end)
    }
}

impl<T> Drop for SendStream<T> {
    fn drop(&mut self) {
        self.turn.leave(|key| self.shared.forsake_sender(key));
        let mut wakes = Wakes::default();
        self.shared.lock().drop_send_end(&self.end, &mut wakes);
        wakes.wake();
    }
}

impl<T> fmt::Debug for SendStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.describe("SendStream", f)
    }
}

/// An error has no item where none was involved: in `poll_ready`.
impl<T> Sink<T> for SendStream<T> {
    type Error = SendError<Option<T>>;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let this = self.get_mut();
        if this.permit.is_none() {
            let granted = ready!(poll_reserve(&this.shared, &this.end, &mut this.turn, cx));
            this.permit = Some(granted.map_err(|why| why.map(|()| None))?);
        }
        Poll::Ready(Ok(()))
    }

    /// # Panics
    ///
    /// When `poll_ready` did not say that there is room for this item, as sinks may.
    fn start_send(self: Pin<&mut Self>, item: T) -> Result<(), Self::Error> {
        let permit = self.get_mut().permit.take().expect("`start_send` comes after `poll_ready` was ready");
        permit.send(item).map_err(|refused| refused.map(Some))
    }

    /// Items are with the stream as soon as they were started.
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let this = self.get_mut();
        this.turn.leave(|key| this.shared.forsake_sender(key));
        drop(this.permit.take());
        this.close_end();
        Poll::Ready(Ok(()))
    }
}

/// The future of [`SendStream::send`].
#[must_use = "futures do nothing unless polled"]
pub struct Send<'a, T> {
    stream: &'a SendStream<T>,
    /// There until the stream has it or gave it back.
    item: Option<T>,
    turn: Turn,
}

/// The item is never pinned: it is moved into the stream.
impl<T> Unpin for Send<'_, T> {}

impl<T> Future for Send<'_, T> {
    type Output = Result<(), SendError<T>>;

    /// # Panics
    ///
    /// When it is polled again after it was ready.
    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let begun = this.turn.begins();
        if begun && this.stream.shared.send_at_once(&this.stream.end, &mut this.item) {
            this.turn = Turn::Over;
            return Poll::Ready(Ok(()));
        }
        this.poll_slowly(begun, cx)
    }
}

impl<T> Send<'_, T> {
    /// The first poll of one whose unit has been paid by a future around it.
    #[doc(hidden)]
    pub fn poll_paid(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        self.poll_slowly(true, cx)
    }

    #[inline(never)]
    fn poll_slowly(&mut self, begun: bool, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let Self { stream, item, turn } = self;
        assert!(!turn.is_over(), "`Send` was polled after it was ready");
        ready!(turn.poll_enter(begun, cx));
        let (shared, end) = stream.parts();
        let will_wait = turn.is_new();
        let sent = turn
            .ask(|seat| shared.visit(cx, will_wait, |state, visit| state.poll_send(end, item, seat, visit)));
        let sent = ready!(standstill::tell(sent, || shared.wanted("room")));
        self.turn = Turn::Over;
        Poll::Ready(sent)
    }
}

impl<T> Drop for Send<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.turn.leave(|key| self.stream.shared.forsake_sender(key));
    }
}

impl<T> fmt::Debug for Send<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Send").field("turn", &self.turn).finish_non_exhaustive()
    }
}

/// The future of [`SendStream::closed`].
#[must_use = "futures do nothing unless polled"]
pub struct Closed<'a, T> {
    stream: &'a SendStream<T>,
    gate: Gate,
    seat: Option<Key>,
}

impl<T> Future for Closed<'_, T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        ready!(this.gate.poll_enter(cx));
        let (shared, end) = this.stream.parts();
        let closed = shared.visit(cx, false, |state, visit| state.poll_watch(end, &mut this.seat, visit));
        standstill::tell(closed, || shared.wanted("the end"))
    }
}

impl<T> Drop for Closed<'_, T> {
    fn drop(&mut self) {
        let Some(key) = self.seat.take() else { return };
        let waker = self.stream.shared.lock().forsake_watcher(key);
        drop(waker);
    }
}

impl<T> fmt::Debug for Closed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closed").field("waits", &self.seat.is_some()).finish_non_exhaustive()
    }
}
