//! The ways in which a body ends, after each of which the lease is free.

use super::*;
use arbour_primitives::scope::{Cause, clean_up, defer, stopping};
use arbour_supervisor::{TaskGroup, move_on_after};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn a_value_is_given_and_the_lease_is_free_at_once() {
    block_on(async {
        let (store, leases) = oak();
        let begin = Instant::now();
        let value =
            leases.hold("oak", async |lease| (lease.fence().number(), lease.name().to_string())).await;
        assert_eq!(value.unwrap(), (1, "oak".to_owned()));
        assert_eq!(holding(&store).await, None);
        assert_eq!(begin.elapsed(), Duration::ZERO);
    });
}

#[test]
fn an_error_of_the_body_is_its_value() {
    block_on(async {
        let (store, leases) = oak();
        let failed = leases.hold("oak", async |_| Err::<(), _>("no such table")).await.unwrap();
        assert_eq!(failed, Err("no such table"));
        assert_eq!(holding(&store).await, None);
    });
}

#[test]
fn a_panic_of_the_body_goes_on_after_the_release() {
    let (store, panicked) = block_on(async {
        let (store, leases) = oak();
        let hold = leases.hold("oak", async |_| panic!("no such table"));
        let panicked = futures::FutureExt::catch_unwind(AssertUnwindSafe(hold)).await.is_err();
        (holding(&store).await, panicked)
    });
    assert_eq!((store, panicked), (None, true));
}

#[test]
fn a_cancelled_body_ends_and_the_lease_is_released() {
    block_on(async {
        let (store, leases) = oak();
        let hold = leases.hold("oak", async |_| std::future::pending::<()>().await);
        assert!(move_on_after(TTL * 3, hold).await.is_err());
        assert_eq!(holding(&store).await, None);
        assert!(store.requests(Operation::Extend) >= 8, "it was renewed meanwhile");
    });
}

#[test]
fn a_body_that_cancels_its_own_scope_says_so() {
    block_on(async {
        let (store, leases) = oak();
        let hold = leases.hold("oak", async |_| {
            arbour_primitives::scope::ScopeHandle::current().unwrap().cancel("enough");
            std::future::pending::<()>().await
        });
        let error = hold.await.unwrap_err();
        assert!(matches!(&error, HoldError::Cancelled(by) if by.cause == Cause::from("enough")), "{error}");
        assert_eq!(holding(&store).await, None);
    });
}

/// What a body leaves behind that takes ten times the time to live, and whether the lease was held at its end.
fn long_clean_up(
    store: &FaultyStore<MemoryStore>,
) -> (std::sync::Arc<AtomicBool>, impl Future<Output = ()> + use<>) {
    let was_held = std::sync::Arc::new(AtomicBool::new(false));
    let (seen, store) = (std::sync::Arc::clone(&was_held), store.clone());
    (was_held, async move {
        sleep(Duration::from_secs(4)).await;
        let owner = holding(&store).await.map(|holding| holding.owner);
        seen.store(owner.as_deref() == Some("worker a"), Ordering::Relaxed);
    })
}

#[test]
fn the_lease_is_kept_until_the_last_clean_up_is_over_also_when_foreign_code_drops_the_hold() {
    for how in ["value", "cancelled", "dropped"] {
        block_on(async {
            let (store, leases) = oak();
            let short = LeaseTimes::new(Duration::from_secs(1));
            let leases = Leases { times: short, ..leases };
            let (deferred, last) = long_clean_up(&store);
            let (cleaned, aside) = long_clean_up(&store);
            let hold = leases.hold("oak", async |_| {
                defer(last);
                clean_up(aside);
                if how != "value" {
                    std::future::pending::<()>().await;
                }
            });
            let around = CancelScope::new().run(async {
                match how {
                    "dropped" => drop(timeout(MS, hold).await),
                    _ => drop(move_on_after(MS, hold).await),
                }
            });
            around.await.unwrap();
            let kept = (cleaned.load(Ordering::Relaxed), deferred.load(Ordering::Relaxed));
            assert_eq!(kept, (true, true), "{how}");
            assert_eq!(holding(&store).await, None, "{how}");
        });
    }
}

#[test]
fn a_drain_reaches_the_body_and_the_lease_is_free_when_it_has_finished() {
    block_on(async {
        let (store, leases) = oak();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let hold = scope.run(leases.hold("oak", async |_| {
            stopping().await;
            sleep(Duration::from_secs(1)).await;
            "finished"
        }));
        let drain = async {
            sleep(TTL).await;
            handle.drain();
            Instant::now()
        };
        let (held, drained) = arbour::join!(hold, drain);
        assert_eq!(held.unwrap().unwrap(), "finished");
        assert_eq!(drained.elapsed(), Duration::from_secs(1));
        assert_eq!(holding(&store).await, None);
    });
}

#[test]
fn children_of_the_body_end_before_the_release() {
    block_on(async {
        let (store, leases) = oak();
        let theirs = store.clone();
        let hold = leases.hold("oak", async |_| {
            let child = async move {
                sleep(TTL * 2).await;
                holding(&theirs).await.is_some()
            };
            task_group(async |group: TaskGroup| group.spawn_value(child).await.unwrap()).await.unwrap()
        });
        assert!(hold.await.unwrap());
        assert_eq!(holding(&store).await, None);
    });
}

#[test]
fn nothing_is_asked_for_in_a_cancelled_scope() {
    block_on(async {
        let (store, leases) = oak();
        let scope = CancelScope::new();
        scope.handle().cancel("before it began");
        assert!(scope.run(leases.hold("oak", async |_| ())).await.is_err());
        assert_eq!(store.requests(Operation::Acquire), 0);
    });
}

#[test]
fn a_lease_that_outlives_its_body_says_that_it_is_over() {
    block_on(async {
        let (_, leases) = oak();
        let lease = leases.hold("oak", async |lease| lease).await.unwrap();
        let error = lease.write(&[("cursor", b"41")]).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "nothing was written, for lease `oak` with fence 1 is lost: it was released, for its body is over",
        );
        assert_eq!(lease.remaining(), Duration::ZERO);
    });
}

#[test]
fn a_name_that_is_none_is_refused() {
    block_on(async {
        let (_, leases) = oak();
        let error = leases.hold("two words", async |_| ()).await.unwrap_err();
        assert!(matches!(error, HoldError::BadName(_)), "{error}");
    });
}

#[test]
fn what_was_held_before_takes_no_room() {
    block_on(async {
        let (_, leases) = oak();
        for _ in 0..100 {
            leases.hold("oak", async |_| ()).await.unwrap();
        }
        assert_eq!(leases.held.lock().unwrap().len(), 1, "a hold strikes out those that are over");
    });
}
