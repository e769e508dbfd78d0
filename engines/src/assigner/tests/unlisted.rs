//! A store whose list lacks what is held, as a server's does that has lost the set of names.

use super::Shared;
use crate::clock::Clock;
use crate::store::{
    Acquired, Extended, Fence, Fenced, Holding, LeaseName, LeaseStore, Released, StoreError, Token, Written,
};
use std::time::Duration;

#[derive(Clone)]
pub(super) struct Unlisted(pub(super) Shared);

impl LeaseStore for Unlisted {
    fn clock(&self) -> Clock {
        self.0.clock()
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
        let mut listed = self.0.list(prefix).await?;
        listed.retain(|holding| holding.owner != "unlisted");
        Ok(listed)
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
