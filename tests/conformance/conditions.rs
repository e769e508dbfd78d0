//! Conditions, and events beside them.

use crate::waiters::{Waiter, turns};
use arbour::sync::{Condition, Event};
use arbour::{CancelScope, catch_cancel, shield, task_group};
use std::cell::Cell;
use std::sync::Arc;
use std::task::Poll;
use tokio::sync::{Mutex, OwnedMutexGuard};

mod anyio_synchronization {
    use super::*;

    #[arbour::test]
    async fn condition_contextmanager() {
        let (lock, condition) = (Arc::new(Mutex::new(1)), Condition::new());
        let (theirs, waits) = (Arc::clone(&lock), condition.clone());
        let found = task_group(async |group| {
            let waiter = group.spawn_value(async move {
                let guard = waits.wait(theirs.lock().await).await;
                (*guard, theirs.try_lock().is_err())
            });
            turns(1).await;
            let mut guard = lock.try_lock().expect("the waiter has given the lock back");
            *guard = 2;
            condition.notify_all(&guard);
            drop(guard);
            waiter.await.unwrap()
        });
        assert_eq!(found.await.unwrap(), (2, true), "it holds the lock when it goes on");
    }

    #[arbour::test]
    async fn condition_acquire_nowait_wouldblock() {
        let (lock, condition) = (Mutex::new(()), Condition::new());
        let held = lock.lock().await;
        assert!(lock.try_lock().is_err());
        condition.notify(&held, 1);
        assert!(lock.try_lock().is_err(), "telling gives nothing back");
        let mut waiter = Waiter::waiting(condition.wait(held)).await;
        let held = lock.try_lock().expect("waiting gives the lock back");
        condition.notify(&held, 1);
        assert!(waiter.step().await.is_pending(), "who was told waits for the lock");
        drop(held);
        let again = waiter.got().await;
        assert!(lock.try_lock().is_err());
        drop(again);
    }

    #[arbour::test]
    async fn condition_notification_handover_on_cancel() {
        let (lock, condition) = (Mutex::new(()), Condition::new());
        let first = Waiter::waiting(condition.wait(lock.lock().await)).await;
        let second = Waiter::waiting(condition.wait(lock.lock().await)).await;
        let third = Waiter::waiting(condition.wait(lock.lock().await)).await;
        let held = lock.lock().await;
        condition.notify(&held, 1);
        first.cancel();
        first.ended().await;
        drop(held);
        drop(second.got().await);
        assert_eq!(condition.statistics().waiting, 1, "one notice was for one");
        drop(third);
    }

    #[arbour::test]
    async fn condition_notify_with_shared_lock() {
        let lock = Arc::new(Mutex::new(0));
        let (not_empty, not_full) = (Condition::new(), Condition::new());
        let waits = Waiter::waiting(not_empty.wait(lock.lock().await)).await;
        let also_waits = Waiter::waiting(not_full.wait(Arc::clone(&lock).lock_owned().await)).await;
        let held = lock.lock().await;
        not_empty.notify(&held, 1);
        drop(held);
        drop(waits.got().await);
        assert_eq!(not_full.statistics().waiting, 1, "the other condition of the lock was not told");
        not_full.notify(&lock.lock().await, 1);
        drop(also_waits.got().await);
    }

    /// Without the lock it is no error at run time: both calls ask for a guard, or do not compile.
    #[test]
    fn condition_notify_no_lock() {
        let _tells: fn(&Condition, &OwnedMutexGuard<u8>, usize) = Condition::notify;
        let _tells_all: fn(&Condition, &OwnedMutexGuard<u8>) = Condition::notify_all;
    }

    #[arbour::test]
    async fn condition_statistics() {
        let (lock, condition) = (Mutex::new(()), Condition::new());
        let waiting = || condition.statistics().waiting;
        let mut waiters = Vec::new();
        for count in 1..=3 {
            waiters.push(Waiter::waiting(condition.wait(lock.lock().await)).await);
            assert_eq!(waiting(), count);
        }
        for (waiter, left) in waiters.into_iter().zip([2, 1, 0]) {
            condition.notify(&lock.lock().await, 1);
            assert_eq!(waiting(), left);
            drop(waiter.got().await);
        }
    }

    #[arbour::test]
    async fn condition_wait_for() {
        let (lock, condition, looks) = (Mutex::new(0), Condition::new(), Cell::new(0));
        let look = |number: &mut i32| {
            looks.set(looks.get() + 1);
            (*number >= 2).then_some(*number * 10)
        };
        let mut waiter = Waiter::waiting(condition.wait_for(lock.lock().await, look)).await;
        assert_eq!(looks.get(), 1);
        let raise = async || {
            let mut number = lock.lock().await;
            *number += 1;
            condition.notify(&number, 1);
        };
        raise().await;
        assert!(waiter.step().await.is_pending(), "it is not so yet");
        assert_eq!(looks.get(), 2);
        raise().await;
        let (guard, found) = waiter.got().await;
        assert_eq!((*guard, found, looks.get()), (2, 20, 3));
    }
}

mod trio_sync {
    use super::*;

    /// A cancelled waiter that was told ends with the lock where it is free; one that was not told is
    /// dropped without it, and no code of its body can tell the difference: the guard went with it.
    #[arbour::test]
    async fn condition() {
        let (lock, condition) = (Mutex::new(()), Condition::new());
        let mut waiters = Vec::new();
        for _ in 0..4 {
            waiters.push(Waiter::waiting(condition.wait(lock.lock().await)).await);
        }
        condition.notify(&lock.lock().await, 2);
        let mut later = waiters.split_off(2);
        for waiter in waiters {
            drop(waiter.got().await);
        }
        assert!(later[0].step().await.is_pending(), "it came third and was not told");
        later.push(Waiter::waiting(condition.wait(lock.lock().await)).await);
        condition.notify_all(&lock.lock().await);
        for waiter in later {
            drop(waiter.got().await);
        }

        let told =
            Waiter::waiting(async { catch_cancel(condition.wait(lock.lock().await)).await.is_ok() }).await;
        let untold =
            Waiter::waiting(async { catch_cancel(condition.wait(lock.lock().await)).await.is_ok() }).await;
        condition.notify(&lock.lock().await, 1);
        told.cancel();
        untold.cancel();
        assert!(told.got().await, "it was told and has the lock again");
        assert!(!untold.got().await, "it was not told and has no guard");
        assert!(lock.try_lock().is_ok());
    }
}

#[arbour::test]
async fn an_event_that_was_set_lets_a_waiter_pass_that_is_cancelled_in_the_same_step() {
    let event = Event::new();
    let passed = Cell::new(false);
    let mut waiter = Waiter::waiting(async {
        event.wait().await;
        passed.set(true);
        turns(1).await;
    })
    .await;
    event.set();
    waiter.cancel();
    assert!(matches!(waiter.step().await, Poll::Ready(Err(_))));
    assert!(passed.get());
}

/// It has no effect but that every wait has first: it gives the lock back.
#[arbour::test]
async fn a_wait_that_a_cancelled_scope_refuses_leaves_the_lock_to_a_shield_beside_it() {
    let (lock, condition) = (Mutex::new(0), Condition::new());
    let raise = || shield(async { *lock.lock().await += 1 });
    for by_look in [false, true] {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let guard = lock.lock().await;
            handle.cancel("before the wait");
            if by_look {
                drop(tokio::join!(condition.wait_for(guard, |_| None::<()>), raise()));
            } else {
                drop(tokio::join!(condition.wait(guard), raise()));
            }
        });
        assert!(outcome.await.is_err());
        assert_eq!(condition.statistics().waiting, 0);
    }
    assert_eq!(*lock.try_lock().unwrap(), 2);
}

#[arbour::test]
async fn a_refused_wait_ends_with_the_lock_once_the_cancellation_is_lifted() {
    let (lock, condition) = (Mutex::new("before"), Condition::new());
    let (outer, inner) = (CancelScope::new(), CancelScope::new());
    let (handle, lifting) = (outer.handle(), inner.handle());
    let outcome = outer.run(inner.run(async {
        let guard = lock.lock().await;
        handle.cancel("before the wait");
        let change = shield(async {
            let mut guard = lock.lock().await;
            *guard = "after";
            condition.notify_all(&guard);
            lifting.set_shield(true);
        });
        let (guard, ()) = tokio::join!(condition.wait(guard), change);
        *guard
    }));
    assert_eq!(outcome.await.unwrap().unwrap(), "after", "the notice was given before it could hear one");
}

#[arbour::test]
async fn a_wait_of_a_task_that_has_used_up_its_share_keeps_the_lock_until_it_has_joined() {
    let (lock, condition, event) = (Mutex::new(()), Condition::new(), Event::new());
    event.set();
    for spent in 0..=128 {
        let waiter = Waiter::waiting(async {
            let guard = lock.lock().await;
            for _ in 0..spent {
                event.wait().await;
            }
            condition.wait(guard).await
        })
        .await;
        assert_eq!(lock.try_lock().is_ok(), condition.statistics().waiting == 1, "after {spent}");
        drop(waiter);
        turns(1).await;
    }
}

mod trio_parking_lot {
    use super::*;

    /// Whoever is told leaves the condition's queue for that of the lock, and goes on from there.
    #[arbour::test]
    async fn parking_lot_repark_with_count() {
        let (lock, condition) = (Arc::new(Mutex::new(Vec::new())), Condition::new());
        let outcome = task_group(async |group| {
            for number in 0..5 {
                let (lock, condition) = (Arc::clone(&lock), condition.clone());
                group.spawn_value(async move {
                    let mut went_on = condition.wait(lock.lock().await).await;
                    went_on.push(number);
                    turns(2).await;
                });
            }
            turns(2).await;
            let held = lock.lock().await;
            condition.notify(&held, 3);
            turns(2).await;
            assert_eq!((held.len(), condition.statistics().waiting), (0, 2), "three wait for the lock now");
            drop(held);
            turns(2).await;
            condition.notify_all(&lock.lock().await);
        });
        outcome.await.unwrap();
        assert_eq!(*lock.lock().await, [0, 1, 2, 3, 4]);
    }
}
