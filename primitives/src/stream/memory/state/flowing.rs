//! The way of an item that meets no obstacle: into the queue and out of it, with at most one waker to call.

use super::{CALLED, Claim, End, State, WAITING};
use crate::waiting::Key;
use core::task::Waker;

impl<T> State<T> {
    /// Whether an item of this end may enter the queue at once. Where there is room, no sender waits
    /// for it (invariant 2).
    #[inline]
    pub(in super::super) fn flows_in(&self, end: &End) -> bool {
        end.is_open() && self.queue.len() + self.held < self.entry
    }

    /// Puts an item into the queue, where there is room; one receiver more has an item then.
    #[inline]
    pub(in super::super) fn flow_in(&mut self, item: T) -> Option<Waker> {
        self.queue.push_back(item);
        self.call_next()
    }

    /// There is one item more: the receiver that has waited longest is called for it.
    #[inline]
    pub(super) fn call_next(&mut self) -> Option<Waker> {
        match self.receivers.first(WAITING) {
            Some(next) => self.call_one(next),
            None => self.reader.take(),
        }
    }

    /// Takes an item that belongs to nobody who waits; while there is one, no receiver waits without
    /// (invariant 3).
    #[inline]
    pub(in super::super) fn flow_out(&mut self, end: &End) -> Option<T> {
        if !end.is_open() || self.queue.len() <= self.receivers.len(CALLED) {
            return None;
        }
        self.queue.pop_front()
    }

    /// Gives the room that [`flow_out`](Self::flow_out) made to the sender that has waited longest.
    #[inline]
    pub(in super::super) fn let_next_in(&mut self) -> Option<Waker> {
        self.senders.first(WAITING).and_then(|next| self.admit_one(next))
    }

    /// There is an item for this receiver, wherever in the stream.
    pub(super) fn call_one(&mut self, key: Key) -> Option<Waker> {
        self.receivers.move_to_back(key, CALLED);
        self.receivers[key].waker.take()
    }

    /// There is room for this sender in the queue.
    pub(super) fn admit_one(&mut self, key: Key) -> Option<Waker> {
        let sender = &mut self.senders[key];
        let waker = sender.waker.take();
        match core::mem::replace(&mut sender.claim, Claim::Sent) {
            Claim::Item(item) => self.queue.push_back(item),
            _place => {
                sender.claim = Claim::Granted;
                self.change_entry(|state| state.reserved += 1);
            }
        }
        self.senders.take_out(key);
        waker
    }
}
