//! What the reader of a stream for one does to the state.

use super::super::error::{RecvError, TryRecvError};
use super::{End, State, WAITING};
use crate::waiting::{Step, Visit, Wakes};
use core::task::Waker;
use std::collections::VecDeque;

/// Where the reader takes items, and how.
pub(in super::super) struct Hands<'a, T> {
    pub(in super::super) ahead: &'a mut VecDeque<T>,
    pub(in super::super) one_by_one: bool,
}

impl<T> State<T> {
    /// Takes note of how many items the reader has now. Where a sender waits, the room that the reader has made since
    /// is for that one, and the reader itself will give it back: a newcomer must not find it.
    #[inline]
    pub(in super::super) fn note_held(&mut self, held: usize) {
        if self.senders.is_empty(WAITING) || crate::loom::fault("stream_counts_out_of_turn") {
            self.held = held;
        }
    }

    /// The reader gives back the room of what it has used up: `held` is what it has left.
    pub(in super::super) fn give_back(&mut self, held: usize, wakes: &mut Wakes) {
        if self.held != held {
            self.held = held;
            self.admit(wakes);
        }
    }

    /// One poll of the reader, which has used up what it had in its hands.
    pub(in super::super) fn poll_fill(
        &mut self,
        end: &End,
        hands: Hands<'_, T>,
        visit: &mut Visit<'_>,
    ) -> Step<Result<(), RecvError>> {
        match self.try_fill(end, hands, &mut visit.wakes) {
            Ok(()) => Step::Done(Ok(())),
            Err(TryRecvError::EndOfStream) => Step::Done(Err(RecvError::EndOfStream)),
            Err(TryRecvError::Closed) => Step::Done(Err(RecvError::Closed)),
            Err(TryRecvError::Empty) => self.park(visit),
        }
    }

    /// What is queued goes into the reader's hands, where it takes up room as before: all but the first, which is
    /// given out at once. It is that one alone at a rendezvous, and `one_by_one`.
    pub(in super::super) fn try_fill(
        &mut self,
        end: &End,
        hands: Hands<'_, T>,
        wakes: &mut Wakes,
    ) -> Result<(), TryRecvError> {
        self.give_back(0, wakes);
        let Hands { ahead, one_by_one } = hands;
        if one_by_one || self.queue.is_empty() {
            ahead.push_back(self.try_recv(end, wakes)?);
        } else {
            core::mem::swap(&mut self.queue, ahead);
            self.held = ahead.len() - 1;
            wakes.add(self.let_next_in());
        }
        Ok(())
    }

    fn park<R>(&mut self, visit: &mut Visit<'_>) -> Step<R> {
        let parked = visit.refresh(&mut self.reader);
        // At a rendezvous a reader that waits is room for one sender.
        if !self.senders.is_empty(WAITING) {
            self.settle(&mut visit.wakes);
        }
        parked
    }

    /// The reader waits no more.
    pub(in super::super) fn unpark(&mut self) -> Option<Waker> {
        self.reader.take()
    }
}
