//! A store whose kind is chosen when the program runs.

use super::{
    Acquired, Extended, Fence, Fenced, Holding, LeaseName, LeaseStore, Released, StoreError, Token, Written,
};
use crate::clock::Clock;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Any [`LeaseStore`], whose kind is forgotten. Clones are the same store.
///
/// # Examples
///
/// ```
/// use arbour::leases::{AnyLeaseStore, MemoryStore};
///
/// let store = match "memory" {
///     "memory" => AnyLeaseStore::new(MemoryStore::new()),
///     other => panic!("there is no engine `{other}`"),
/// };
/// # drop(store);
/// ```
#[derive(Clone)]
pub struct AnyLeaseStore(Arc<dyn Erased>);

impl AnyLeaseStore {
    /// Forgets the kind of this store.
    pub fn new(store: impl LeaseStore) -> Self {
        Self(Arc::new(store))
    }
}

impl fmt::Debug for AnyLeaseStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyLeaseStore").finish_non_exhaustive()
    }
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// What a [`LeaseStore`] is as an object: its futures are boxed.
trait Erased: Send + Sync {
    fn clock(&self) -> Clock;
    fn least_ttl(&self) -> Duration;
    fn acquire<'a>(
        &'a self,
        name: &'a LeaseName,
        token: Token,
        owner: &'a str,
        ttl: Duration,
    ) -> Answer<'a, Acquired>;
    fn extend<'a>(&'a self, name: &'a LeaseName, token: Token, ttl: Duration) -> Answer<'a, Extended>;
    fn release<'a>(&'a self, name: &'a LeaseName, token: Token) -> Answer<'a, Released>;
    fn until_free<'a>(&'a self, name: &'a LeaseName, at_most: Duration) -> Answer<'a, ()>;
    fn look<'a>(&'a self, name: &'a LeaseName) -> Answer<'a, Option<Holding>>;
    fn list<'a>(&'a self, prefix: &'a str) -> Answer<'a, Vec<Holding>>;
    fn write<'a>(
        &'a self,
        name: &'a LeaseName,
        fence: Fence,
        entries: &'a [(&'a str, &'a [u8])],
    ) -> Answer<'a, Written>;
    fn read<'a>(&'a self, name: &'a LeaseName, key: &'a str) -> Answer<'a, Option<Fenced>>;
}

impl<S: LeaseStore> Erased for S {
    fn clock(&self) -> Clock {
        LeaseStore::clock(self)
    }

    fn least_ttl(&self) -> Duration {
        LeaseStore::least_ttl(self)
    }

    fn acquire<'a>(
        &'a self,
        name: &'a LeaseName,
        token: Token,
        owner: &'a str,
        ttl: Duration,
    ) -> Answer<'a, Acquired> {
        Box::pin(LeaseStore::acquire(self, name, token, owner, ttl))
    }

    fn extend<'a>(&'a self, name: &'a LeaseName, token: Token, ttl: Duration) -> Answer<'a, Extended> {
        Box::pin(LeaseStore::extend(self, name, token, ttl))
    }

    fn release<'a>(&'a self, name: &'a LeaseName, token: Token) -> Answer<'a, Released> {
        Box::pin(LeaseStore::release(self, name, token))
    }

    fn until_free<'a>(&'a self, name: &'a LeaseName, at_most: Duration) -> Answer<'a, ()> {
        Box::pin(LeaseStore::until_free(self, name, at_most))
    }

    fn look<'a>(&'a self, name: &'a LeaseName) -> Answer<'a, Option<Holding>> {
        Box::pin(LeaseStore::look(self, name))
    }

    fn list<'a>(&'a self, prefix: &'a str) -> Answer<'a, Vec<Holding>> {
        Box::pin(LeaseStore::list(self, prefix))
    }

    fn write<'a>(
        &'a self,
        name: &'a LeaseName,
        fence: Fence,
        entries: &'a [(&'a str, &'a [u8])],
    ) -> Answer<'a, Written> {
        Box::pin(LeaseStore::write(self, name, fence, entries))
    }

    fn read<'a>(&'a self, name: &'a LeaseName, key: &'a str) -> Answer<'a, Option<Fenced>> {
        Box::pin(LeaseStore::read(self, name, key))
    }
}

impl LeaseStore for AnyLeaseStore {
    fn clock(&self) -> Clock {
        self.0.clock()
    }

    fn least_ttl(&self) -> Duration {
        self.0.least_ttl()
    }

    async fn acquire(
        &self,
        name: &LeaseName,
        token: Token,
        owner: &str,
        ttl: Duration,
    ) -> Result<Acquired, StoreError> {
        self.0.acquire(name, token, owner, ttl).await
    }

    async fn extend(&self, name: &LeaseName, token: Token, ttl: Duration) -> Result<Extended, StoreError> {
        self.0.extend(name, token, ttl).await
    }

    async fn release(&self, name: &LeaseName, token: Token) -> Result<Released, StoreError> {
        self.0.release(name, token).await
    }

    async fn until_free(&self, name: &LeaseName, at_most: Duration) -> Result<(), StoreError> {
        self.0.until_free(name, at_most).await
    }

    async fn look(&self, name: &LeaseName) -> Result<Option<Holding>, StoreError> {
        self.0.look(name).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Holding>, StoreError> {
        self.0.list(prefix).await
    }

    async fn write(
        &self,
        name: &LeaseName,
        fence: Fence,
        entries: &[(&str, &[u8])],
    ) -> Result<Written, StoreError> {
        self.0.write(name, fence, entries).await
    }

    async fn read(&self, name: &LeaseName, key: &str) -> Result<Option<Fenced>, StoreError> {
        self.0.read(name, key).await
    }
}
