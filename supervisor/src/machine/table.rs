//! All slots of a supervisor, in order of start, found by key, by name, by deadline and by what they are.

#[cfg(feature = "metrics")]
use crate::machine::census::Census;
use crate::{
    fault::fault,
    machine::{
        slot::{ChildId, Incarnation, Slot, SlotKey, SlotState},
        spec::{ChildPolicy, ChildSpec},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::{Bound, Index},
    time::{Duration, Instant},
};

/// The slots, with indices that never disagree with them: each way to change a slot goes through `change`.
///
/// 1. `by_id` holds each slot once, under its name.
/// 2. `deadlines` holds each slot whose state has a deadline once, under that deadline, and no other.
/// 3. `awaited` and `stuck` hold the slots whose incarnation is waited for, and those that are stuck.
/// 4. `significant` counts the significant slots, `alive` those of them that are not down.
/// 5. `census` counts all slots, by state.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    by_key: BTreeMap<SlotKey, Slot>,
    by_id: HashMap<ChildId, SlotKey>,
    deadlines: BTreeSet<(Instant, SlotKey)>,
    awaited: BTreeSet<SlotKey>,
    stuck: BTreeSet<SlotKey>,
    significant: usize,
    alive: usize,
    #[cfg(feature = "metrics")]
    census: Census,
    next_key: u64,
}

/// Under what a slot is found.
#[derive(Clone, Copy, Default, PartialEq)]
struct Filed {
    deadline: Option<Instant>,
    awaited: bool,
    stuck: bool,
    significant: bool,
    alive: bool,
}

impl Filed {
    fn of(slot: &Slot) -> Self {
        let (state, significant) = (slot.state, slot.policy.significant);
        Self {
            deadline: state.deadline(),
            awaited: state.is_awaited(),
            stuck: matches!(state, SlotState::Stuck { .. }),
            significant,
            alive: significant && state != SlotState::Down,
        }
    }
}

impl Slots {
    /// The number that the next slot will have.
    pub(super) fn next_key(&self) -> u64 {
        self.next_key
    }

    /// Adds a slot at the end, `Down`. The caller has made sure that the name is free.
    pub(super) fn add(&mut self, spec: ChildSpec) -> SlotKey {
        let key = SlotKey(self.next_key);
        self.next_key += 1;
        self.by_id.insert(spec.id.clone(), key);
        let slot = Slot::new(key, spec);
        self.refile(key, Filed::default(), Filed::of(&slot));
        #[cfg(feature = "metrics")]
        self.census.moved(None, Some(slot.state));
        self.by_key.insert(key, slot);
        key
    }

    pub(super) fn remove(&mut self, key: SlotKey) {
        if let Some(slot) = self.by_key.remove(&key) {
            self.by_id.remove(&slot.id);
            self.refile(key, Filed::of(&slot), Filed::default());
            #[cfg(feature = "metrics")]
            self.census.moved(Some(slot.state), None);
        }
    }

    pub(super) fn enter(&mut self, key: SlotKey, state: SlotState) {
        self.change(key, |slot| slot.state = state);
    }

    pub(super) fn set_policy(&mut self, key: SlotKey, policy: ChildPolicy) {
        self.change(key, |slot| slot.set_policy(policy));
    }

    /// A key in hand belongs to a slot that is there: keys from outside pass `get`, `find` or `state_of` first.
    pub(super) fn change<T>(&mut self, key: SlotKey, change: impl FnOnce(&mut Slot) -> T) -> T {
        let slot = self.by_key.get_mut(&key).expect("a key in hand belongs to a slot that is there");
        let before = Filed::of(slot);
        #[cfg(feature = "metrics")]
        let from = slot.state;
        let result = change(slot);
        let after = Filed::of(slot);
        #[cfg(feature = "metrics")]
        self.census.moved(Some(from), Some(slot.state));
        self.refile(key, before, after);
        result
    }

    fn refile(&mut self, key: SlotKey, before: Filed, after: Filed) {
        if before.deadline != after.deadline {
            before.deadline.map(|deadline| self.deadlines.remove(&(deadline, key)));
            after.deadline.map(|deadline| self.deadlines.insert((deadline, key)));
        }
        put(&mut self.awaited, key, before.awaited, after.awaited);
        put(&mut self.stuck, key, before.stuck, after.stuck);
        self.significant =
            self.significant + usize::from(after.significant) - usize::from(before.significant);
        self.alive = self.alive + usize::from(after.alive) - usize::from(before.alive);
    }

    #[cfg(feature = "metrics")]
    pub(super) fn census(&self) -> Census {
        self.census
    }

    pub(super) fn find(&self, id: &str) -> Option<SlotKey> {
        self.by_id.get(id).copied()
    }

    pub(super) fn get(&self, key: SlotKey) -> Option<&Slot> {
        self.by_key.get(&key)
    }

    /// The state of a slot that still stands at this incarnation: `None` for news of an older one.
    pub(super) fn state_of(&self, key: SlotKey, incarnation: Incarnation) -> Option<SlotState> {
        let hears_all = fault("news_of_an_older_run_is_heard");
        self.get(key).filter(|slot| slot.incarnation == incarnation || hears_all).map(Slot::state)
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

    /// The first slot within these bounds that is down, and that is not refused.
    pub(super) fn next_down(&self, from: Bound<SlotKey>, refused: &BTreeSet<SlotKey>) -> Option<SlotKey> {
        let mut slots = self.by_key.range((from, Bound::Unbounded));
        let found = slots.find(|(key, slot)| slot.state == SlotState::Down && !refused.contains(key));
        found.map(|(&key, _)| key)
    }

    /// The newest slot whose incarnation is waited for.
    pub(super) fn last_awaited(&self) -> Option<SlotKey> {
        self.awaited.last().copied()
    }

    /// The slots from `first` on whose incarnation is waited for, newest first.
    pub(super) fn awaited_from(&self, first: SlotKey) -> Vec<SlotKey> {
        self.awaited.range(first..).rev().copied().collect()
    }

    pub(super) fn first_stuck(&self) -> Option<&Slot> {
        self.stuck.first().map(|&key| &self[key])
    }

    /// How many slots are significant.
    pub(super) fn significant(&self) -> usize {
        self.significant
    }

    /// How many significant slots are not down.
    pub(super) fn significant_alive(&self) -> usize {
        self.alive
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
        let now = if fault("a_timer_fires_early") { now + Duration::from_millis(1) } else { now };
        self.deadlines.first().filter(|&&(deadline, _)| deadline <= now).map(|&(_, key)| key)
    }
}

#[cfg(test)]
impl Slots {
    /// Compares the indices with what they are made of.
    pub(super) fn audit(&self) {
        let filed = || self.iter().map(|slot| (slot.key, Filed::of(slot)));
        let keys = |of: fn(Filed) -> bool| filed().filter(move |&(_, filed)| of(filed)).map(|(key, _)| key);
        assert!(
            self.iter().all(|slot| self.by_id[&slot.id] == slot.key) && self.by_id.len() == self.by_key.len()
        );
        let deadlines = filed().filter_map(|(key, filed)| Some((filed.deadline?, key)));
        assert_eq!(self.deadlines, deadlines.collect());
        assert_eq!(self.awaited, keys(|filed| filed.awaited).collect());
        assert_eq!(self.stuck, keys(|filed| filed.stuck).collect());
        assert_eq!(self.significant, keys(|filed| filed.significant).count());
        assert_eq!(self.alive, keys(|filed| filed.alive).count());
        #[cfg(feature = "metrics")]
        {
            let mut census = Census::default();
            self.iter().for_each(|slot| census.moved(None, Some(slot.state)));
            assert_eq!(self.census, census);
        }
    }
}

fn put(set: &mut BTreeSet<SlotKey>, key: SlotKey, before: bool, after: bool) {
    match (before, after) {
        (false, true) => drop(set.insert(key)),
        (true, false) => drop(set.remove(&key)),
        _ => {}
    }
}

impl Index<SlotKey> for Slots {
    type Output = Slot;

    fn index(&self, key: SlotKey) -> &Slot {
        &self.by_key[&key]
    }
}
