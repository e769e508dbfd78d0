//! A fault for tests: the process stands still between its own look at a lease and the store's.
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arbour::leases::{
    Acquired, AnyLeaseStore, Clock, Extended, Fence, Fenced, Holding, LeaseName, LeaseStore, Released,
    StoreError, Token, Written,
};
use rustix::process::{Signal, getpid, kill_process};
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::block_in_place;

/// A store whose N-th write begins with a SIGSTOP to its own process.
#[derive(Debug, Clone)]
pub(crate) struct StopAtWrite {
    store: AnyLeaseStore,
    at: NonZeroU64,
    writes: Arc<AtomicU64>,
}

impl StopAtWrite {
    pub(crate) fn new(store: AnyLeaseStore, at: NonZeroU64) -> Self {
        Self { store, at, writes: Arc::default() }
    }

    fn is_due(&self) -> bool {
        // ORDERING: nothing else is published by the count.
        self.writes.fetch_add(1, Ordering::Relaxed) + 1 == self.at.get()
    }
}

/// Stands still until somebody sends SIGCONT. The signal is listened for first, so that it cannot be missed; that the
/// other threads may be stopped a little before this one then makes no difference.
async fn stand_still() {
    let mut going_on =
        signal(SignalKind::from_raw(Signal::CONT.as_raw())).expect("SIGCONT can be listened for");
    kill_process(getpid(), Signal::STOP).expect("a process may stop itself");
    going_on.recv().await;
}

impl LeaseStore for StopAtWrite {
    fn clock(&self) -> Clock {
        self.store.clock()
    }

    async fn acquire(
        &self,
        name: &LeaseName,
        token: Token,
        owner: &str,
        ttl: Duration,
    ) -> Result<Acquired, StoreError> {
        self.store.acquire(name, token, owner, ttl).await
    }

    async fn extend(&self, name: &LeaseName, token: Token, ttl: Duration) -> Result<Extended, StoreError> {
        self.store.extend(name, token, ttl).await
    }

    async fn release(&self, name: &LeaseName, token: Token) -> Result<Released, StoreError> {
        self.store.release(name, token).await
    }

    async fn until_free(&self, name: &LeaseName, at_most: Duration) -> Result<(), StoreError> {
        self.store.until_free(name, at_most).await
    }

    async fn look(&self, name: &LeaseName) -> Result<Option<Holding>, StoreError> {
        self.store.look(name).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Holding>, StoreError> {
        self.store.list(prefix).await
    }

    /// In one poll, standing still or not: else who waits for it would give it up when it goes on, before the store
    /// has answered.
    async fn write(
        &self,
        name: &LeaseName,
        fence: Fence,
        entries: &[(&str, &[u8])],
    ) -> Result<Written, StoreError> {
        let write = self.store.write(name, fence, entries);
        if !self.is_due() {
            return write.await;
        }
        let late = async {
            stand_still().await;
            write.await
        };
        block_in_place(|| Handle::current().block_on(late))
    }

    async fn read(&self, name: &LeaseName, key: &str) -> Result<Option<Fenced>, StoreError> {
        self.store.read(name, key).await
    }
}
