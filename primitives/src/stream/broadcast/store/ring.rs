//! The ring: each item once, with the number of receivers that have still to take it.
//!
//! Positions count items from the first one that was ever sent; a receiver's cursor is the position of the
//! item that it takes next.
//!
//! # Invariants
//!
//! 1. The slots hold the positions from `start` to `tail`, oldest first, at most `capacity` of them.
//! 2. `left` of a slot is the number of receivers that are not cut off and whose cursor is not beyond it;
//!    it is never 0. A receiver that needs an item needs all later ones too, so `left` never falls towards
//!    the back, and only the oldest slot can become spent.
//! 3. A cursor before `start` belongs to a receiver that was too slow: one that was cut off and counts no
//!    more, or one that has still to learn what it missed. With `Wait` there is none.

use super::super::SlowReceiver;
use super::{Cursor, Next, Shed};
use crate::loom::Arc;
use std::collections::VecDeque;

pub(in super::super) struct Ring<T> {
    slots: VecDeque<Slot<T>>,
    capacity: usize,
    slow: SlowReceiver,
    receivers: usize,
    /// The position of the item that is sent next.
    tail: u64,
}

struct Slot<T> {
    item: Arc<T>,
    left: usize,
}

impl<T> Ring<T> {
    pub(super) const fn new(capacity: usize, slow: SlowReceiver) -> Self {
        Self { slots: VecDeque::new(), capacity, slow, receivers: 0, tail: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) const fn receivers(&self) -> usize {
        self.receivers
    }

    pub(super) fn subscribe(&mut self) -> Cursor {
        self.receivers += 1;
        if crate::loom::fault("broadcast_shows_newcomers_the_past") { self.start() } else { self.tail }
    }

    pub(super) fn join(&mut self, cursor: Cursor) -> Cursor {
        if !self.is_cut(cursor) {
            self.receivers += 1;
            self.needed_from(cursor).for_each(|slot| slot.left += 1);
        }
        cursor
    }

    pub(super) fn leave(&mut self, cursor: Cursor, shed: &mut Shed<T>) {
        if !self.is_cut(cursor) {
            self.receivers -= 1;
            self.needed_from(cursor).for_each(|slot| slot.left -= 1);
            self.shed_spent(shed);
        }
    }

    pub(super) fn make_room(&mut self, shed: &mut Shed<T>) -> bool {
        if self.slots.len() < self.capacity {
            return true;
        }
        match self.slow {
            SlowReceiver::Lag => self.shed_oldest(shed),
            SlowReceiver::Disconnect => self.cut_slowest(shed),
            SlowReceiver::Wait | SlowReceiver::Drop => return false,
        }
        true
    }

    pub(super) fn push(&mut self, item: T) {
        self.slots.push_back(Slot { item: Arc::new(item), left: self.receivers });
        self.tail += 1;
    }

    /// The last one to take an item gets the ring's own reference.
    pub(super) fn take(&mut self, cursor: &mut Cursor) -> Next<T> {
        let missed = self.start().saturating_sub(*cursor);
        if missed > 0 {
            return self.miss(cursor, missed);
        }
        let index = self.index(*cursor);
        let Some(slot) = self.slots.get_mut(index) else { return Next::Nothing };
        *cursor += 1;
        slot.left -= 1;
        if slot.left > 0 {
            return Next::Item(Arc::clone(&slot.item));
        }
        self.slots.pop_front().map_or(Next::Nothing, |slot| Next::Item(slot.item))
    }

    fn miss(&self, cursor: &mut Cursor, missed: u64) -> Next<T> {
        if self.is_cut(*cursor) {
            return Next::Cut;
        }
        *cursor += missed;
        Next::Missed(missed)
    }

    /// The position of the oldest item that is left.
    fn start(&self) -> u64 {
        self.tail - self.slots.len() as u64
    }

    fn is_cut(&self, cursor: Cursor) -> bool {
        self.slow == SlowReceiver::Disconnect && cursor < self.start()
    }

    fn shed_oldest(&mut self, shed: &mut Shed<T>) {
        if let Some(slot) = self.slots.pop_front() {
            shed.add(slot.item);
        }
    }

    /// Counts out those who have not taken the oldest item. They learn it by their cursors.
    fn cut_slowest(&mut self, shed: &mut Shed<T>) {
        let slowest = self.slots.front().map_or(0, |slot| slot.left);
        self.receivers -= slowest;
        self.slots.iter_mut().for_each(|slot| slot.left -= slowest);
        self.shed_spent(shed);
    }

    fn shed_spent(&mut self, shed: &mut Shed<T>) {
        while self.slots.front().is_some_and(|slot| slot.left == 0) {
            self.shed_oldest(shed);
        }
    }

    fn needed_from(&mut self, cursor: Cursor) -> impl Iterator<Item = &mut Slot<T>> {
        let index = self.index(cursor);
        self.slots.range_mut(index..)
    }

    /// Where this position stands, or would stand; what was overwritten counts as the oldest.
    fn index(&self, position: u64) -> usize {
        let index = position.saturating_sub(self.start());
        usize::try_from(index).map_or(self.slots.len(), |index| index.min(self.slots.len()))
    }

    #[cfg(test)]
    pub(super) fn assert_invariants(&self, cursors: &[Cursor]) {
        assert!(self.slots.len() <= self.capacity, "1: more than the capacity");
        let counted: Vec<_> = cursors.iter().filter(|cursor| !self.is_cut(**cursor)).collect();
        assert_eq!(counted.len(), self.receivers, "2: receivers");
        assert!(self.slots.iter().is_sorted_by_key(|slot| slot.left), "2: `left` falls towards the back");
        for (position, slot) in (self.start()..self.tail).zip(&self.slots) {
            let needed = counted.iter().filter(|cursor| ***cursor <= position).count();
            assert!(slot.left > 0 && slot.left == needed, "2: position {position}, {} left", slot.left);
        }
        let behind = cursors.iter().any(|cursor| *cursor < self.start());
        assert!(!behind || self.slow != SlowReceiver::Wait, "3");
    }
}
