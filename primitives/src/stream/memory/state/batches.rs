//! Many items with one look at the state: what senders and receivers of batches do to it.

use super::super::error::{RecvError, SendError, TryRecvError, TrySendError};
use super::{CALLED, Claim, End, State, WAITING};
use crate::waiting::{Key, Step, Visit, Wakes};
use std::collections::VecDeque;

/// Where a receiver of many puts its items.
pub(in super::super) trait Basket<T>: Extend<T> {
    fn len(&self) -> usize;

    /// Takes so many items from the front of `queue`.
    fn take_from(&mut self, queue: &mut VecDeque<T>, count: usize) {
        self.extend(queue.drain(..count));
    }
}

impl<T> Basket<T> for Vec<T> {
    fn len(&self) -> usize {
        self.len()
    }
}

impl<T> Basket<T> for VecDeque<T> {
    fn len(&self) -> usize {
        self.len()
    }

    /// The whole queue changes hands without a look at its items, and the empty basket takes its place.
    fn take_from(&mut self, queue: &mut Self, count: usize) {
        if self.is_empty() && count == queue.len() {
            core::mem::swap(self, queue);
        } else {
            self.extend(queue.drain(..count));
        }
    }
}

impl<T> State<T> {
    /// Takes as many items from the front as there is room for; errs if there is room for none.
    pub(in super::super) fn try_send_many(
        &mut self,
        end: &End,
        items: &mut VecDeque<T>,
        wakes: &mut Wakes,
    ) -> Result<usize, TrySendError<()>> {
        self.admission(end, ())?;
        let count = self.room().min(items.len());
        if count == 0 && !items.is_empty() {
            return Err(TrySendError::Full(()));
        }
        self.put_many(items, count, wakes);
        Ok(count)
    }

    /// Adds items that there is room for, and that nobody waits with.
    fn put_many(&mut self, items: &mut VecDeque<T>, count: usize, wakes: &mut Wakes) {
        if self.is_rendezvous() {
            items.drain(..count).for_each(|item| self.put(item, wakes));
        } else {
            self.queue.extend(items.drain(..count));
            self.settle(wakes);
        }
    }

    /// One poll of a send of many. What waits is only its place: the items stay with their owner until
    /// there is room.
    pub(in super::super) fn poll_send_many(
        &mut self,
        end: &End,
        items: &mut VecDeque<T>,
        seat: &mut Option<Key>,
        visit: &mut Visit<'_>,
    ) -> Step<Result<(), SendError<()>>> {
        if let Some(key) = *seat {
            match self.poll_seated(key, seat, visit) {
                Step::Done(Ok(())) => {}
                other => return other.map(|outcome| outcome.map_err(|why| why.map(drop))),
            }
            if let Err(broken) = self.redeem_first(items, &mut visit.wakes) {
                return Step::Done(Err(broken));
            }
        }
        while !items.is_empty() {
            match self.try_send_many(end, items, &mut visit.wakes) {
                Ok(_some) => {}
                Err(TrySendError::Full(())) => return self.seat(end, seat, visit, || Claim::Place),
                Err(TrySendError::Broken(())) => return Step::Done(Err(SendError::Broken(()))),
                Err(TrySendError::Closed(())) => return Step::Done(Err(SendError::Closed(()))),
            }
        }
        Step::Done(Ok(()))
    }

    /// Sends the first item to the place that was granted for it, also after the stream was closed.
    fn redeem_first(&mut self, items: &mut VecDeque<T>, wakes: &mut Wakes) -> Result<(), SendError<()>> {
        let Some(first) = items.pop_front() else {
            self.release(wakes);
            return Ok(());
        };
        self.redeem(first, wakes).map_err(|refused| {
            refused.map(|first| {
                items.push_front(first);
            })
        })
    }

    /// Takes items that belong to nobody who waits; errs if there is none.
    pub(in super::super) fn try_recv_many(
        &mut self,
        end: &End,
        into: &mut impl Basket<T>,
        limit: usize,
        wakes: &mut Wakes,
    ) -> Result<usize, TryRecvError> {
        if !end.is_open() {
            return Err(TryRecvError::Closed);
        }
        match self.take_many(into, limit, wakes) {
            0 if self.has_ended() => Err(TryRecvError::EndOfStream),
            0 if limit > 0 => Err(TryRecvError::Empty),
            count => Ok(count),
        }
    }

    fn take_many(&mut self, into: &mut impl Basket<T>, limit: usize, wakes: &mut Wakes) -> usize {
        let before = into.len();
        if self.is_rendezvous() {
            let items = core::iter::from_fn(|| if self.has_unclaimed() { self.take(wakes) } else { None });
            into.extend(items.take(limit));
        } else {
            let called = if crate::loom::fault("stream_takes_all") { 0 } else { self.receivers.len(CALLED) };
            let unclaimed = self.queue.len() - called;
            into.take_from(&mut self.queue, unclaimed.min(limit));
            self.settle(wakes);
        }
        into.len() - before
    }

    /// One poll of a receive of many.
    pub(in super::super) fn poll_recv_many(
        &mut self,
        end: &End,
        (into, limit): (&mut impl Basket<T>, usize),
        seat: &mut Option<Key>,
        visit: &mut Visit<'_>,
    ) -> Step<Result<usize, RecvError>> {
        if let Some(key) = *seat {
            if self.receivers.lane(key) == Some(WAITING) {
                return visit.refresh(&mut self.receivers[key].waker);
            }
            *seat = None;
            return Step::Done(match self.receivers.leave(key).refused {
                Some(why) => Err(why),
                // What it was called for is its own, even if its end was closed meanwhile.
                None => Ok(self.take_many(into, if end.is_open() { limit } else { 1 }, &mut visit.wakes)),
            });
        }
        match self.try_recv_many(end, into, limit, &mut visit.wakes) {
            Ok(count) => Step::Done(Ok(count)),
            Err(TryRecvError::EndOfStream) => Step::Done(Err(RecvError::EndOfStream)),
            Err(TryRecvError::Closed) => Step::Done(Err(RecvError::Closed)),
            Err(TryRecvError::Empty) => self.wait_for_call(end, seat, visit),
        }
    }
}
