//! The receiving end of a stream that has only one: it keeps its place, and takes what is there with one look.
//!
//! # Invariants
//!
//! 1. What is `ahead` came before everything in the stream, and still takes up room there: `held` of the stream says
//!    how much. It is raised and put right under the lock, and lowered by each item that is given out.
//! 2. While `owes`, room was made of which a sender that waits has not been told. The reader owes nothing when it waits,
//!    and whoever reads [pays](Reader::give_back) before it waits for something else.

use super::state::{End, Hands};
use super::{Capacity, RecvError, SendStream, Shared, TryRecvError, open};
use crate::loom::atomic::Ordering;
use crate::scope::Gate;
use crate::standstill;
use crate::waiting::Wakes;
use core::fmt;
use core::task::{Context, Poll};
use std::collections::VecDeque;

/// Makes a memory stream that one reader alone receives from, like the mailbox of an actor.
///
/// Everything that [`memory_stream`](super::memory_stream) promises to senders holds.
#[doc(hidden)]
pub fn memory_stream_for_one<T>(capacity: impl Into<Capacity>) -> (SendStream<T>, Reader<T>) {
    let (sender, shared, end) = open(capacity.into());
    let (ahead, one_by_one) = (VecDeque::new(), false);
    (sender, Reader { shared, end, ahead, one_by_one, owes: false, parked: false, idles: false })
}

/// The one receiving end of a stream.
///
/// With one look at the stream it takes all that is queued into its hands and gives it out item by item. What it has
/// in its hands is queued for everybody else: it takes up room, and is counted. The room of an item that was given
/// out is there at once for whoever comes; who waits for room is let in when the reader comes back for more, or
/// [gives it back](Self::give_back).
///
/// It is no await of its own: whoever reads has passed the [`Gate`] of its own.
#[doc(hidden)]
pub struct Reader<T> {
    shared: Shared<T>,
    end: End,
    ahead: VecDeque<T>,
    one_by_one: bool,
    owes: bool,
    /// Whether its last poll was pending, and left a waker behind.
    parked: bool,
    /// Whether there was nothing when it last came for more: as a rule it is the same the next time.
    idles: bool,
}

impl<T> Reader<T> {
    /// Has it take item by item, so that [`force_send`](SendStream::force_send) finds the oldest.
    #[must_use]
    pub fn one_by_one(mut self) -> Self {
        self.one_by_one = true;
        self
    }

    /// The next item that it has in its hands already; one that may be given out without more ado is paid for with a
    /// unit of the task, as an await would be.
    #[inline]
    pub fn next_at_hand(&mut self) -> Option<T> {
        if self.ahead.is_empty() || !Gate::admits() {
            return None;
        }
        self.make_room();
        self.first()
    }

    /// Takes what is there into its hands and makes room for one: ready when the [first](Self::first) is to be given
    /// out, and that before anything else is asked of it. An error when all were taken and nobody can send any more.
    pub fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RecvError>> {
        if !self.ahead.is_empty() {
            self.make_room();
            return Poll::Ready(Ok(()));
        }
        let will_wait = self.idles && !self.parked;
        let Self { shared, end, ahead, one_by_one, .. } = self;
        let filled = shared.visit(cx, will_wait, |state, visit| {
            let filled = state.poll_fill(end, Hands { ahead, one_by_one: *one_by_one }, visit);
            shared.hold(state.held());
            filled
        });
        if !self.parked {
            self.idles = filled.is_pending();
        }
        (self.owes, self.parked) = (false, filled.is_pending());
        standstill::tell(filled, || self.shared.wanted("an item"))
    }

    /// The item for which it was [filled](Self::poll_fill).
    #[inline]
    pub fn first(&mut self) -> Option<T> {
        self.ahead.pop_front()
    }

    /// Puts something into its hands that was never in the stream, as the [first](Self::first) to be given out.
    pub fn put_first(&mut self, item: T) {
        self.ahead.push_front(item);
    }

    /// The next item, if there is one.
    ///
    /// # Errors
    ///
    /// As for [`ReceiveStream::try_recv`](super::ReceiveStream::try_recv).
    pub fn try_read(&mut self) -> Result<T, TryRecvError> {
        if self.ahead.is_empty() {
            self.try_fill()?;
        } else {
            self.make_room();
        }
        self.first().ok_or(TryRecvError::Empty)
    }

    fn try_fill(&mut self) -> Result<(), TryRecvError> {
        let mut wakes = Wakes::default();
        let mut state = self.shared.lock();
        let hands = Hands { ahead: &mut self.ahead, one_by_one: self.one_by_one };
        let filled = state.try_fill(&self.end, hands, &mut wakes);
        self.shared.hold(state.held());
        drop(state);
        self.owes = false;
        wakes.wake();
        filled
    }

    /// The first of those in its hands is about to be given out. ORDERING: as for the look at the count.
    #[inline]
    fn make_room(&mut self) {
        self.shared.0.held.store(self.ahead.len() - 1, Ordering::Relaxed);
        self.owes = true;
    }

    /// Lets those who wait for room have what was made since the last look at the stream.
    #[inline]
    pub fn give_back(&mut self) {
        if self.owes && !crate::loom::fault("stream_owes_room") {
            self.pay();
        }
    }

    #[inline(never)]
    fn pay(&mut self) {
        self.owes = false;
        let mut wakes = Wakes::default();
        self.shared.lock().give_back(self.ahead.len(), &mut wakes);
        wakes.wake();
    }

    /// Waits no more: what was polled last is not polled again.
    #[inline]
    pub fn leave(&mut self) {
        if self.parked {
            self.unpark();
        }
    }

    #[inline(never)]
    fn unpark(&mut self) {
        self.parked = false;
        let waker = self.shared.lock().unpark();
        drop(waker);
    }

    /// Closes the stream for all senders; see [`ReceiveStream::close`](super::ReceiveStream::close).
    pub fn close(&self) {
        let mut wakes = Wakes::default();
        self.shared.lock().close(&mut wakes);
        wakes.wake();
    }

    /// Takes items again after [`close`](Self::close).
    pub fn reopen(&self) {
        self.shared.lock().reopen();
    }

    /// How many items are queued, those in its hands included.
    pub fn len(&self) -> usize {
        self.shared.len()
    }

    /// Whether no item is queued.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T> Shared<T> {
    /// Says how many items the reader has in its hands, under the lock. ORDERING: the lock orders it for whoever looks.
    #[inline]
    fn hold(&self, held: usize) {
        self.0.held.store(held, Ordering::Relaxed);
    }
}

impl<T> Drop for Reader<T> {
    fn drop(&mut self) {
        let mut wakes = Wakes::default();
        let mut state = self.shared.lock();
        let remains = (state.unpark(), state.drop_receive_end(&self.end, &mut wakes));
        drop(state);
        wakes.wake();
        drop(remains);
    }
}

impl<T> fmt::Debug for Reader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.describe("Reader", f)
    }
}
