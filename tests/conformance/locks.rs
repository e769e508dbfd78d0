//! Locks: tokio's `Mutex` inside our scopes, and a limiter of one where owners and statistics count.

use crate::waiters::{Waiter, poll_once, turns};
use arbour::sync::{BorrowError, Borrower, CapacityLimiter};
use arbour::{Failure, TaskGroup, fail_after, task_group};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Semaphore};

mod anyio_synchronization {
    use super::*;

    #[arbour::test]
    async fn lock_manual_acquire() {
        let lock = Arc::new(Mutex::new(Vec::new()));
        let held = Arc::clone(&lock).lock_owned().await;
        let together = task_group(async |group| {
            for name in ["first", "second"] {
                let lock = Arc::clone(&lock);
                group.spawn_value(async move {
                    let mut order = lock.lock().await;
                    order.push(format!("{name} in"));
                    turns(2).await;
                    order.push(format!("{name} out"));
                });
            }
            turns(2).await;
            drop(held);
        });
        together.await.unwrap();
        assert_eq!(*lock.lock().await, ["first in", "first out", "second in", "second out"]);
    }

    #[arbour::test]
    async fn lock_acquire_nowait_wouldblock() {
        let lock = Arc::new(Mutex::new(()));
        let held = lock.lock().await;
        let theirs = Arc::clone(&lock);
        let tried =
            task_group(async |group| group.spawn_value(async move { theirs.try_lock().is_err() }).await);
        assert!(tried.await.unwrap().unwrap(), "it is held by another task");
        drop(held);
        assert!(lock.try_lock().is_ok());
    }

    /// tokio's lock has no owner: who acquires twice waits for itself, and a deadline is the way out.
    #[arbour::test]
    async fn lock_acquire_twice_async() {
        let lock = Mutex::new(());
        let held = lock.lock().await;
        assert!(fail_after(Duration::from_secs(1), lock.lock()).await.is_err());
        drop(held);
        assert!(lock.try_lock().is_ok(), "the wait for itself has left nothing behind");
    }

    #[arbour::test]
    async fn lock_acquire_twice_sync() {
        let lock = Mutex::new(());
        let held = lock.try_lock().unwrap();
        assert!(lock.try_lock().is_err());
        drop(held);
        assert!(lock.try_lock().is_ok());
    }

    #[arbour::test]
    async fn lock_cancel_during_acquire() {
        for release_first in [true, false] {
            let lock = Mutex::new(());
            let held = lock.lock().await;
            let entered = Cell::new(false);
            let waiter = Waiter::waiting(async {
                let _guard = lock.lock().await;
                turns(1).await;
                entered.set(true);
            })
            .await;
            waiter.cancel();
            if release_first {
                drop(held);
                waiter.ended().await;
            } else {
                waiter.ended().await;
                drop(held);
            }
            assert!(!entered.get());
            assert!(lock.try_lock().is_ok(), "the lock ends free");
        }
    }

    /// tokio's lock tells no statistics; a limiter of one is a lock that does.
    #[arbour::test]
    async fn lock_statistics() {
        let lock = CapacityLimiter::new(1);
        let told = || (lock.borrowed() == 1, lock.statistics().waiting);
        assert_eq!(told(), (false, 0));
        let held = lock.acquire().await;
        assert_eq!(told(), (true, 0));
        let first = Waiter::waiting(lock.acquire()).await;
        let second = Waiter::waiting(lock.acquire()).await;
        assert_eq!(told(), (true, 2));
        drop(held);
        assert_eq!(told(), (true, 1));
        drop(first.got().await);
        assert_eq!(told(), (true, 0));
        drop(second.got().await);
        assert_eq!(told(), (false, 0));
    }

    #[arbour::test]
    async fn lock_cancelled_after_acquire() {
        let lock = Mutex::new(());
        let held = lock.lock().await;
        let waiter = Waiter::waiting(async {
            let _guard = lock.lock().await;
            turns(1).await;
        })
        .await;
        waiter.cancel();
        drop(held);
        waiter.ended().await;
        let again = poll_once(lock.lock()).await;
        assert!(again.is_some(), "a waiter that is gone still stands in the queue");
    }

    #[test]
    fn lock_instantiate_outside_event_loop() {
        let (lock, limiter) = (Mutex::new(1), CapacityLimiter::new(1));
        assert!(lock.try_lock().is_ok());
        assert_eq!((limiter.statistics().borrowed, limiter.statistics().waiting), (0, 0));
        arbour::testing::block_on(async {
            assert_eq!(*lock.lock().await, 1);
            drop(limiter.acquire().await);
        });
    }

    #[arbour::test]
    async fn lock_owner_after_release() {
        let lock = Mutex::new(());
        let held = lock.lock().await;
        let waiter = Waiter::waiting(lock.lock()).await;
        drop(held);
        assert!(lock.try_lock().is_err(), "it belongs to the waiter before that one has run");
        drop(waiter.got().await);
        assert!(lock.try_lock().is_ok());
    }
}

mod trio_sync {
    use super::*;

    /// A limiter of one is a lock with an owner: the borrower. That only the owner gives back is what
    /// the type of the token says.
    #[arbour::test]
    async fn lock_and_strictfifolock() {
        let lock = CapacityLimiter::new(1);
        let held = lock.acquire_on_behalf_of("oak").await.unwrap();
        assert_eq!(lock.statistics().borrowers, [Borrower::from("oak")]);
        let again = lock.acquire_on_behalf_of("oak").await.unwrap_err();
        assert_eq!(again, BorrowError::Holds { borrower: Borrower::from("oak") });
        let waiter = Waiter::waiting(lock.acquire_on_behalf_of("ash")).await;
        assert_eq!(lock.statistics().waiting, 1);
        drop(held);
        drop(waiter.got().await.unwrap());
        assert_eq!((lock.borrowed(), lock.statistics().waiting), (0, 0));
    }

    #[arbour::test]
    async fn lock_handover() {
        let lock = CapacityLimiter::new(1);
        let owners = || lock.statistics().borrowers;
        let first = lock.acquire_on_behalf_of(1).await.unwrap();
        let second = Waiter::waiting(lock.acquire_on_behalf_of(2)).await;
        let third = Waiter::waiting(lock.acquire_on_behalf_of(3)).await;
        drop(first);
        assert_eq!(owners(), [Borrower::from(2)]);
        drop(second.got().await.unwrap());
        assert_eq!(owners(), [Borrower::from(3)]);
        drop(third.got().await.unwrap());
        assert_eq!(owners(), []);
    }

    /// A task that ends lets go of its guards, whatever its end: there is no lock without an owner.
    #[arbour::test]
    async fn lock_acquire_unowned_lock() {
        let (lock, limiter) = (Arc::new(Mutex::new(0)), CapacityLimiter::new(1));
        let (theirs, their_limiter) = (Arc::clone(&lock), limiter.clone());
        let died = task_group(async |group: TaskGroup| {
            group.spawn(async move {
                let mut guard = theirs.lock().await;
                let _token = their_limiter.acquire_on_behalf_of("the dead").await?;
                *guard += 1;
                Err::<(), _>(Failure::message("dies with the lock"))
            });
        });
        assert!(died.await.is_err());
        assert_eq!(poll_once(lock.lock()).await.as_deref(), Some(&1));
        assert!(limiter.try_acquire_on_behalf_of("the dead").is_ok());
    }

    #[arbour::test]
    async fn generic_lock_acquire_nowait_blocks_acquire() {
        let (mutex, semaphore, limiter) = (Mutex::new(()), Semaphore::new(1), CapacityLimiter::new(1));

        let held = mutex.try_lock().unwrap();
        let waiter = Waiter::waiting(mutex.lock()).await;
        drop(held);
        drop(waiter.got().await);

        let held = semaphore.try_acquire().unwrap();
        let waiter = Waiter::waiting(semaphore.acquire()).await;
        drop(held);
        drop(waiter.got().await);

        let held = limiter.try_acquire().unwrap();
        let waiter = Waiter::waiting(limiter.acquire()).await;
        drop(held);
        drop(waiter.got().await);
    }

    #[arbour::test]
    async fn generic_lock_exclusion() {
        let (mutex, semaphore) = (Arc::new(Mutex::new(())), Arc::new(Semaphore::new(1)));
        let limiter = CapacityLimiter::new(1);
        never_overlap(async move || Arc::clone(&mutex).lock_owned().await).await;
        never_overlap(async move || Arc::clone(&semaphore).acquire_owned().await.unwrap()).await;
        never_overlap(async move || limiter.acquire().await).await;
    }
}

/// Ten branches take a lock in turn, with as many turns before and inside as a small dice says.
async fn never_overlap<G>(lock: impl AsyncFn() -> G) {
    let inside = Cell::new(0);
    let rounds = Cell::new(0);
    let branches = (0..10).map(|branch| {
        let (lock, inside, rounds) = (&lock, &inside, &rounds);
        async move {
            for round in 0..10 {
                turns((branch * 7 + round * 3) % 4).await;
                let _held = lock().await;
                inside.set(inside.get() + 1);
                turns((branch * 5 + round) % 3).await;
                assert_eq!(inside.get(), 1, "two are inside");
                inside.set(inside.get() - 1);
                rounds.set(rounds.get() + 1);
            }
        }
    });
    futures::future::join_all(branches).await;
    assert_eq!(rounds.get(), 100, "everybody finishes");
}
