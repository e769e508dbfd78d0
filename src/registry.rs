//! Actors by name: one owner for each name, found by whoever knows it.
//!
//! # Invariants
//!
//! 1. A name has at most one entry, and an entry at most one owner, which it keeps nothing alive of.
//! 2. What is found is alive: an owner that cannot be reached any more counts as none, also before its entry is struck,
//!    and whoever wants its name strikes the entry himself.
//! 3. An entry is struck by identity, not by name: clean-up that comes late finds another entry in its place, and leaves it.
//! 4. An entry stands in the owner's slot before the call that made it returns, so whichever comes first, the entry or
//!    the end of the owner, the entry is struck.
//!
//! Names are found without a lock but that of their shard of the map, which is held for no more than a copy. Changes go
//! one at a time, through [`News`].

mod entry;
mod error;
mod event;

pub use error::{LookupError, RegisterError, UpdateError};
pub use event::RegistryEvent;

use crate::news::News;
use crate::stream::ReceiveStream;
use crate::{Actor, Address};
use dashmap::DashMap;
use entry::Entry;
use std::any::type_name;
use std::fmt;
use std::ptr;
use std::sync::{Arc, LazyLock};

/// Actors by name: each name has one owner at most. Cheap to clone; a clone is the same registry.
///
/// A name belongs to its owner's slot. It stays through crashes and restarts, and while the actor was stopped by hand
/// and may be started again; it goes with the slot. A registry keeps no actor alive, and what is found in it is: a name
/// whose owner has ended is free at once.
///
/// A name can have a value with it, of type `V`, that everybody may read and its owner may change.
///
/// Looking up waits for nobody. Registering and its kin are made one at a time.
///
/// For several actors under one name see [`ProcessGroups`](crate::ProcessGroups).
///
/// # Examples
///
/// ```
/// use arbour::{Actor, Address, Context, Failure, Registry, Reply, spawn_actor, task_group};
///
/// struct Echo;
///
/// impl Actor for Echo {
///     type Message = (u32, Reply<u32>);
///
///     async fn handle(&mut self, (n, reply): Self::Message, _: &mut Context<Self>) -> Result<(), Failure> {
///         reply.send(n);
///         Ok(())
///     }
/// }
///
/// # arbour::testing::block_on(async {
/// let registry = Registry::new();
/// task_group(async |group| {
///     let echo = spawn_actor(&group, "echo", Echo, 16);
///     registry.register("the one that answers", &echo).unwrap();
///     let found: Address<Echo> = registry.lookup("the one that answers").unwrap();
///     assert_eq!(found.ask(|reply| (7, reply)).await, Ok(7));
/// })
/// .await
/// .unwrap();
/// assert!(registry.is_empty());
/// # });
/// ```
pub struct Registry<V = ()> {
    shared: Arc<Shared<V>>,
}

struct Shared<V> {
    entries: DashMap<Arc<str>, Arc<Entry<V>>>,
    news: News<RegistryEvent<V>>,
}

/// The entry that stands there already, and the value that was to go with another.
type Occupied<V> = (Arc<Entry<V>>, V);

impl Registry {
    /// A registry of names alone. See [`with_values`](Self::with_values) for the other kind.
    #[must_use]
    pub fn new() -> Self {
        Self::with_values()
    }

    /// The registry of the whole process, for names that mean the same everywhere in it. Tests and libraries do better
    /// with one of their own.
    #[must_use]
    pub fn global() -> &'static Self {
        static GLOBAL: LazyLock<Registry> = LazyLock::new(Registry::new);
        &GLOBAL
    }

    /// Gives the actor a name. It may have several.
    ///
    /// # Errors
    ///
    /// [`RegisterError`] when a living actor has the name, be it this one, and when this one has ended for good. Then
    /// nothing has changed.
    pub fn register<A: Actor>(
        &self,
        name: impl Into<Arc<str>>,
        address: &Address<A>,
    ) -> Result<(), RegisterError> {
        self.register_with(name, address, ())
    }
}

impl<V: Send + Sync + 'static> Registry<V> {
    /// A registry of names with values.
    ///
    /// # Examples
    ///
    /// ```
    /// # use arbour::{Actor, Context, Failure, Registry, spawn_actor, task_group};
    /// # struct Shop;
    /// # impl Actor for Shop {
    /// #     type Message = ();
    /// #     async fn handle(&mut self, (): (), _: &mut Context<Self>) -> Result<(), Failure> { Ok(()) }
    /// # }
    /// # arbour::testing::block_on(async {
    /// # task_group(async |group| {
    /// # let shop = spawn_actor(&group, "shop", Shop, 16);
    /// let prices = Registry::<u32>::with_values();
    /// prices.register_with("apples", &shop, 30).unwrap();
    /// prices.update("apples", &shop, |price| price + 5).unwrap();
    /// assert_eq!(prices.value("apples").as_deref(), Some(&35));
    /// # }).await.unwrap();
    /// # });
    /// ```
    #[must_use]
    pub fn with_values() -> Self {
        Self { shared: Arc::new(Shared { entries: DashMap::new(), news: News::new() }) }
    }

    /// Gives the actor a name, and puts a value with it.
    ///
    /// # Errors
    ///
    /// As for [`register`](Registry::register); the value is handed back.
    pub fn register_with<A: Actor>(
        &self,
        name: impl Into<Arc<str>>,
        address: &Address<A>,
        mut value: V,
    ) -> Result<(), RegisterError<V>> {
        let name = name.into();
        if address.is_over() {
            let actor = Arc::clone(address.shared_name());
            return Err(RegisterError::Ended { name, actor, value });
        }
        loop {
            match self.shared.enter(&name, address, value) {
                Ok(entry) => {
                    address.list(&entry);
                    return Ok(());
                }
                Err((occupant, value)) if occupant.is_alive() => {
                    let owner = occupant.owner_name();
                    return Err(RegisterError::AlreadyRegistered { name, owner, value });
                }
                Err((occupant, refused)) => {
                    self.shared.remove(&occupant);
                    value = refused;
                }
            }
        }
    }

    /// Changes the value with a name, and gives the value before and after. It is only its owner's to change: by the
    /// owner's address.
    ///
    /// Nobody is held up while `change` runs; if the value was changed meanwhile, it runs again with that one.
    ///
    /// # Errors
    ///
    /// [`UpdateError`] when nobody, or another, has the name. Then `change` was not called.
    ///
    /// # Panics
    ///
    /// When `change` does; the value stays as it was.
    pub fn update<A: Actor>(
        &self,
        name: &str,
        address: &Address<A>,
        mut change: impl FnMut(&V) -> V,
    ) -> Result<(Arc<V>, Arc<V>), UpdateError> {
        let entry = self.owned(name, address)?;
        loop {
            let old = entry.value();
            let new = Arc::new(change(&old));
            if entry.replace(&old, &new) {
                return Ok((old, new));
            }
        }
    }

    fn owned<A: Actor>(&self, name: &str, address: &Address<A>) -> Result<Arc<Entry<V>>, UpdateError> {
        let Some(entry) = self.shared.living(name) else {
            return Err(UpdateError::Unknown { name: name.into() });
        };
        if entry.belongs_to(address) {
            return Ok(entry);
        }
        let (owner, actor) = (entry.owner_name(), Arc::clone(address.shared_name()));
        Err(UpdateError::NotOwner { name: name.into(), owner, actor })
    }

    /// The value with a name, if a living actor has the name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<Arc<V>> {
        Some(self.shared.living(name)?.value())
    }

    /// Frees a name, if it is this actor's; tells whether it was. Its other names stay.
    pub fn unregister<A: Actor>(&self, name: &str, address: &Address<A>) -> bool {
        let entry = self.shared.entry(name).filter(|entry| entry.belongs_to(address));
        entry.is_some_and(|entry| self.shared.remove(&entry))
    }

    /// The actor of this name. It is alive when it is found: not one that has ended, nor one that nobody supervises and
    /// whose last address is gone.
    ///
    /// # Errors
    ///
    /// [`LookupError`] when no living actor has the name, or one of another type does.
    pub fn lookup<A: Actor>(&self, name: &str) -> Result<Address<A>, LookupError> {
        let unknown = || LookupError::Unknown { name: name.into() };
        let entry = self.shared.entry(name).ok_or_else(unknown)?;
        match entry.owner::<A>() {
            Some(owner) => owner.upgrade().ok_or_else(unknown),
            None if entry.is_alive() => Err(LookupError::OtherActor {
                name: Arc::clone(&entry.name),
                owner: entry.owner_name(),
                found: entry.owner_type(),
                wanted: type_name::<A>(),
            }),
            None => Err(unknown()),
        }
    }

    /// The names of living actors, in no order. What others do meanwhile may be seen or not.
    #[must_use]
    pub fn names(&self) -> Vec<Arc<str>> {
        self.shared.all_living().map(|entry| Arc::clone(&entry.name)).collect()
    }

    /// How many names living actors have.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.all_living().count()
    }

    /// Whether no living actor has a name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shared.all_living().next().is_none()
    }

    /// A stream of what happens from now on: each name given and freed, once and in order. It ends with the registry.
    ///
    /// Nobody waits for a slow subscriber: what it has not taken yet is kept for it, so it costs memory until it takes
    /// it, or drops the stream.
    ///
    /// # Examples
    ///
    /// ```
    /// # use arbour::{Actor, Context, Failure, Registry, RegistryEvent, spawn_actor, task_group};
    /// # struct Job;
    /// # impl Actor for Job {
    /// #     type Message = ();
    /// #     async fn handle(&mut self, (): (), _: &mut Context<Self>) -> Result<(), Failure> { Ok(()) }
    /// # }
    /// # arbour::testing::block_on(async {
    /// let registry = Registry::new();
    /// let events = registry.events();
    /// task_group(async |group| {
    ///     let job = spawn_actor(&group, "worker 7", Job, 16);
    ///     registry.register("job", &job).unwrap();
    /// })
    /// .await
    /// .unwrap();
    /// let RegistryEvent::Registered { name, owner, .. } = events.recv().await.unwrap() else { panic!() };
    /// assert_eq!((&*name, &*owner), ("job", "worker 7"));
    /// assert!(matches!(events.recv().await, Ok(RegistryEvent::Unregistered { .. })));
    /// # });
    /// ```
    #[must_use = "it is kept for this stream until it is taken"]
    pub fn events(&self) -> ReceiveStream<RegistryEvent<V>> {
        self.shared.news.change(|desk| desk.subscribe(None))
    }
}

impl<V: Send + Sync + 'static> Shared<V> {
    /// Makes an entry, unless there is one, which need not be a living one.
    fn enter<A: Actor>(
        self: &Arc<Self>,
        name: &Arc<str>,
        owner: &Address<A>,
        value: V,
    ) -> Result<Arc<Entry<V>>, Occupied<V>> {
        self.news.change(|desk| {
            if let Some(occupant) = self.entry(name) {
                return Err((occupant, value));
            }
            let entry = Arc::new(Entry::new(Arc::clone(name), owner, value, self));
            self.entries.insert(Arc::clone(name), Arc::clone(&entry));
            desk.tell(|| {
                let (name, owner, value) = entry.contents();
                RegistryEvent::Registered { name, owner, value }
            });
            Ok(entry)
        })
    }

    /// Removes this very entry; whether it was there. What is removed is dropped after the change.
    fn remove(&self, entry: &Entry<V>) -> bool {
        let removed = self.news.change(|desk| {
            let removed = self.entries.remove_if(&*entry.name, |_, found| ptr::eq(&**found, entry))?;
            desk.tell(|| {
                let (name, owner, value) = entry.contents();
                RegistryEvent::Unregistered { name, owner, value }
            });
            Some(removed)
        });
        removed.is_some()
    }

    fn entry(&self, name: &str) -> Option<Arc<Entry<V>>> {
        self.entries.get(name).map(|entry| Arc::clone(&entry))
    }

    fn living(&self, name: &str) -> Option<Arc<Entry<V>>> {
        self.entry(name).filter(|entry| entry.is_alive())
    }

    /// Looked at one by one, after the map was let go of.
    fn all_living(&self) -> impl Iterator<Item = Arc<Entry<V>>> {
        let entries: Vec<_> = self.entries.iter().map(|entry| Arc::clone(&entry)).collect();
        entries.into_iter().filter(|entry| entry.is_alive())
    }
}

impl<V: Send + Sync + 'static> Default for Registry<V> {
    fn default() -> Self {
        Self::with_values()
    }
}

impl<V> Clone for Registry<V> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<V> fmt::Debug for Registry<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("entries", &self.shared.entries.len()).finish_non_exhaustive()
    }
}
