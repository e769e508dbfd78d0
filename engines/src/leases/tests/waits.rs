//! Waiting for what somebody else has.

use super::*;
use crate::machine::LeaseState;
use arbour_supervisor::move_on_after;

#[test]
fn who_waits_goes_on_in_the_instant_of_the_release() {
    block_on(async {
        let (_, leases) = oak();
        let first = leases.hold("oak", async |_| {
            sleep(Duration::from_secs(100)).await;
            Instant::now()
        });
        let second = async {
            sleep(MS).await;
            leases.hold("oak", async |_| Instant::now()).await
        };
        let (released, granted) = arbour::join!(first, second);
        assert_eq!(granted.unwrap(), released.unwrap());
    });
}

#[test]
fn who_waits_for_a_holder_that_is_gone_goes_on_when_the_lease_is_over() {
    block_on(async {
        let (store, leases) = oak();
        let begin = take(&store).await;
        let granted = leases.hold("oak", async |_| Instant::now()).await.unwrap();
        assert_eq!(granted - begin, TTL);
    });
}

#[test]
fn a_wait_is_a_state_that_can_be_seen() {
    block_on(async {
        let (store, leases) = oak();
        take(&store).await;
        let hold = leases.hold("oak", async |_| ());
        let look = async {
            sleep(Duration::from_secs(3)).await;
            leases.statuses()
        };
        let (_, seen) = arbour::join!(hold, look);
        assert_eq!((seen.len(), seen[0].wanted_for), (1, Duration::from_secs(3)));
        assert!(
            matches!(&seen[0].state, LeaseState::Waiting(behind) if behind.owner == "another"),
            "{seen:?}"
        );
        assert!(leases.statuses().is_empty());
    });
}

#[test]
fn who_does_not_want_to_wait_hears_who_has_it() {
    block_on(async {
        let (store, leases) = oak();
        take(&store).await;
        let error = leases.try_hold("oak", async |_| ()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "lease `oak` is held by `another` with fence 1; it is free in 9s unless it is extended",
        );
    });
}

#[test]
fn who_does_not_want_to_wait_hears_that_the_store_does_not_answer() {
    block_on(async {
        for (fault, kind, requests) in [
            (Fault::Fail(StoreErrorKind::NotSent), StoreErrorKind::NotSent, 1),
            (Fault::DropReply, StoreErrorKind::Unknown, 2),
        ] {
            let (store, leases) = oak();
            store.always(Operation::Acquire, fault);
            let begin = Instant::now();
            let error = leases.try_hold("oak", async |_| ()).await.unwrap_err();
            let HoldError::Unanswered(error) = error else { panic!("{error}") };
            assert_eq!((error.kind(), store.requests(Operation::Acquire)), (kind, requests));
            assert!(begin.elapsed() < TTL / 2, "{:?}", begin.elapsed());
            assert_eq!(holding(&store).await, None, "what may have been granted is released");
        }
    });
}

#[test]
fn a_long_wait_is_not_a_busy_one() {
    block_on(async {
        let (store, leases) = oak();
        let hold = leases.hold("oak", async |_| sleep(TTL * 100).await);
        let wait = async {
            sleep(MS).await;
            let waits = leases.hold("oak", async |_| ());
            move_on_after(TTL * 90, waits).await.is_err()
        };
        assert!(arbour::join!(hold, wait).1);
        let asked = [Operation::Acquire, Operation::UntilFree].map(|operation| store.requests(operation));
        assert!(asked.iter().all(|asked| *asked < 150), "{asked:?} requests in 90 times the time to live");
    });
}

#[test]
fn a_wait_through_a_bad_line_goes_on_and_asks_more_seldom() {
    block_on(async {
        let (store, leases) = oak();
        store.always(Operation::Acquire, Fault::Fail(StoreErrorKind::NotSent));
        let heal = async {
            sleep(TTL * 20).await;
            store.heal();
        };
        let (held, ()) = arbour::join!(leases.hold("oak", async |_| "held"), heal);
        assert_eq!(held.unwrap(), "held");
        let asked = store.requests(Operation::Acquire);
        assert!(asked < 600, "{asked} requests in 20 times the time to live");
    });
}

#[test]
fn a_store_that_refuses_ends_the_wait_with_its_reason() {
    block_on(async {
        let (store, leases) = oak();
        store.once(Operation::Acquire, Fault::Fail(StoreErrorKind::Refused));
        let error = leases.hold("oak", async |_| ()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the store refused to acquire `oak`: a test broke the line; nothing was changed, and asking again will \
             not help until the cause is removed",
        );
    });
}

#[test]
fn a_thousand_acquires_cancelled_anywhere_leave_no_lease_behind_after_a_third_of_the_time_to_live() {
    for seed in 0..1_000_u64 {
        block_on(async {
            let (store, leases) = oak();
            let slow = Duration::from_millis(seed * 7 % 40);
            store.always(Operation::Acquire, Fault::HoldReply(slow));
            if seed.is_multiple_of(3) {
                store.once(Operation::Acquire, Fault::DropReply);
            }
            if seed.is_multiple_of(5) {
                store.once(Operation::Release, Fault::Fail(StoreErrorKind::NotSent));
            }
            let after = Duration::from_millis(seed * 13 % 60);
            let around = CancelScope::new().run(async {
                let hold = leases.hold("oak", async |_| std::future::pending::<()>().await);
                match seed % 2 {
                    0 => drop(move_on_after(after, hold).await),
                    _ => drop(timeout(after, hold).await),
                }
                Instant::now()
            });
            let cancelled = around.await.unwrap();
            assert!(cancelled.elapsed() <= TTL / 3, "seed {seed}: {:?}", cancelled.elapsed());
            assert_eq!(holding(&store).await, None, "seed {seed}");
        });
    }
}
