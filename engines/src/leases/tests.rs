//! Holding leases: each way to an end, and each fault on the way to the store.

mod ends;
mod faults;
mod waits;

use super::*;
use crate::store::{Acquired, Holding, Operation, StoreErrorKind, Token};
use crate::{Effects, Fault, FaultyStore, MemoryStore};
use arbour::testing::block_on;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// Valid for 8,908 ms, renewed after about 3,000, answers within 1,500, released within 3,000.
const TTL: Duration = Duration::from_secs(9);
const MS: Duration = Duration::from_millis(1);

/// Leases of a store behind a good line.
fn oak() -> (FaultyStore<MemoryStore>, Leases) {
    let store = FaultyStore::new(MemoryStore::new());
    let leases = Leases::new(store.clone(), TTL).unwrap().owner("worker a");
    (store, leases)
}

async fn holding(store: &impl LeaseStore) -> Option<Holding> {
    store.look(&LeaseName::new("oak").unwrap()).await.unwrap()
}

/// Takes the lease by hand as soon as it is free, and gives the time at which it was.
async fn take(store: &impl LeaseStore) -> Instant {
    let name = LeaseName::new("oak").unwrap();
    while let Acquired::Held(_) = store.acquire(&name, Token::new(), "another", TTL).await.unwrap() {
        store.until_free(&name, TTL).await.unwrap();
    }
    Instant::now()
}
