//! Semaphores: tokio's own inside our scopes. Where waiters are counted, a limiter counts them.

use crate::waiters::{Waiter, poll_once, turns};
use arbour::sync::CapacityLimiter;
use arbour::task_group;
use std::sync::Arc;
use tokio::sync::{Semaphore, TryAcquireError};

mod anyio_synchronization {
    use super::*;

    #[arbour::test]
    async fn semaphore_contextmanager() {
        let permits = Arc::new(Semaphore::new(2));
        let seen = task_group(async |group| {
            let both = [0, 1].map(|_| {
                let permits = Arc::clone(&permits);
                group.spawn_value(async move {
                    let _permit = permits.acquire().await.unwrap();
                    let left = permits.available_permits();
                    turns(2).await;
                    left
                })
            });
            let [first, second] = both;
            (first.await.unwrap(), second.await.unwrap())
        });
        assert_eq!(seen.await.unwrap(), (1, 0), "both were inside at once");
        assert_eq!(permits.available_permits(), 2);
    }

    #[arbour::test]
    async fn semaphore_manual_acquire() {
        let permits = Semaphore::new(2);
        let (first, second) = (permits.acquire().await.unwrap(), permits.acquire().await.unwrap());
        let third = Waiter::waiting(permits.acquire()).await;
        drop(first);
        drop(third.got().await);
        drop(second);
        assert_eq!(permits.available_permits(), 2);
    }

    #[arbour::test]
    async fn semaphore_fast_acquire() {
        let (permits, limiter) = (Semaphore::new(1), CapacityLimiter::new(1));
        assert!(poll_once(permits.acquire()).await.is_some());
        assert!(poll_once(limiter.acquire()).await.is_some());
    }

    #[test]
    fn semaphore_fast_acquire_outside_event_loop() {
        let (permits, limiter) = (Semaphore::new(1), CapacityLimiter::new(1));
        arbour::testing::block_on(async {
            assert!(poll_once(permits.acquire()).await.is_some());
            assert!(poll_once(limiter.acquire()).await.is_some());
        });
    }

    #[arbour::test]
    async fn semaphore_acquire_nowait() {
        let permits = Semaphore::new(2);
        let _both = (permits.try_acquire().unwrap(), permits.try_acquire().unwrap());
        assert_eq!(permits.available_permits(), 0);
        assert_eq!(permits.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
    }

    #[arbour::test]
    async fn semaphore_cancel_during_acquire() {
        for release_first in [true, false] {
            let permits = Semaphore::new(1);
            let held = permits.acquire().await.unwrap();
            let waiter = Waiter::waiting(async {
                let _permit = permits.acquire().await.unwrap();
                turns(1).await;
                unreachable!("it was cancelled while it waited");
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
            assert_eq!(permits.available_permits(), 1);
        }
    }

    /// tokio's semaphore does not count its waiters; a limiter does.
    #[arbour::test]
    async fn semaphore_statistics() {
        let permits = CapacityLimiter::new(1);
        let waiting = || permits.statistics().waiting;
        assert_eq!(waiting(), 0);
        let held = permits.acquire().await;
        let mut waiters = Vec::new();
        for count in 1..=3 {
            waiters.push(Waiter::waiting(permits.acquire()).await);
            assert_eq!(waiting(), count);
        }
        drop(held);
        for (waiter, left) in waiters.into_iter().zip([2, 1, 0]) {
            assert_eq!(waiting(), left);
            drop(waiter.got().await);
        }
        assert_eq!(permits.available(), 1);
    }

    #[arbour::test]
    async fn semaphore_asyncio_deadlock() {
        let permits = Arc::new(Semaphore::new(1));
        let handed_on = task_group(async |group| {
            let [holder, waiter] = [100, 0].map(|held_for| {
                let permits = Arc::clone(&permits);
                group.spawn_value(async move {
                    let _permit = permits.acquire().await.unwrap();
                    turns(held_for).await;
                })
            });
            turns(2).await;
            holder.cancel("the case says so");
            (holder.await.is_err(), waiter.await.is_ok())
        });
        assert_eq!(handed_on.await.unwrap(), (true, true));
        assert_eq!(permits.available_permits(), 1);
    }

    #[arbour::test]
    async fn semaphore_cancel_after_release() {
        let permits = Semaphore::new(1);
        let held = permits.acquire().await.unwrap();
        let killed = Waiter::waiting(permits.acquire()).await;
        let next = Waiter::waiting(permits.acquire()).await;
        drop(held);
        drop(killed);
        drop(next.got().await);
        assert_eq!(permits.available_permits(), 1);
    }

    #[test]
    fn semaphore_instantiate_outside_event_loop() {
        let (permits, limiter) = (Semaphore::new(2), CapacityLimiter::new(2));
        assert_eq!(permits.available_permits(), 2);
        let told = limiter.statistics();
        assert_eq!((told.total, told.available, told.waiting), (2, 2, 0));
    }
}
