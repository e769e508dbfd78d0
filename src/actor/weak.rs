//! An address that does not keep its actor alive.

use super::Actor;
use super::address::Address;
use super::slot::Slot;
use std::fmt;
use std::sync::Arc;

/// An address that keeps nothing alive; see [`Address::downgrade`].
pub struct WeakAddress<A: Actor> {
    pub(super) slot: Arc<Slot<A::Message>>,
}

impl<A: Actor> WeakAddress<A> {
    pub(super) fn new(slot: Arc<Slot<A::Message>>) -> Self {
        Self { slot }
    }

    /// The address, unless the actor has ended for good, or its last address is gone so that it will. That is final.
    #[must_use]
    pub fn upgrade(&self) -> Option<Address<A>> {
        if self.slot.is_over() {
            return None;
        }
        let mailbox = self.slot.queue.upgrade()?;
        Some(Address { slot: Arc::clone(&self.slot), mailbox })
    }

    /// The actor's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.slot.name
    }

    /// Whether both lead to the same actor.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.slot, &other.slot)
    }
}

impl<A: Actor> Clone for WeakAddress<A> {
    fn clone(&self) -> Self {
        Self { slot: Arc::clone(&self.slot) }
    }
}

impl<A: Actor> fmt::Debug for WeakAddress<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakAddress").field("name", &self.slot.name).finish()
    }
}
