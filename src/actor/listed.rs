//! The lists in which an actor stands outside its slot, and from which it is struck when it is over.

use super::Actor;
use super::address::Address;
use super::weak::WeakAddress;
use crate::contain::contain;
use std::sync::{Arc, Weak};

/// An entry for an actor in a list of somebody's.
pub(crate) trait Listed: Send + Sync + 'static {
    /// Takes this very entry off its list, and no other that has come to stand in its place.
    fn strike(&self);
}

/// The entries of one actor. They belong to their lists: this keeps none alive.
#[derive(Default)]
pub(super) struct Listings {
    entries: Vec<Weak<dyn Listed>>,
}

impl Listings {
    pub(super) fn add(&mut self, entry: &Arc<impl Listed>) {
        if self.entries.len() == self.entries.capacity() {
            // Before it grows: so an actor that comes and goes does not, and each entry pays for a constant share.
            self.entries.retain(|entry| entry.strong_count() > 0);
            self.entries.reserve(self.entries.len().max(1));
        }
        let entry: Weak<dyn Listed> = Arc::downgrade(entry) as _;
        self.entries.push(entry);
    }

    pub(super) fn strike(self) {
        for entry in self.entries {
            // With an entry a user's value may be dropped, and others are to be struck after it.
            contain("the drop of a value in a registry", || {
                if let Some(entry) = entry.upgrade() {
                    entry.strike();
                }
            });
        }
    }
}

impl<A: Actor> Address<A> {
    /// Has an entry struck off its list when the actor is over; at once, if it is.
    pub(crate) fn list(&self, entry: &Arc<impl Listed>) {
        self.slot.list(entry);
    }

    /// Whether the actor has ended for good.
    pub(crate) fn is_over(&self) -> bool {
        self.slot.is_over()
    }

    pub(crate) fn shared_name(&self) -> &Arc<str> {
        &self.slot.name
    }

    /// A number that no other actor has as long as an address of this one is kept, be it a weak one.
    pub(crate) fn identity(&self) -> usize {
        self.slot.identity()
    }
}

impl<A: Actor> WeakAddress<A> {
    pub(crate) fn shared_name(&self) -> &Arc<str> {
        &self.slot.name
    }

    /// As [`Address::identity`].
    pub(crate) fn identity(&self) -> usize {
        self.slot.identity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Entry;

    impl Listed for Entry {
        fn strike(&self) {}
    }

    #[test]
    fn an_actor_that_is_listed_and_struck_again_and_again_keeps_nothing_of_it() {
        let mut listings = Listings::default();
        let kept: Vec<_> = (0..10).map(|_| Arc::new(Entry)).collect();
        kept.iter().for_each(|entry| listings.add(entry));
        (0..1_000).for_each(|_| listings.add(&Arc::new(Entry)));
        assert!(listings.entries.capacity() <= 40, "{} places", listings.entries.capacity());
        assert!(listings.entries.iter().filter_map(Weak::upgrade).count() == kept.len());
    }
}
