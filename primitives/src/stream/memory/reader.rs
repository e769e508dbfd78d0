//! The receiving end of a stream that has only one: it keeps its place, and takes what is there with one look.
//!
//! # Invariants
//!
//! 1. What is `ahead` came before everything in the stream, and still takes up room there: `held` of the stream says
//!    how much. It is raised and put right under the lock, and lowered by each item that is given out.
//! 2. While `owes`, room was made of which a sender that waits has not been told. The reader owes nothing when it waits,
//!    and whoever reads [pays](Reader::give_back) before it waits for something else.

use super::state::End;
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
    // What waits at a rendezvous is still its sender's.
    let takes_all = shared.0.stores();
    let reader =
        Reader { shared, end, ahead: VecDeque::new(), takes_all, owes: false, parked: false, idles: false };
    (sender, reader)
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
    takes_all: bool,
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
        self.takes_all = false;
        self
    }

    /// The next item that it has in its hands already; one that may be given out without more ado is paid for with a
    /// unit of the task, as an await would be.
    #[inline]
    pub fn next_at_hand(&mut self) -> Option<T> {
        if self.ahead.is_empty() || !Gate::admits() { None } else { self.next_ahead() }
    }

    #[inline]
    fn next_ahead(&mut self) -> Option<T> {
        let item = self.ahead.pop_front()?;
        // ORDERING: as for the look at it.
        self.shared.0.held.store(self.ahead.len(), Ordering::Relaxed);
        self.owes = true;
        Some(item)
    }

    /// The next item; an error when all were taken and nobody can send any more.
    pub fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, RecvError>> {
        if let Some(item) = self.next_ahead() {
            return Poll::Ready(Ok(item));
        }
        let will_wait = self.idles && !self.parked;
        let Self { shared, end, ahead, takes_all, .. } = self;
        let read = shared.visit(cx, will_wait, |state, visit| {
            let read = state.poll_read(end, takes_all.then_some(&mut *ahead), visit);
            shared.hold(ahead);
            read
        });
        if !self.parked {
            self.idles = read.is_pending();
        }
        (self.owes, self.parked) = (false, read.is_pending());
        standstill::tell(read, || self.shared.wanted("an item"))
    }

    /// The next item, if there is one.
    ///
    /// # Errors
    ///
    /// As for [`ReceiveStream::try_recv`](super::ReceiveStream::try_recv).
    pub fn try_read(&mut self) -> Result<T, TryRecvError> {
        if let Some(item) = self.next_ahead() {
            return Ok(item);
        }
        let mut wakes = Wakes::default();
        let mut state = self.shared.lock();
        let read = state.try_read(&self.end, self.takes_all.then_some(&mut self.ahead), &mut wakes);
        self.shared.hold(&self.ahead);
        drop(state);
        self.owes = false;
        wakes.wake();
        read
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
    fn hold(&self, ahead: &VecDeque<T>) {
        self.0.held.store(ahead.len(), Ordering::Relaxed);
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
