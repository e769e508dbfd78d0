//! The line to the store: what is granted, released and refused is told at the moment when the store has answered.
use std::time::Duration;

use arbour::leases::{
    Acquired, AnyLeaseStore, Clock, Extended, Fence, Fenced, Holding, LeaseName, LeaseStore, Released,
    StoreError, Token, Written,
};

use super::event::Event;
use super::fault::StopAtWrite;
use super::options::RESOURCES;
use super::start::Start;

/// A store that tells of its answers about resources.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    store: AnyLeaseStore,
    fault: StopAtWrite,
    start: Start,
}

impl Line {
    pub(crate) fn new(store: AnyLeaseStore, fault: StopAtWrite) -> Self {
        Self { store, fault, start: Start::new() }
    }
}

/// Other leases are those of the workers themselves.
fn is_resource(name: &LeaseName) -> bool {
    name.strip_prefix(RESOURCES).is_some_and(|rest| rest.starts_with('/'))
}

impl LeaseStore for Line {
    fn clock(&self) -> Clock {
        self.store.clock()
    }

    fn least_ttl(&self) -> Duration {
        self.store.least_ttl()
    }

    async fn acquire(
        &self,
        name: &LeaseName,
        token: Token,
        owner: &str,
        ttl: Duration,
    ) -> Result<Acquired, StoreError> {
        let acquired = self.store.acquire(name, token, owner, ttl).await?;
        if let (Acquired::Granted(fence), true) = (&acquired, is_resource(name)) {
            self.start.is_over();
            Event::Acquired { resource: name, fence: *fence }.tell();
        }
        Ok(acquired)
    }

    async fn extend(&self, name: &LeaseName, token: Token, ttl: Duration) -> Result<Extended, StoreError> {
        self.store.extend(name, token, ttl).await
    }

    async fn release(&self, name: &LeaseName, token: Token) -> Result<Released, StoreError> {
        let released = self.store.release(name, token).await?;
        if released == Released::Now && is_resource(name) {
            Event::Released { resource: name }.tell();
        }
        Ok(released)
    }

    async fn until_free(&self, name: &LeaseName, at_most: Duration) -> Result<(), StoreError> {
        if is_resource(name) {
            self.start.waits();
        }
        self.store.until_free(name, at_most).await
    }

    async fn look(&self, name: &LeaseName) -> Result<Option<Holding>, StoreError> {
        self.store.look(name).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Holding>, StoreError> {
        let held = self.store.list(prefix).await?;
        if held.iter().all(|holding| is_resource(&holding.name)) {
            self.start.sees(&held);
        }
        Ok(held)
    }

    async fn write(
        &self,
        name: &LeaseName,
        fence: Fence,
        entries: &[(&str, &[u8])],
    ) -> Result<Written, StoreError> {
        let written = self.fault.strike(self.store.write(name, fence, entries)).await?;
        if let Written::Refused { newest } = written {
            Event::Refused { resource: name, fence, newest }.tell();
        }
        Ok(written)
    }

    async fn read(&self, name: &LeaseName, key: &str) -> Result<Option<Fenced>, StoreError> {
        self.store.read(name, key).await
    }
}
