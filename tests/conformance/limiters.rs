//! The capacity limiter, borrower by borrower.

use crate::waiters::{Waiter, poll_once, turns};
use arbour::sync::{BorrowError, Borrower, CapacityLimiter, TryAcquireError};
use arbour::task_group;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Borrowed, available and waiting.
fn told(limiter: &CapacityLimiter) -> (usize, usize, usize) {
    let told = limiter.statistics();
    assert_eq!((told.total, told.borrowed), (limiter.total(), limiter.borrowed()));
    assert_eq!(told.available, limiter.available());
    assert_eq!(told.borrowers.len(), told.borrowed);
    (told.borrowed, told.available, told.waiting)
}

mod anyio_synchronization {
    use super::*;

    /// The total is a `usize`: a fraction does not compile, and each number that does is exact.
    #[arbour::test]
    async fn capacitylimiter_bad_init_type() {
        let limiter = CapacityLimiter::new(usize::MAX);
        let token = limiter.try_acquire().unwrap();
        assert_eq!((limiter.total(), told(&limiter)), (usize::MAX, (1, usize::MAX - 1, 0)));
        drop(token);
        assert_eq!(limiter.available(), usize::MAX);
    }

    /// A negative total does not compile; one below what is borrowed leaves none over, not fewer.
    #[arbour::test]
    async fn capacitylimiter_bad_init_value() {
        let limiter = CapacityLimiter::new(2);
        let tokens = [limiter.try_acquire().unwrap(), limiter.try_acquire().unwrap()];
        limiter.set_total(0);
        assert_eq!((limiter.total(), limiter.borrowed(), limiter.available()), (0, 2, 0));
        drop(tokens);
        assert_eq!((limiter.borrowed(), limiter.available()), (0, 0));
        assert!(limiter.try_acquire().is_err());
    }

    #[arbour::test]
    async fn capacitylimiter_zero_tokens() {
        let limiter = CapacityLimiter::new(0);
        assert_eq!((limiter.total(), told(&limiter)), (0, (0, 0, 0)));
        assert!(limiter.try_acquire().is_err());
    }

    #[arbour::test]
    async fn capacitylimiter_borrow() {
        let limiter = CapacityLimiter::new(2);
        assert_eq!((limiter.total(), told(&limiter)), (2, (0, 2, 0)));
        let token = limiter.acquire().await;
        assert_eq!((limiter.total(), told(&limiter)), (2, (1, 1, 0)));
        assert_eq!(limiter.statistics().borrowers, [token.borrower().clone()]);
        drop(token);
        assert_eq!(told(&limiter), (0, 2, 0));
    }

    #[arbour::test]
    async fn capacitylimiter_limit() {
        let limiter = CapacityLimiter::new(1);
        let (inside, visits) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let together = task_group(async |group| {
            for _ in 0..3 {
                let (limiter, inside, visits) = (limiter.clone(), Arc::clone(&inside), Arc::clone(&visits));
                group.spawn_value(async move {
                    let _token = limiter.acquire().await;
                    assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0, "sections overlap");
                    turns(3).await;
                    inside.fetch_sub(1, Ordering::Relaxed);
                    visits.fetch_add(1, Ordering::Relaxed);
                });
            }
        });
        together.await.unwrap();
        assert_eq!((visits.load(Ordering::Relaxed), told(&limiter)), (3, (0, 1, 0)));
    }

    #[arbour::test]
    async fn capacitylimiter_borrow_twice() {
        let limiter = CapacityLimiter::new(2);
        let _token = limiter.acquire_on_behalf_of("elm").await.unwrap();
        let refused = limiter.acquire_on_behalf_of("elm").await.unwrap_err();
        assert_eq!(refused, BorrowError::Holds { borrower: Borrower::from("elm") });
        assert!(refused.to_string().contains("`elm` holds a token"), "{refused}");
        assert_eq!(told(&limiter), (1, 1, 0));
    }

    #[arbour::test]
    async fn capacitylimiter_increase_tokens() {
        let limiter = CapacityLimiter::new(1);
        let _held = limiter.acquire().await;
        let waiter = Waiter::waiting(limiter.acquire()).await;
        limiter.set_total(2);
        let _let_in = waiter.got().await;
        assert_eq!(told(&limiter), (2, 0, 0));
    }

    #[arbour::test]
    async fn capacitylimiter_asyncio_deadlock() {
        let limiter = CapacityLimiter::new(1);
        let handed_on = task_group(async |group| {
            let [holder, waiter] = [100, 0].map(|held_for| {
                let limiter = limiter.clone();
                group.spawn_value(async move {
                    let _token = limiter.acquire().await;
                    turns(held_for).await;
                })
            });
            turns(2).await;
            assert_eq!(told(&limiter), (1, 0, 1));
            holder.cancel("the case says so");
            (holder.await.is_err(), waiter.await.is_ok())
        });
        assert_eq!(handed_on.await.unwrap(), (true, true));
        assert_eq!(told(&limiter), (0, 1, 0));
    }

    #[arbour::test]
    async fn capacitylimiter_ordered_queue() {
        let limiter = CapacityLimiter::new(1);
        let mut held = limiter.acquire_on_behalf_of(0).await.unwrap();
        let mut waiters = Vec::new();
        for number in 1..=4 {
            waiters.push(Waiter::waiting(limiter.acquire_on_behalf_of(number)).await);
        }
        for (number, waiter) in (1..).zip(waiters) {
            drop(held);
            assert_eq!(limiter.statistics().borrowers, [Borrower::from(number)]);
            held = waiter.got().await.unwrap();
        }
    }

    #[arbour::test]
    async fn capacitylimiter_increase_tokens_lets_others_acquire() {
        let limiter = CapacityLimiter::new(1);
        let _held = limiter.acquire().await;
        let waiter = Waiter::waiting(limiter.acquire()).await;
        limiter.set_total(3);
        let _newcomer = poll_once(limiter.acquire()).await.expect("there is one beside the waiter's");
        let _let_in = waiter.got().await;
        assert_eq!(told(&limiter), (3, 0, 0));
        assert!(limiter.try_acquire().is_err());
    }

    #[test]
    fn capacitylimiter_zero_tokens_outside_event_loop() {
        let limiter = CapacityLimiter::new(0);
        assert_eq!(told(&limiter), (0, 0, 0));
        arbour::testing::block_on(async {
            let waiter = Waiter::waiting(limiter.acquire()).await;
            limiter.set_total(1);
            drop(waiter.got().await);
        });
        assert_eq!(told(&limiter), (0, 1, 0));
    }

    #[arbour::test]
    async fn capacitylimiter_acquire_nowait() {
        let limiter = CapacityLimiter::new(1);
        let _token = limiter.try_acquire().unwrap();
        let refused = limiter.try_acquire().unwrap_err();
        assert!(
            matches!(refused, TryAcquireError::NoToken { total: 1, borrowed: 1, waiting: 0, .. }),
            "{refused}"
        );
    }

    #[arbour::test]
    async fn capacitylimiter_acquire_on_behalf_of_nowait() {
        let limiter = CapacityLimiter::new(1);
        let token = limiter.try_acquire_on_behalf_of("oak").unwrap();
        let refused = limiter.try_acquire_on_behalf_of("ash").unwrap_err();
        assert!(matches!(refused, TryAcquireError::NoToken { .. }), "{refused}");
        drop(token);
        assert!(limiter.try_acquire_on_behalf_of("ash").is_ok());
    }

    #[arbour::test]
    async fn capacitylimiter_nowait_acquire_after_release_does_not_oversubscribe() {
        let limiter = CapacityLimiter::new(1);
        let token = limiter.acquire().await;
        let waiter = Waiter::waiting(limiter.acquire()).await;
        drop(token);
        assert!(limiter.try_acquire().is_err(), "the token is the woken waiter's");
        assert_eq!(told(&limiter), (1, 0, 0));
        let token = waiter.got().await;
        assert_eq!(told(&limiter), (1, 0, 0));
        drop(token);
        assert_eq!(told(&limiter), (0, 1, 0));
    }
}

mod trio_sync {
    use super::*;

    #[arbour::test]
    async fn capacitylimiter_memleak_548() {
        let limiter = CapacityLimiter::new(1);
        let held = limiter.acquire().await;
        let cancelled = Waiter::waiting(limiter.acquire_on_behalf_of("elm")).await;
        cancelled.cancel();
        cancelled.ended().await;
        assert_eq!(told(&limiter), (1, 0, 0));
        let again = Waiter::waiting(limiter.acquire_on_behalf_of("elm")).await;
        drop(held);
        assert!(again.got().await.is_ok(), "the borrower was remembered");
    }

    #[arbour::test]
    async fn capacitylimiter_zero_limit_tokens() {
        let limiter = CapacityLimiter::new(5);
        limiter.set_total(0);
        let waiter = Waiter::waiting(limiter.acquire()).await;
        limiter.set_total(5);
        drop(waiter.got().await);
        assert_eq!(told(&limiter), (0, 5, 0));
    }
}

mod trio_parking_lot {
    use super::*;

    #[arbour::test]
    async fn parking_lot_cancel() {
        let limiter = CapacityLimiter::new(0);
        let first = Waiter::waiting(limiter.acquire_on_behalf_of(1)).await;
        let second = Waiter::waiting(limiter.acquire_on_behalf_of(2)).await;
        let third = Waiter::waiting(limiter.acquire_on_behalf_of(3)).await;
        second.cancel();
        second.ended().await;
        assert_eq!(told(&limiter), (0, 0, 2));
        limiter.set_total(1);
        assert_eq!(limiter.statistics().borrowers, [Borrower::from(1)]);
        drop(first.got().await);
        assert_eq!(limiter.statistics().borrowers, [Borrower::from(3)]);
        drop(third.got().await);
    }
}
