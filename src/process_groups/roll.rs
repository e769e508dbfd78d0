//! The members of one group: who has joined, how often, in which order.

use super::Shared;
use crate::actor::Listed;
use crate::{Actor, WeakAddress};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};

/// One actor in one group, once.
pub(super) struct Membership<A: Actor> {
    pub(super) group: Arc<str>,
    pub(super) member: WeakAddress<A>,
    /// No other membership of these groups has had or will have it.
    pub(super) number: u64,
    pub(super) groups: Weak<Shared<A>>,
}

impl<A: Actor> Listed for Membership<A> {
    fn strike(&self) {
        if let Some(groups) = self.groups.upgrade() {
            groups.strike(self);
        }
    }
}

/// Memberships by number, that is, in the order in which they were made.
pub(super) struct Roll<A: Actor> {
    memberships: BTreeMap<u64, Arc<Membership<A>>>,
    /// Those of each actor, by its identity, the latest last.
    of_actor: HashMap<usize, Vec<u64>>,
}

impl<A: Actor> Roll<A> {
    pub(super) fn add(&mut self, membership: Arc<Membership<A>>) {
        self.of_actor.entry(membership.member.identity()).or_default().push(membership.number);
        self.memberships.insert(membership.number, membership);
    }

    /// Takes this membership off the roll, if it stands there.
    pub(super) fn take(&mut self, membership: &Membership<A>) -> Option<Arc<Membership<A>>> {
        let taken = self.memberships.remove(&membership.number)?;
        self.forget(membership.member.identity(), membership.number);
        Some(taken)
    }

    /// Takes the latest membership of this actor off the roll.
    pub(super) fn take_latest_of(&mut self, actor: usize) -> Option<Arc<Membership<A>>> {
        let latest = *self.of_actor.get(&actor)?.last()?;
        self.forget(actor, latest);
        self.memberships.remove(&latest)
    }

    fn forget(&mut self, actor: usize, number: u64) {
        let Some(numbers) = self.of_actor.get_mut(&actor) else { return };
        if let Some(at) = numbers.iter().rposition(|one| *one == number) {
            numbers.remove(at);
        }
        if numbers.is_empty() {
            self.of_actor.remove(&actor);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.memberships.is_empty()
    }

    pub(super) fn memberships(&self) -> impl Iterator<Item = Arc<Membership<A>>> {
        self.memberships.values().map(Arc::clone)
    }
}

impl<A: Actor> Default for Roll<A> {
    fn default() -> Self {
        Self { memberships: BTreeMap::new(), of_actor: HashMap::new() }
    }
}
