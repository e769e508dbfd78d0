//! What sending ends, permits and those who watch for the receivers' end do to the state.

use super::super::error::{SendError, TrySendError};
use super::{Claim, End, LINE, Remains, Sender, State, WAITING, Watcher};
use crate::waiting::{Key, Step, Visit, Wakes};
use core::task::Waker;

impl<T> State<T> {
    /// Another sending end, open if `of` is.
    pub(in super::super) fn clone_send_end(&mut self, of: &End) -> End {
        self.open_senders += usize::from(of.is_open());
        self.clone_end(of)
    }

    /// A sending end more, where there is one (invariant 10).
    pub(in super::super) fn upgrade_send_end(&mut self) -> Option<End> {
        if self.open_senders == 0 && !crate::loom::fault("stream_sends_after_the_end") {
            return None;
        }
        self.open_senders += 1;
        Some(self.new_end(true))
    }

    /// Counts an end out that is dropped: no future of it is left.
    pub(in super::super) fn drop_send_end(&mut self, end: &End, wakes: &mut Wakes) {
        if end.shut() {
            self.open_senders -= 1;
            self.settle(wakes);
        }
    }

    /// Closes one end while others may use it: what waits through it is refused.
    pub(in super::super) fn close_send_end(&mut self, end: &End, wakes: &mut Wakes) {
        for lane in [WAITING, LINE] {
            self.refuse_senders(lane, |sender| sender.end == Some(end.id), SendError::Closed, wakes);
        }
        self.drop_send_end(end, wakes);
        self.settle(wakes);
        self.wake_watchers(|watcher| watcher.end == end.id, wakes);
    }

    /// Whether nothing can be sent through this end ever again.
    pub(in super::super) fn refuses(&self, end: &End) -> bool {
        self.admission(end, ()).is_err()
    }

    /// The item, if it may be sent at all.
    pub(super) fn admission<I>(&self, end: &End, item: I) -> Result<I, SendError<I>> {
        if self.closed || !end.is_open() {
            Err(SendError::Closed(item))
        } else if self.open_receivers == 0 {
            Err(SendError::Broken(item))
        } else {
            Ok(item)
        }
    }

    pub(in super::super) fn try_send(
        &mut self,
        end: &End,
        item: T,
        wakes: &mut Wakes,
    ) -> Result<(), TrySendError<T>> {
        let item = self.admission(end, item)?;
        if !self.has_room() {
            return Err(TrySendError::Full(item));
        }
        self.put(item, wakes);
        Ok(())
    }

    /// Sends at any price; gives back what lost its place for it.
    pub(in super::super) fn force_send(
        &mut self,
        end: &End,
        item: T,
        wakes: &mut Wakes,
    ) -> Result<Option<T>, SendError<T>> {
        let item = self.admission(end, item)?;
        if self.has_room() {
            self.put(item, wakes);
            return Ok(None);
        }
        let Some(oldest) = self.queue.pop_front() else { return Ok(Some(item)) };
        self.queue.push_back(item);
        Ok(Some(oldest))
    }

    pub(in super::super) fn try_reserve(&mut self, end: &End) -> Result<(), TrySendError<()>> {
        self.admission(end, ())?;
        if !self.has_room() {
            return Err(TrySendError::Full(()));
        }
        self.change_entry(|state| state.reserved += 1);
        Ok(())
    }

    /// Sends what a permit has a place for.
    pub(in super::super) fn redeem(&mut self, item: T, wakes: &mut Wakes) -> Result<(), SendError<T>> {
        self.change_entry(|state| state.reserved -= 1);
        if self.open_receivers == 0 {
            self.settle(wakes);
            return Err(SendError::Broken(item));
        }
        self.put(item, wakes);
        Ok(())
    }

    /// Takes back the place of a permit that was not used.
    pub(in super::super) fn release(&mut self, wakes: &mut Wakes) {
        if !crate::loom::fault("stream_forgets_permit") {
            self.change_entry(|state| state.reserved -= 1);
        }
        self.settle(wakes);
    }

    /// Adds an item that there is room for and whose sender does not wait.
    pub(super) fn put(&mut self, item: T, wakes: &mut Wakes) {
        if self.is_rendezvous() {
            self.handed += 1;
            self.senders.join(LINE, Sender { end: None, waker: None, claim: Claim::Item(item) });
            self.settle(wakes);
        } else {
            wakes.add(self.flow_in(item));
        }
    }

    /// One poll of a send: `item` is there until the stream has it or the send is over.
    pub(in super::super) fn poll_send(
        &mut self,
        end: &End,
        item: &mut Option<T>,
        seat: &mut Option<Key>,
        visit: &mut Visit<'_>,
    ) -> Step<Result<(), SendError<T>>> {
        if let Some(key) = *seat {
            return self.poll_seated(key, seat, visit).map(|outcome| outcome.map_err(expect_item));
        }
        let waits = self.is_rendezvous() || !self.has_room();
        if let Err(refused) = self.admission(end, ()) {
            return Step::Done(Err(refused.map(|()| take_item(item))));
        }
        if !waits {
            self.put(take_item(item), &mut visit.wakes);
            return Step::Done(Ok(()));
        }
        self.seat(end, seat, visit, || Claim::Item(take_item(item)))
    }

    /// One poll of a reservation; a place that was granted is counted in `reserved`.
    pub(in super::super) fn poll_reserve(
        &mut self,
        end: &End,
        seat: &mut Option<Key>,
        visit: &mut Visit<'_>,
    ) -> Step<Result<(), SendError<()>>> {
        if let Some(key) = *seat {
            return self.poll_seated(key, seat, visit).map(|outcome| outcome.map_err(|why| why.map(drop)));
        }
        match self.try_reserve(end) {
            Ok(()) => Step::Done(Ok(())),
            Err(TrySendError::Full(())) => self.seat(end, seat, visit, || Claim::Place),
            Err(TrySendError::Broken(())) => Step::Done(Err(SendError::Broken(()))),
            Err(TrySendError::Closed(())) => Step::Done(Err(SendError::Closed(()))),
        }
    }

    /// Takes a place among those who wait.
    pub(super) fn seat<R>(
        &mut self,
        end: &End,
        seat: &mut Option<Key>,
        visit: &mut Visit<'_>,
        claim: impl FnOnce() -> Claim<T>,
    ) -> Step<R> {
        let Some(waker) = visit.take_waker() else { return Step::NeedWaker };
        let sender = Sender { end: Some(end.id), waker: Some(waker), claim: claim() };
        // Without room it waits for it, and nothing else changes. Only at a rendezvous there may be room.
        let faces_receiver = self.has_room();
        *seat = Some(self.senders.join(if faces_receiver { LINE } else { WAITING }, sender));
        if faces_receiver {
            visit.wakes.add(self.call_next());
        }
        Step::Wait
    }

    /// Looks after a place that was taken: its outcome, or the waker of this poll.
    pub(super) fn poll_seated(
        &mut self,
        key: Key,
        seat: &mut Option<Key>,
        visit: &mut Visit<'_>,
    ) -> Step<Result<(), SendError<Option<T>>>> {
        if self.senders.lane(key).is_some() {
            return visit.refresh(&mut self.senders[key].waker);
        }
        *seat = None;
        if matches!(self.senders[key].claim, Claim::Sent | Claim::Granted) {
            self.senders.vacate(key);
            return Step::Done(Ok(()));
        }
        Step::Done(match self.senders.leave(key).claim {
            Claim::Refused(why) => Err(why),
            _told_above => Ok(()),
        })
    }

    /// Gives up the place of a future that is dropped: what was not taken is withdrawn.
    pub(in super::super) fn forsake_sender(&mut self, key: Key, wakes: &mut Wakes) -> Remains<T> {
        let sender = self.senders.leave(key);
        if matches!(sender.claim, Claim::Granted) {
            self.release(wakes);
        } else {
            self.settle(wakes);
        }
        (sender.claim.into_item(), sender.waker)
    }

    /// One poll of a watch over the receivers' end.
    pub(in super::super) fn poll_watch(
        &mut self,
        end: &End,
        seat: &mut Option<Key>,
        visit: &mut Visit<'_>,
    ) -> Step<()> {
        if self.refuses(end) {
            if let Some(key) = seat.take() {
                visit.carry_out(self.watchers().leave(key).waker);
            }
            return Step::Done(());
        }
        if let Some(key) = *seat {
            return visit.refresh(&mut self.watchers()[key].waker);
        }
        let Some(waker) = visit.take_waker() else { return Step::NeedWaker };
        *seat = Some(self.watchers().join(WAITING, Watcher { end: end.id, waker: Some(waker) }));
        Step::Wait
    }

    pub(in super::super) fn forsake_watcher(&mut self, key: Key) -> Option<Waker> {
        self.watchers().leave(key).waker
    }
}

fn take_item<T>(item: &mut Option<T>) -> T {
    item.take().expect("a send that has no place in the stream still has its item")
}

fn expect_item<T>(refused: SendError<Option<T>>) -> SendError<T> {
    refused.map(|item| item.expect("a send is refused with the item it waited with"))
}
