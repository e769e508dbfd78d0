//! All slots of a supervisor, in order of start, found by key, by name and by deadline.

use crate::machine::{
    slot::{ChildId, Incarnation, Slot, SlotKey, SlotState},
    spec::ChildSpec,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::{Bound, Index, IndexMut},
    time::Instant,
};

/// The slots, with two indices that never disagree with them.
///
/// 1. `by_id` holds each slot once, under its name.
/// 2. `deadlines` holds each slot whose state has a deadline once, under that deadline, and no other.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    by_key: BTreeMap<SlotKey, Slot>,
    by_id: HashMap<ChildId, SlotKey>,
    deadlines: BTreeSet<(Instant, SlotKey)>,
    next_key: u64,
}

impl Slots {
    /// Adds a slot at the end, `Down`. The caller has made sure that the name is free.
    pub(super) fn add(&mut self, spec: ChildSpec) -> SlotKey {
        let key = SlotKey(self.next_key);
        self.next_key += 1;
        self.by_id.insert(spec.id.clone(), key);
        self.by_key.insert(key, Slot::new(key, spec));
        key
    }

    pub(super) fn remove(&mut self, key: SlotKey) {
        self.enter(key, SlotState::Down);
        if let Some(slot) = self.by_key.remove(&key) {
            self.by_id.remove(&slot.id);
        }
    }

    pub(super) fn enter(&mut self, key: SlotKey, state: SlotState) {
        let old = std::mem::replace(&mut self[key].state, state);
        if let Some(deadline) = old.deadline() {
            self.deadlines.remove(&(deadline, key));
        }
        if let Some(deadline) = state.deadline() {
            self.deadlines.insert((deadline, key));
        }
    }

    pub(super) fn find(&self, id: &str) -> Option<SlotKey> {
        self.by_id.get(id).copied()
    }

    pub(super) fn get(&self, key: SlotKey) -> Option<&Slot> {
        self.by_key.get(&key)
    }

    /// The state of a slot that still stands at this incarnation: `None` for news of an older one.
    pub(super) fn state_of(&self, key: SlotKey, incarnation: Incarnation) -> Option<SlotState> {
        self.get(key).filter(|slot| slot.incarnation == incarnation).map(Slot::state)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Slot> + ExactSizeIterator {
        self.by_key.values()
    }

    pub(super) fn first(&self) -> Option<SlotKey> {
        self.by_key.keys().next().copied()
    }

    pub(super) fn after(&self, key: SlotKey) -> Option<SlotKey> {
        self.by_key.range((Bound::Excluded(key), Bound::Unbounded)).next().map(|(&key, _)| key)
    }

    /// The newest slot up to and with `upto` that an incarnation holds.
    pub(super) fn last_occupied(&self, upto: SlotKey) -> Option<SlotKey> {
        let mut newest_first = self.by_key.range(..=upto).rev();
        newest_first.find(|(_, slot)| slot.state.is_occupied()).map(|(&key, _)| key)
    }

    /// Whatever waits for its back-off waits no more, and is down.
    pub(super) fn give_up_waiting(&mut self) {
        let waiting: Vec<SlotKey> = self.iter().filter(|slot| slot.is_waiting()).map(Slot::key).collect();
        for key in waiting {
            self.enter(key, SlotState::Down);
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|&(deadline, _)| deadline)
    }

    /// A slot whose deadline has come, the earliest first.
    pub(super) fn due(&self, now: Instant) -> Option<SlotKey> {
        self.deadlines.first().filter(|&&(deadline, _)| deadline <= now).map(|&(_, key)| key)
    }
}

/// A key in hand belongs to a slot that is there: keys from outside pass `get`, `find` or `state_of` first.
impl Index<SlotKey> for Slots {
    type Output = Slot;

    fn index(&self, key: SlotKey) -> &Slot {
        &self.by_key[&key]
    }
}

impl IndexMut<SlotKey> for Slots {
    fn index_mut(&mut self, key: SlotKey) -> &mut Slot {
        self.by_key.get_mut(&key).expect("a key in hand belongs to a slot that is there")
    }
}
