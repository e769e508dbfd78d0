//! One name in a registry: whose it is, and what goes with it.

use super::Shared;
use crate::actor::Listed;
use crate::{Actor, Address, WeakAddress};
use std::any::{Any, type_name};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

pub(super) struct Entry<V> {
    pub(super) name: Arc<str>,
    owner: Box<dyn Owner>,
    value: Mutex<Arc<V>>,
    registry: Weak<Shared<V>>,
}

/// The weak address of an owner, without its type.
trait Owner: Any + Send + Sync {
    fn name(&self) -> &Arc<str>;

    fn is_alive(&self) -> bool;

    fn actor(&self) -> &'static str;
}

impl<A: Actor> Owner for WeakAddress<A> {
    fn name(&self) -> &Arc<str> {
        self.shared_name()
    }

    fn is_alive(&self) -> bool {
        self.upgrade().is_some()
    }

    fn actor(&self) -> &'static str {
        type_name::<A>()
    }
}

impl<V> Entry<V> {
    pub(super) fn new<A: Actor>(
        name: Arc<str>,
        owner: &Address<A>,
        value: V,
        registry: &Arc<Shared<V>>,
    ) -> Self {
        let owner = Box::new(owner.downgrade());
        Self { name, owner, value: Mutex::new(Arc::new(value)), registry: Arc::downgrade(registry) }
    }

    pub(super) fn owner_name(&self) -> Arc<str> {
        Arc::clone(self.owner.name())
    }

    /// The type of the actor that owns it.
    pub(super) fn owner_type(&self) -> &'static str {
        self.owner.actor()
    }

    /// The owner, if it is an actor of this type.
    pub(super) fn owner<A: Actor>(&self) -> Option<&WeakAddress<A>> {
        let owner: &dyn Any = &*self.owner;
        owner.downcast_ref()
    }

    pub(super) fn belongs_to<A: Actor>(&self, actor: &Address<A>) -> bool {
        self.owner::<A>().is_some_and(|owner| owner.identity() == actor.identity())
    }

    /// Whether its owner can be reached. That it cannot is final. Not to be asked under a lock: an address that is found
    /// may be the last one when it is dropped again.
    pub(super) fn is_alive(&self) -> bool {
        self.owner.is_alive()
    }

    pub(super) fn value(&self) -> Arc<V> {
        Arc::clone(&self.locked_value())
    }

    /// Name, owner and value, as events tell them.
    pub(super) fn contents(&self) -> (Arc<str>, Arc<str>, Arc<V>) {
        (Arc::clone(&self.name), self.owner_name(), self.value())
    }

    /// Puts `new` in the place of `old`, unless something else has come there.
    pub(super) fn replace(&self, old: &Arc<V>, new: &Arc<V>) -> bool {
        let mut value = self.locked_value();
        let unchanged = Arc::ptr_eq(&value, old);
        if unchanged {
            *value = Arc::clone(new);
        }
        unchanged
    }

    fn locked_value(&self) -> MutexGuard<'_, Arc<V>> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V: Send + Sync + 'static> Listed for Entry<V> {
    fn strike(&self) {
        if let Some(registry) = self.registry.upgrade() {
            registry.remove(self);
        }
    }
}
