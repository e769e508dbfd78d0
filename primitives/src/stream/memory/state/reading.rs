//! What the reader of a stream for one does to the state.

use super::super::error::{RecvError, TryRecvError};
use super::{End, State, WAITING};
use crate::waiting::{Step, Visit, Wakes};
use core::task::Waker;
use std::collections::VecDeque;

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

    /// One poll of the reader.
    pub(in super::super) fn poll_read(
        &mut self,
        end: &End,
        ahead: Option<&mut VecDeque<T>>,
        visit: &mut Visit<'_>,
    ) -> Step<Result<T, RecvError>> {
        match self.try_read(end, ahead, &mut visit.wakes) {
            Ok(item) => Step::Done(Ok(item)),
            Err(TryRecvError::EndOfStream) => Step::Done(Err(RecvError::EndOfStream)),
            Err(TryRecvError::Closed) => Step::Done(Err(RecvError::Closed)),
            Err(TryRecvError::Empty) => self.park(visit),
        }
    }

    /// The oldest item. The reader, which has used up what it had in its hands, takes all others into them; they take up
    /// room as before.
    pub(in super::super) fn try_read(
        &mut self,
        end: &End,
        ahead: Option<&mut VecDeque<T>>,
        wakes: &mut Wakes,
    ) -> Result<T, TryRecvError> {
        self.give_back(0, wakes);
        let item = self.try_recv(end, wakes)?;
        if let Some(ahead) = ahead {
            core::mem::swap(&mut self.queue, ahead);
            self.held = ahead.len();
        }
        Ok(item)
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
