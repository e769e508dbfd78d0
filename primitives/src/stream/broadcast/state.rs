//! The state that all ends of one broadcast stream share: who waits, and what each receiver has to take.
//!
//! # States
//!
//! *A sender's place* is in the lane while its item waits for room; out of the lane it is decided: sent, or
//! refused with its item. *A receiver's place* is in the lane while there is nothing for it; out of the lane
//! it was woken, and looks again.
//!
//! # Invariants
//!
//! They hold whenever the lock is free.
//!
//! 1. The store holds what some receiver has still to take (see there), nothing else.
//! 2. A sender is in its lane only while there is no room, the stream is open and somebody receives. So a
//!    newcomer that finds room overtakes nobody.
//! 3. A receiver is in its lane only while it has taken everything and an item can still come. So each item
//!    that enters, and the end, wakes the whole lane.
//! 4. Without receivers nothing is stored and no sender waits.
//! 5. A place in the lane without a waker was woken since its last poll or has not been polled, and will be.
//!
//! # Lock
//!
//! One mutex, no other is taken under it. No foreign code runs under it: an item is moved in, and leaves as
//! a counted reference, from which the receiver clones outside; references that may be the last are carried
//! out; wakers are cloned before, woken and dropped after. The ring follows tokio's broadcast channel, the
//! lines of waiting senders our memory stream.

use super::error::{BroadcastRecvError, BroadcastTryRecvError};
use super::statistics::BroadcastStatistics;
use super::store::{Cursor, Next, Shed, Store};
use super::{SendError, SlowReceiver, TrySendError};
use crate::loom::Arc;
use crate::waiting::{Key, Step, Visit, WaitList, Wakes};
use core::task::Waker;

const WAITING: usize = 0;

pub(super) struct State<T> {
    store: Store<T>,
    senders: WaitList<Sender<T>, 1>,
    receivers: WaitList<Option<Waker>, 1>,
    open_senders: usize,
    is_closed: bool,
}

struct Sender<T> {
    waker: Option<Waker>,
    claim: Claim<T>,
}

enum Claim<T> {
    Item(T),
    Sent,
    Refused(SendError<T>),
}

/// What a place held when its send was dropped: foreign, so to be dropped outside the lock.
pub(super) type Remains<T> = (Option<Waker>, Option<T>);

/// What a call carries out of the lock.
pub(super) struct Luggage<T> {
    pub(super) wakes: Wakes,
    pub(super) shed: Shed<T>,
}

impl<T> Default for Luggage<T> {
    fn default() -> Self {
        Self { wakes: Wakes::default(), shed: Shed::default() }
    }
}

impl<T> State<T> {
    /// A stream with one sending end.
    pub(super) fn new(capacity: usize, slow: SlowReceiver) -> Self {
        Self {
            store: Store::new(capacity, slow),
            senders: WaitList::new(),
            receivers: WaitList::new(),
            open_senders: 1,
            is_closed: false,
        }
    }

    pub(super) fn statistics(&self, capacity: usize, slow_receiver: SlowReceiver) -> BroadcastStatistics {
        BroadcastStatistics {
            queued: self.store.len(),
            capacity,
            slow_receiver,
            open_senders: self.open_senders,
            open_receivers: self.store.receivers(),
            waiting_senders: self.senders.len(WAITING),
            waiting_receivers: self.receivers.len(WAITING),
            is_closed: self.is_closed,
        }
    }

    pub(super) const fn add_sender(&mut self) {
        self.open_senders += 1;
    }

    /// Counts a sending end out of which nothing waits.
    pub(super) fn remove_sender(&mut self, wakes: &mut Wakes) {
        self.open_senders -= 1;
        if self.has_ended() {
            self.wake_receivers(wakes);
        }
    }

    pub(super) fn subscribe(&mut self) -> Cursor {
        self.store.subscribe()
    }

    pub(super) fn join(&mut self, cursor: Cursor) -> Cursor {
        self.store.join(cursor)
    }

    /// Counts a receiver out. Who waited for it goes on; without receivers, senders get their items back.
    pub(super) fn leave(&mut self, cursor: Cursor, luggage: &mut Luggage<T>) {
        self.store.leave(cursor, &mut luggage.shed);
        if self.store.receivers() == 0 {
            self.refuse_senders(SendError::Broken, &mut luggage.wakes);
        } else if !crate::loom::fault("broadcast_keeps_the_room_of_who_left") {
            self.admit(luggage);
        }
    }

    /// Refuses every sender, new and waiting; receivers go on to the end.
    pub(super) fn close(&mut self, wakes: &mut Wakes) {
        self.is_closed = true;
        self.refuse_senders(SendError::Closed, wakes);
        if !crate::loom::fault("broadcast_closes_unheard") {
            self.wake_receivers(wakes);
        }
    }

    pub(super) fn try_send(&mut self, item: T, luggage: &mut Luggage<T>) -> Result<(), TrySendError<T>> {
        if self.is_closed {
            return Err(TrySendError::Closed(item));
        }
        let has_room = self.store.make_room(&mut luggage.shed);
        if self.store.receivers() == 0 {
            return Err(TrySendError::Broken(item));
        }
        if !has_room {
            return Err(TrySendError::Full(item));
        }
        self.put(item, luggage);
        Ok(())
    }

    /// One poll of a send.
    pub(super) fn poll_send(
        &mut self,
        item: &mut Option<T>,
        seat: &mut Option<Key>,
        visit: &mut Visit<'_>,
        luggage: &mut Luggage<T>,
    ) -> Step<Result<(), SendError<T>>> {
        if let Some(key) = *seat {
            return self.poll_seated(key, seat, visit);
        }
        let Some(new) = item.take() else { return Step::Done(Ok(())) };
        match self.try_send(new, luggage) {
            Ok(()) => Step::Done(Ok(())),
            Err(TrySendError::Broken(back)) => Step::Done(Err(SendError::Broken(back))),
            Err(TrySendError::Closed(back)) => Step::Done(Err(SendError::Closed(back))),
            Err(TrySendError::Full(back)) => {
                let waker = visit.take_waker();
                if waker.is_none() {
                    *item = Some(back);
                    return Step::NeedWaker;
                }
                *seat = Some(self.stand_in_line(back, waker));
                Step::Wait
            }
        }
    }

    fn poll_seated(
        &mut self,
        key: Key,
        seat: &mut Option<Key>,
        visit: &mut Visit<'_>,
    ) -> Step<Result<(), SendError<T>>> {
        if self.senders.lane(key) == Some(WAITING) {
            return visit.refresh(&mut self.senders[key].waker);
        }
        *seat = None;
        match self.senders.leave(key).claim {
            Claim::Refused(why) => Step::Done(Err(why)),
            Claim::Sent | Claim::Item(_) => Step::Done(Ok(())),
        }
    }

    /// Gives an item that there is no room for a place in the line.
    pub(super) fn stand_in_line(&mut self, item: T, waker: Option<Waker>) -> Key {
        self.senders.join(WAITING, Sender { waker, claim: Claim::Item(item) })
    }

    /// Gives up the place of a send that is dropped, and carries out what it held. Nobody waits for it: it
    /// had no room.
    pub(super) fn forsake_sender(&mut self, key: Key) -> Remains<T> {
        let Sender { waker, claim } = self.senders.leave(key);
        (waker, claim.into_item())
    }

    pub(super) fn try_recv(
        &mut self,
        cursor: &mut Cursor,
        luggage: &mut Luggage<T>,
    ) -> Result<Arc<T>, BroadcastTryRecvError> {
        match self.store.take(cursor) {
            Next::Item(item) => {
                if !crate::loom::fault("broadcast_keeps_the_room_of_what_was_taken") {
                    self.admit(luggage);
                }
                Ok(item)
            }
            Next::Missed(missed) => Err(BroadcastRecvError::Lagged { missed }.into()),
            Next::Cut => Err(BroadcastRecvError::Disconnected.into()),
            Next::Nothing if self.has_ended() => Err(BroadcastRecvError::EndOfStream.into()),
            Next::Nothing => Err(BroadcastTryRecvError::Empty),
        }
    }

    /// One poll of a receive.
    pub(super) fn poll_recv(
        &mut self,
        cursor: &mut Cursor,
        seat: &mut Option<Key>,
        visit: &mut Visit<'_>,
        luggage: &mut Luggage<T>,
    ) -> Step<Result<Arc<T>, BroadcastRecvError>> {
        if let Some(key) = *seat {
            if self.receivers.lane(key) == Some(WAITING) {
                return visit.refresh(&mut self.receivers[key]);
            }
            *seat = None;
            visit.carry_out(self.receivers.leave(key));
        }
        match self.try_recv(cursor, luggage) {
            Ok(item) => Step::Done(Ok(item)),
            Err(BroadcastTryRecvError::Refused(why)) => Step::Done(Err(why)),
            Err(BroadcastTryRecvError::Empty) => {
                let Some(waker) = visit.take_waker() else { return Step::NeedWaker };
                *seat = Some(self.receivers.join(WAITING, Some(waker)));
                Step::Wait
            }
        }
    }

    /// Gives up the place of a receive that is dropped. Its item, if there is one, stays.
    pub(super) fn forsake_receiver(&mut self, key: Key) -> Option<Waker> {
        self.receivers.leave(key)
    }

    fn has_ended(&self) -> bool {
        self.is_closed || self.open_senders == 0
    }

    /// Gives room to the items that have waited longest for it.
    fn admit(&mut self, luggage: &mut Luggage<T>) {
        while let Some(key) = self.senders.first(WAITING)
            && self.store.make_room(&mut luggage.shed)
        {
            let sender = &mut self.senders[key];
            let claim = core::mem::replace(&mut sender.claim, Claim::Sent);
            luggage.wakes.add(sender.waker.take());
            self.senders.take_out(key);
            if let Some(item) = claim.into_item() {
                self.put(item, luggage);
            }
        }
    }

    /// Adds an item that has room, and tells all who wait for one.
    fn put(&mut self, item: T, luggage: &mut Luggage<T>) {
        self.store.push(item, &mut luggage.shed);
        self.wake_receivers(&mut luggage.wakes);
    }

    fn wake_receivers(&mut self, wakes: &mut Wakes) {
        while let Some(key) = self.receivers.first(WAITING) {
            self.receivers.take_out(key);
            wakes.add(self.receivers[key].take());
            if crate::loom::fault("broadcast_wakes_one") {
                return;
            }
        }
    }

    fn refuse_senders(&mut self, why: fn(T) -> SendError<T>, wakes: &mut Wakes) {
        while let Some(key) = self.senders.first(WAITING) {
            let sender = &mut self.senders[key];
            let item = core::mem::replace(&mut sender.claim, Claim::Sent).into_item();
            sender.claim = item.map_or(Claim::Sent, |item| Claim::Refused(why(item)));
            wakes.add(sender.waker.take());
            self.senders.take_out(key);
        }
    }

    /// Asserts what can be seen from one state and the cursors of all receivers: all but 5.
    #[cfg(test)]
    pub(super) fn assert_invariants(&mut self, cursors: &[Cursor]) {
        self.store.assert_invariants(cursors);
        if !self.senders.is_empty(WAITING) {
            let has_room = self.store.make_room(&mut Shed::default());
            assert!(!has_room && !self.is_closed && self.store.receivers() > 0, "2");
        }
        assert!(self.receivers.is_empty(WAITING) || !self.has_ended(), "3");
        assert!(self.store.receivers() > 0 || self.store.len() == 0, "4");
    }
}

impl<T> Claim<T> {
    fn into_item(self) -> Option<T> {
        match self {
            Self::Item(item) => Some(item),
            Self::Refused(refused) => Some(refused.into_item()),
            Self::Sent => None,
        }
    }
}
