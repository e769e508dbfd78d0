//! The store of one process: what only it promises beyond the clauses of all stores.

use super::*;
use arbour::testing::block_on;
use tokio::time::{Instant, sleep};

const TTL: Duration = Duration::from_secs(15);

fn oak() -> LeaseName {
    LeaseName::new("oak").unwrap()
}

#[test]
fn fences_count_from_one() {
    block_on(async {
        let (store, first, second) = (MemoryStore::new(), Token::new(), Token::new());
        let granted = store.acquire(&oak(), first, "a", TTL).await.unwrap();
        assert_eq!(granted, Acquired::Granted(Fence::new(1)));
        store.release(&oak(), first).await.unwrap();
        let granted = store.acquire(&oak(), second, "b", TTL).await.unwrap();
        assert_eq!(granted, Acquired::Granted(Fence::new(2)));
    });
}

#[test]
fn a_lease_is_free_at_the_very_instant_when_its_time_is_over() {
    block_on(async {
        let store = MemoryStore::new();
        store.acquire(&oak(), Token::new(), "a", TTL).await.unwrap();
        sleep(TTL - Duration::from_millis(1)).await;
        let holding = store.look(&oak()).await.unwrap().unwrap();
        assert_eq!(holding.remaining, Duration::from_millis(1));
        assert_eq!(holding.age, TTL - Duration::from_millis(1));
        sleep(Duration::from_millis(1)).await;
        assert_eq!(store.look(&oak()).await.unwrap(), None);
    });
}

#[test]
fn a_wait_takes_no_longer_than_the_lease_and_no_time_after_a_release() {
    block_on(async {
        let (store, token) = (MemoryStore::new(), Token::new());
        let begin = Instant::now();
        store.acquire(&oak(), token, "a", TTL).await.unwrap();
        store.until_free(&oak(), Duration::from_secs(1)).await.unwrap();
        assert_eq!(begin.elapsed(), Duration::from_secs(1));
        let release = async {
            sleep(Duration::from_secs(1)).await;
            store.release(&oak(), token).await.unwrap();
        };
        arbour::join!(async { store.until_free(&oak(), TTL).await.unwrap() }, release);
        assert_eq!(begin.elapsed(), Duration::from_secs(2));
    });
}

#[test]
fn who_waits_for_another_lease_sleeps_on() {
    block_on(async {
        let (store, token, ash) = (MemoryStore::new(), Token::new(), LeaseName::new("ash").unwrap());
        store.acquire(&oak(), Token::new(), "a", TTL).await.unwrap();
        store.acquire(&ash, token, "a", TTL).await.unwrap();
        let begin = Instant::now();
        let waiting = async { store.until_free(&oak(), TTL).await.unwrap() };
        arbour::join!(waiting, async { store.release(&ash, token).await.unwrap() });
        assert_eq!(begin.elapsed(), TTL);
    });
}

#[test]
fn nothing_is_asked_in_a_cancelled_scope() {
    block_on(async {
        let store = MemoryStore::new();
        let scope = arbour::CancelScope::new();
        scope.handle().cancel("before it began");
        let acquired = scope.run(store.acquire(&oak(), Token::new(), "a", TTL)).await;
        assert!(acquired.is_err());
        assert_eq!(store.look(&oak()).await.unwrap(), None);
    });
}

#[test]
fn a_store_shows_what_is_held() {
    block_on(async {
        let store = MemoryStore::new();
        store.acquire(&oak(), Token::new(), "a", TTL).await.unwrap();
        assert!(format!("{store:?}").contains("\"a\""), "{store:?}");
    });
}
