//! A queue for each receiver, of references to the items that it has still to take.
//!
//! # Invariants
//!
//! 1. No queue is longer than `capacity`.
//! 2. What a receiver missed is counted where it would have stood: before the next item that it was given,
//!    or, while there is none, in `missed`.

use super::{Cursor, Next, Shed};
use crate::loom::Arc;
use std::collections::{BTreeMap, VecDeque};

pub(in super::super) struct Queues<T> {
    capacity: usize,
    readers: BTreeMap<Cursor, Reader<T>>,
    next_reader: Cursor,
}

struct Reader<T> {
    queue: VecDeque<Entry<T>>,
    /// What it missed since the last item in its queue.
    missed: u64,
}

struct Entry<T> {
    missed_before: u64,
    item: Arc<T>,
}

impl<T> Queues<T> {
    pub(super) const fn new(capacity: usize) -> Self {
        Self { capacity, readers: BTreeMap::new(), next_reader: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.readers.values().map(|reader| reader.queue.len()).max().unwrap_or(0)
    }

    pub(super) fn receivers(&self) -> usize {
        self.readers.len()
    }

    pub(super) fn subscribe(&mut self) -> Cursor {
        self.add(Reader { queue: VecDeque::new(), missed: 0 })
    }

    pub(super) fn join(&mut self, cursor: Cursor) -> Cursor {
        match self.readers.get(&cursor).map(Reader::copy) {
            Some(copy) => self.add(copy),
            None => self.subscribe(),
        }
    }

    fn add(&mut self, reader: Reader<T>) -> Cursor {
        let cursor = self.next_reader;
        self.next_reader += 1;
        self.readers.insert(cursor, reader);
        cursor
    }

    pub(super) fn leave(&mut self, cursor: Cursor, shed: &mut Shed<T>) {
        let left = self.readers.remove(&cursor).into_iter();
        left.flat_map(|reader| reader.queue).for_each(|entry| shed.add(entry.item));
    }

    pub(super) fn push(&mut self, item: T, shed: &mut Shed<T>) {
        let item = Arc::new(item);
        let mut is_kept = false;
        for reader in self.readers.values_mut() {
            is_kept |= reader.offer(&item, self.capacity);
        }
        if !is_kept {
            shed.add(item);
        }
    }

    pub(super) fn take(&mut self, cursor: Cursor) -> Next<T> {
        self.readers.get_mut(&cursor).map_or(Next::Nothing, Reader::take)
    }

    #[cfg(test)]
    pub(super) fn assert_invariants(&self, cursors: &[Cursor]) {
        assert!(cursors.iter().all(|cursor| self.readers.contains_key(cursor)), "a receiver has no queue");
        assert_eq!(cursors.len(), self.readers.len(), "a queue has no receiver");
        assert!(self.len() <= self.capacity, "1");
    }
}

impl<T> Reader<T> {
    /// Whether it has room for the item, which it then keeps.
    fn offer(&mut self, item: &Arc<T>, capacity: usize) -> bool {
        let has_room = self.queue.len() < capacity;
        if has_room {
            let missed_before = core::mem::take(&mut self.missed);
            self.queue.push_back(Entry { missed_before, item: Arc::clone(item) });
        } else {
            self.missed += 1;
        }
        has_room
    }

    /// Misses come first, in their place; they are told once.
    fn take(&mut self) -> Next<T> {
        let missed = self.queue.front_mut().map_or(&mut self.missed, |entry| &mut entry.missed_before);
        match (core::mem::take(missed), self.queue.is_empty()) {
            (0, true) => Next::Nothing,
            (0, false) => self.queue.pop_front().map_or(Next::Nothing, |entry| Next::Item(entry.item)),
            (missed, _) => Next::Missed(missed),
        }
    }

    fn copy(&self) -> Self {
        let entries = self.queue.iter();
        let copies = entries.map(|Entry { missed_before, item }| Entry {
            missed_before: *missed_before,
            item: Arc::clone(item),
        });
        Self { queue: copies.collect(), missed: self.missed }
    }
}
