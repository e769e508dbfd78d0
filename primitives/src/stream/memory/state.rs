//! The state that all ends of one memory stream share: who waits, what is queued, who goes next.
//!
//! # States
//!
//! *A sender's place* (a [`Claim`], in a lane of `senders`):
//!
//! | lane | claim | meaning |
//! |---|---|---|
//! | `WAITING` | `Item`, `Place` | no room yet |
//! | `LINE` | `Item` | only on a rendezvous: the item stands before the receivers |
//! | none | `Sent`, `Granted`, `Refused` | decided; the future learns it at its next poll |
//!
//! *A receiver's place* (in a lane of `receivers`): `WAITING` (no item for it), `CALLED` (there is one
//! item for it, wherever in the stream), none (refused: `end` says why).
//!
//! An item is never put into the hands of a receiver that does not run: it stays where it is until a
//! receiver polls it out. What moves is the call, and a called receiver that leaves hands it on.
//!
//! # Invariants
//!
//! They hold whenever the lock is free.
//!
//! 1. Items that can be received stand in `queue` or, on a rendezvous, in the lane `LINE`; the other
//!    one is empty. They leave from its front.
//! 2. A sender is in `WAITING` only while there is no room, the stream is open and somebody receives.
//!    Room is what `capacity`, on a rendezvous the number of waiting receivers, leaves beside what is
//!    available and reserved. So a newcomer that finds room overtakes nobody.
//! 3. `CALLED` counts the lesser of the receivers that wait and the items that are available: each of
//!    those items belongs to one of them, and a newcomer may take one only if there are more.
//! 4. `reserved` counts the permits that exist and the places with `Granted`.
//! 5. A receiver is in `WAITING` only while an item can still come its way: the end is told to all of
//!    them when nothing is available, nothing is reserved or lent, and nobody can send.
//! 6. Without open receivers no sender waits, and nothing is left but what is owed to the called.
//! 7. A place that waits without a waker was woken since its last poll, and will be polled again.
//! 8. `handed` counts the places in `LINE` that have no future: what was sent without waiting.
//! 9. `borrowers` counts the ends that hold items ahead of their use, and may put them back.
//! 10. A side without open ends never has one again: a clone of a closed end is closed, and a weak end
//!     becomes a real one only beside another.
//!
//! 11. `entry` is what `capacity` leaves beside what is reserved, and 0 where the stream is closed or nobody
//!     receives: one look says whether an item may enter.
//! 12. Where there is a [`Reader`](super::Reader), nobody else receives. It waits, with a waker in `reader`, only
//!     while nothing is available and it has not been told the end.
//! 13. What the reader has in its hands takes up room, by the count of the last look at which no sender waited, or at
//!     which the reader gave its room back: it does so before it waits for anything.
//!
//! # Lock
//!
//! One mutex, no other is taken under it. No foreign code runs under it: wakers are cloned before, woken
//! and dropped after; items are only moved, and those to be dropped are carried out. The design
//! follows Trio's memory channel for its promises and tokio's semaphore for calling instead of handing.

mod ahead;
mod batches;
mod flowing;
#[cfg(test)]
mod invariants;
mod reading;
mod receiving;
mod sending;

pub(super) use ahead::Ahead;
pub(super) use reading::Hands;

use super::error::RecvError;
use super::statistics::Statistics;
use super::{Capacity, SendError};
use crate::loom::atomic::{AtomicBool, Ordering};
use crate::waiting::{Key, WaitList, Wakes};
use core::task::Waker;
use std::collections::VecDeque;

/// The lane of those for whom there is nothing yet, on both sides.
const WAITING: usize = 0;
/// The senders' lane of items that stand before the receivers of a rendezvous.
const LINE: usize = 1;
/// The receivers' lane of those that own an available item.
const CALLED: usize = 1;

pub(super) struct State<T> {
    capacity: usize,
    queue: VecDeque<T>,
    reserved: usize,
    /// How many items may be queued when one more enters (invariant 11).
    entry: usize,
    handed: usize,
    borrowers: usize,
    senders: WaitList<Sender<T>, 2>,
    receivers: WaitList<Receiver, 2>,
    /// The waker of the reader that waits (invariant 12).
    reader: Option<Waker>,
    /// How many items the reader has, as far as they take up room (invariant 13).
    held: usize,
    /// Those who wait for nobody to be left who receives: rare, so that others do not pay for the list.
    watchers: Option<Box<WaitList<Watcher, 1>>>,
    open_senders: usize,
    open_receivers: usize,
    closed: bool,
    next_end: u64,
}

/// One sending or receiving end, as the state knows it.
pub(super) struct End {
    id: u64,
    /// Read and written under the lock only, which orders it.
    open: AtomicBool,
}

struct Sender<T> {
    /// The end that sends; `None` once there is no future that would wait for the outcome.
    end: Option<u64>,
    waker: Option<Waker>,
    claim: Claim<T>,
}

/// What a sender wants, or has got.
enum Claim<T> {
    Item(T),
    Place,
    Sent,
    Granted,
    Refused(SendError<Option<T>>),
}

struct Receiver {
    end: u64,
    waker: Option<Waker>,
    refused: Option<RecvError>,
}

struct Watcher {
    end: u64,
    waker: Option<Waker>,
}

/// The kind of a refusal.
type Why<T> = fn(Option<T>) -> SendError<Option<T>>;

/// What a place held when its future was dropped: foreign, so to be dropped outside the lock.
pub(super) type Remains<T> = (Option<T>, Option<Waker>);

impl<T> State<T> {
    /// A stream with one open end on each side.
    pub(super) fn new(capacity: Capacity) -> (Self, End, End) {
        let state = Self {
            capacity: capacity.limit(),
            queue: VecDeque::new(),
            reserved: 0,
            entry: capacity.limit(),
            handed: 0,
            borrowers: 0,
            senders: WaitList::new(),
            receivers: WaitList::new(),
            reader: None,
            held: 0,
            watchers: None,
            open_senders: 1,
            open_receivers: 1,
            closed: false,
            next_end: 2,
        };
        (state, End::new(0, true), End::new(1, true))
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len() + self.handed
    }

    pub(super) const fn held(&self) -> usize {
        self.held
    }

    /// `held` is how many items the reader has just now.
    pub(super) fn statistics(&self, capacity: Capacity, held: usize) -> Statistics {
        Statistics {
            queued: self.len() + held,
            capacity,
            open_senders: self.open_senders,
            open_receivers: self.open_receivers,
            waiting_senders: self.senders.len(WAITING) + self.senders.len(LINE) - self.handed,
            waiting_receivers: self.all_receivers(),
        }
    }

    /// Another end for the same side; the copy of a closed end is closed.
    pub(super) fn clone_end(&mut self, of: &End) -> End {
        self.new_end(of.is_open())
    }

    fn new_end(&mut self, open: bool) -> End {
        self.next_end += 1;
        End::new(self.next_end, open)
    }

    const fn is_rendezvous(&self) -> bool {
        self.capacity == 0
    }

    /// How many items a receiver could take.
    fn available(&self) -> usize {
        self.queue.len() + self.senders.len(LINE)
    }

    fn all_receivers(&self) -> usize {
        self.receivers.len(WAITING) + self.receivers.len(CALLED) + usize::from(self.reader.is_some())
    }

    fn has_room(&self) -> bool {
        self.room() > 0
    }

    /// How many more items may enter, if nobody waits with theirs.
    fn room(&self) -> usize {
        let limit = if self.is_rendezvous() { self.all_receivers() } else { self.capacity };
        limit.saturating_sub(self.available() + self.held + self.reserved)
    }

    /// Changes what `entry` (invariant 11) depends on.
    fn change_entry(&mut self, change: impl FnOnce(&mut Self)) {
        change(self);
        self.entry = self.entry_by_the_rule();
    }

    fn entry_by_the_rule(&self) -> usize {
        let accepts = !self.closed && self.open_receivers > 0;
        if accepts { self.capacity.saturating_sub(self.reserved) } else { 0 }
    }

    fn has_ended(&self) -> bool {
        let may_send = self.open_senders > 0 && !self.closed;
        let available = self.available() > 0 && !crate::loom::fault("stream_ends_early");
        let borrowed = self.borrowers > 0 && !crate::loom::fault("stream_ends_while_borrowed");
        !may_send && self.reserved == 0 && !borrowed && !available
    }

    /// Restores the invariants 2, 3 and 5 after any change; all but the closing calls change by one.
    #[inline]
    fn settle(&mut self, wakes: &mut Wakes) {
        if self.all_receivers() > 0 || !self.senders.is_empty(WAITING) {
            self.serve(wakes);
        }
    }

    fn serve(&mut self, wakes: &mut Wakes) {
        self.admit(wakes);
        self.call(wakes);
        self.end_receivers(wakes);
    }

    /// Gives room to those who have waited longest for it.
    fn admit(&mut self, wakes: &mut Wakes) {
        while let Some(key) = self.senders.first(WAITING)
            && self.has_room()
        {
            if self.is_rendezvous() && matches!(self.senders[key].claim, Claim::Item(_)) {
                self.senders.move_to_back(key, LINE);
            } else {
                wakes.add(self.admit_one(key));
            }
        }
    }

    /// Calls as many receivers as there are items, the first to come first; takes back calls whose item
    /// was withdrawn, the last first.
    fn call(&mut self, wakes: &mut Wakes) {
        while self.receivers.len(CALLED) < self.available()
            && let Some(key) = self.receivers.first(WAITING)
        {
            wakes.add(self.call_one(key));
        }
        if self.available() > 0 {
            wakes.add(self.reader.take());
        }
        while self.receivers.len(CALLED) > self.available()
            && let Some(key) = self.receivers.last(CALLED)
        {
            self.receivers.move_to_front(key, WAITING);
        }
    }

    fn end_receivers(&mut self, wakes: &mut Wakes) {
        if self.has_waiting_receiver() && self.has_ended() {
            self.refuse_receivers(|_| true, RecvError::EndOfStream, wakes);
            wakes.add(self.reader.take());
        }
    }

    fn has_waiting_receiver(&self) -> bool {
        !self.receivers.is_empty(WAITING) || self.reader.is_some()
    }

    fn refuse_receivers(&mut self, whom: impl Fn(&Receiver) -> bool, why: RecvError, wakes: &mut Wakes) {
        let mut cursor = self.receivers.first(WAITING);
        while let Some(key) = cursor {
            cursor = self.receivers.next(key);
            let receiver = &mut self.receivers[key];
            if whom(receiver) {
                receiver.refused = Some(why);
                wakes.add(receiver.waker.take());
                self.receivers.take_out(key);
            }
        }
    }

    /// Refuses senders that wait, with their items.
    fn refuse_senders(
        &mut self,
        lane: usize,
        whom: impl Fn(&Sender<T>) -> bool,
        why: Why<T>,
        wakes: &mut Wakes,
    ) {
        let mut cursor = self.senders.first(lane);
        while let Some(key) = cursor {
            cursor = self.senders.next(key);
            if whom(&self.senders[key]) {
                self.refuse_sender(key, why, wakes);
            }
        }
    }

    fn watchers(&mut self) -> &mut WaitList<Watcher, 1> {
        self.watchers.get_or_insert_with(|| Box::new(WaitList::new()))
    }

    fn refuse_sender(&mut self, key: Key, why: Why<T>, wakes: &mut Wakes) {
        let sender = &mut self.senders[key];
        let item = core::mem::replace(&mut sender.claim, Claim::Sent).into_item();
        sender.claim = Claim::Refused(why(item));
        wakes.add(sender.waker.take());
        self.senders.take_out(key);
    }

    fn wake_watchers(&mut self, whom: impl Fn(&Watcher) -> bool, wakes: &mut Wakes) {
        let Some(watchers) = &mut self.watchers else { return };
        let mut cursor = watchers.first(WAITING);
        while let Some(key) = cursor {
            cursor = watchers.next(key);
            let watcher = &mut watchers[key];
            if whom(watcher) {
                wakes.add(watcher.waker.take());
            }
        }
    }

    /// Refuses every sender, new and waiting; receivers go on to the end.
    pub(super) fn close(&mut self, wakes: &mut Wakes) {
        self.change_entry(|state| state.closed = true);
        self.refuse_senders(WAITING, |_| true, SendError::Closed, wakes);
        self.refuse_senders(LINE, |sender| sender.end.is_some(), SendError::Closed, wakes);
        self.settle(wakes);
        self.wake_watchers(|_| true, wakes);
    }

    /// Takes back a [`close`](Self::close). Nobody waits to send on a closed stream, so nobody is owed
    /// a wake-up.
    pub(super) fn reopen(&mut self) {
        self.change_entry(|state| state.closed = false);
    }

    /// Drops what nobody is left to take (invariant 6): all but what is owed to the called.
    fn shed(&mut self, wakes: &mut Wakes) -> VecDeque<T> {
        let owed = self.receivers.len(CALLED);
        let mut shed = match owed {
            0 => core::mem::take(&mut self.queue),
            owed => self.queue.split_off(owed.min(self.queue.len())),
        };
        while self.available() > owed
            && let Some(key) = self.senders.last(LINE)
        {
            match self.senders[key].end {
                Some(_) => self.refuse_sender(key, SendError::Broken, wakes),
                None => shed.extend(self.take_handed(key)),
            }
        }
        shed
    }

    /// Takes an item that was sent without waiting out of `LINE`.
    fn take_handed(&mut self, key: Key) -> Option<T> {
        self.handed -= 1;
        self.senders.leave(key).claim.into_item()
    }
}

impl<T> Claim<T> {
    fn into_item(self) -> Option<T> {
        match self {
            Self::Item(item) => Some(item),
            Self::Refused(refused) => refused.into_item(),
            Self::Place | Self::Sent | Self::Granted => None,
        }
    }
}

impl End {
    fn new(id: u64, open: bool) -> Self {
        Self { id, open: AtomicBool::new(open) }
    }

    /// ORDERING: the lock orders all accesses.
    #[inline]
    fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    /// Whether it was open until now. ORDERING: the lock orders all accesses.
    fn shut(&self) -> bool {
        self.open.swap(false, Ordering::Relaxed)
    }
}
