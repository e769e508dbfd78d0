//! The store in the memory of one process: a table under a lock, and who waits for what is in it.

pub(crate) mod table;
#[cfg(test)]
mod tests;

use crate::begin::begin;
use crate::clock::Clock;
use crate::store::{
    Acquired, Extended, Fence, Fenced, Holding, LeaseName, LeaseStore, Released, StoreError, Token, Written,
};
use arbour_primitives::sync::{Notice, Notices};
use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use table::Table;
use tokio::time::timeout;

/// The [`LeaseStore`] of one process. Clones are the same store.
///
/// Its time is tokio's, so that tests pause it; the same calls at the same times have the same answers. Fences count
/// from 1. What was ever held or written is kept until the store is dropped.
///
/// Its calls cannot fail, and but for [`until_free`](LeaseStore::until_free) they never wait. None begins in a
/// cancelled scope.
#[derive(Clone)]
pub struct MemoryStore {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    table: Table,
    /// Who is told of the next release, by lease.
    waiting: BTreeMap<LeaseName, Notices>,
}

impl MemoryStore {
    /// A store in which nothing is held.
    #[must_use]
    pub fn new() -> Self {
        Self { clock: Clock::tokio(), state: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place among those who wait for this lease, and how long it is held at most; `None` if it is free.
    fn join(&self, name: &LeaseName) -> Option<(Notice, Duration)> {
        let mut state = self.lock();
        let remaining = state.table.look(name, self.clock.now())?.remaining;
        Some((state.waiting.entry(name.clone()).or_default().join(), remaining))
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.lock().table.list("", self.clock.now());
        f.debug_struct("MemoryStore").field("held", &held).finish_non_exhaustive()
    }
}

impl LeaseStore for MemoryStore {
    fn clock(&self) -> Clock {
        self.clock.clone()
    }

    async fn acquire(
        &self,
        name: &LeaseName,
        token: Token,
        owner: &str,
        ttl: Duration,
    ) -> Result<Acquired, StoreError> {
        begin().await;
        Ok(self.lock().table.acquire(name, token, owner, ttl, self.clock.now()))
    }

    async fn extend(&self, name: &LeaseName, token: Token, ttl: Duration) -> Result<Extended, StoreError> {
        begin().await;
        Ok(self.lock().table.extend(name, token, ttl, self.clock.now()))
    }

    async fn release(&self, name: &LeaseName, token: Token) -> Result<Released, StoreError> {
        begin().await;
        let mut state = self.lock();
        let released = state.table.release(name, token, self.clock.now());
        let told = (released == Released::Now).then(|| state.waiting.remove(name)).flatten();
        drop(state);
        if let Some(waiting) = told {
            waiting.tell_all();
        }
        Ok(released)
    }

    async fn until_free(&self, name: &LeaseName, at_most: Duration) -> Result<(), StoreError> {
        begin().await;
        if let Some((mut notice, remaining)) = self.join(name) {
            let told = poll_fn(|cx| notice.poll_told(cx));
            // That the time is over is as good a reason to look again as a notice.
            let _ = timeout(remaining.min(at_most), told).await;
        }
        Ok(())
    }

    async fn look(&self, name: &LeaseName) -> Result<Option<Holding>, StoreError> {
        begin().await;
        Ok(self.lock().table.look(name, self.clock.now()))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Holding>, StoreError> {
        begin().await;
        Ok(self.lock().table.list(prefix, self.clock.now()))
    }

    async fn write(
        &self,
        name: &LeaseName,
        fence: Fence,
        entries: &[(&str, &[u8])],
    ) -> Result<Written, StoreError> {
        begin().await;
        Ok(self.lock().table.write(name, fence, entries))
    }

    async fn read(&self, name: &LeaseName, key: &str) -> Result<Option<Fenced>, StoreError> {
        begin().await;
        Ok(self.lock().table.read(name, key))
    }
}
