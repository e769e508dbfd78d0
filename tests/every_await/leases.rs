//! Leases: the stores that hold them.

use crate::support::{MS, sweep, turns};
use arbour::leases::{
    Acquired, AnyLeaseStore, Assigner, Extended, HoldError, Lease, LeaseName, LeaseStore, LeaseTimes, Leases,
    MemoryStore, Released, SqliteStore, StoreError, Token, Written,
};
use arbour::testing::{FaultyStore, block_on, check_lease_store};
use arbour::{CancelScope, Failure, join, stopping};
use std::cell::Cell;
use std::time::Duration;
use tokio::time::sleep;

const TTL: Duration = Duration::from_secs(15);

/// Every call once, in the life of one lease.
async fn life_of_a_lease(store: impl LeaseStore, name: LeaseName) -> Result<(), StoreError> {
    let token = Token::new();
    let acquired = store.acquire(&name, token, "a", TTL).await?;
    let Acquired::Granted(fence) = acquired else {
        panic!("a lease that is free was not granted: {acquired:?}")
    };
    assert_eq!(store.extend(&name, token, TTL).await?, Extended::Confirmed(fence));
    assert_eq!(store.write(&name, fence, &[("cursor", b"41")]).await?, Written::Accepted);
    assert_eq!(store.read(&name, "cursor").await?.map(|read| read.value), Some(b"41".to_vec()));
    store.until_free(&name, MS).await?;
    assert_eq!((store.look(&name).await?.is_some(), store.list(&name).await?.len()), (true, 1));
    assert_eq!(store.release(&name, token).await?, Released::Now);
    store.until_free(&name, TTL).await
}

fn sweep_life<S: LeaseStore>(store: impl Fn(MemoryStore) -> S) {
    let name = LeaseName::new("oak").unwrap();
    let make = || life_of_a_lease(store(MemoryStore::new()), name.clone());
    sweep(make, |run| assert!(run.output.is_none_or(|ended| ended.is_ok())));
}

#[test]
fn the_calls_of_a_store() {
    sweep_life(|store| store);
}

#[test]
fn the_calls_of_a_store_of_any_kind() {
    sweep_life(AnyLeaseStore::new);
}

#[test]
fn the_calls_of_a_store_behind_a_bad_line() {
    sweep_life(FaultyStore::new);
}

#[test]
fn a_check_of_a_store() {
    let make = || async { check_lease_store(&MemoryStore::new(), MS * 200).await };
    sweep(make, |run| assert!(run.output.is_none_or(|checked| checked.is_ok())));
}

#[test]
fn the_calls_of_a_store_in_a_file() {
    let path = std::env::temp_dir().join(format!("arbour-every-await-{}.db", Token::new()));
    let calls = Cell::new(0);
    let make = || async {
        calls.set(calls.get() + 1);
        // A run that is stopped keeps its lease: the next has another.
        let name = LeaseName::new(format!("oak/{}", calls.get())).unwrap();
        life_of_a_lease(SqliteStore::open(&path).await.unwrap(), name).await
    };
    sweep(make, |run| assert!(run.output.is_none_or(|ended| ended.is_ok())));
    std::fs::remove_file(path).unwrap();
}

/// Holds a lease, writes under it, and looks again.
async fn work(leases: Leases) -> Result<(), HoldError> {
    leases
        .hold("oak", async |lease| {
            lease.confirmed().await?;
            turns(2).await;
            lease.write(&[("cursor", b"41")]).await.unwrap();
            assert_eq!(lease.read("cursor").await.unwrap().map(|read| read.value), Some(b"41".to_vec()));
            Ok(())
        })
        .await?
}

/// The lease is free, once everything has ended.
fn is_free(store: &MemoryStore) {
    let held = block_on(store.list("")).unwrap();
    assert!(held.is_empty(), "a lease is left behind: {held:?}");
}

fn sweep_holds(make: impl AsyncFn(Leases) -> Result<(), HoldError>) {
    let last = Cell::new(None);
    let make = || async {
        let store = MemoryStore::new();
        last.set(Some(store.clone()));
        make(Leases::new(store, LeaseTimes::new(TTL)).unwrap()).await
    };
    sweep(make, |run| {
        if let Some(store) = last.take() {
            is_free(&store);
        }
        assert!(run.output.is_none_or(|held| held.is_ok()));
    });
}

#[test]
fn holding_a_lease() {
    sweep_holds(async |leases| work(leases).await);
}

#[test]
fn waiting_for_a_lease_that_another_holds() {
    sweep_holds(async |leases| {
        let (first, second) = join!(work(leases.clone()), work(leases));
        first.and(second)
    });
}

#[test]
fn trying_to_hold_a_lease() {
    sweep_holds(async |leases| {
        let hold = leases.try_hold("oak", async |_| {
            let taken = leases.try_hold("oak", async |_| ()).await;
            assert!(matches!(taken, Err(HoldError::Held(_))), "{taken:?}");
        });
        hold.await
    });
}

#[test]
fn sharing_resources() {
    sweep_holds(async |leases| {
        let assigner = Assigner::new(leases, "orders", ["p0", "p1"]).unwrap();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let run = scope.run(assigner.run(async |lease: Lease| {
            lease.write(&[("cursor", b"41")]).await?;
            stopping().await;
            Ok::<_, Failure>(())
        }));
        let drain = async {
            sleep(MS).await;
            handle.drain();
        };
        let (ran, ()) = join!(run, drain);
        ran.unwrap().unwrap();
        Ok(())
    });
}
