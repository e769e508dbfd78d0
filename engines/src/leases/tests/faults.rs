//! Bad lines between a holder and its store.

use super::*;
use crate::fault::with_fault;
use crate::machine::{LeaseState, LossReason};
use arbour_primitives::scope::{defer, shield};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The instant at which a lease stops being held, as its holder counts.
async fn no_longer_held(lease: &Lease) -> Instant {
    while let LeaseState::Held { remaining, .. } = lease.state() {
        sleep(remaining).await;
    }
    Instant::now()
}

#[test]
fn a_lease_whose_renewals_are_lost_is_suspect_and_then_lost_to_who_takes_it() {
    block_on(async {
        let (store, leases) = oak();
        let hold = leases.hold("oak", async |lease| {
            store.always(Operation::Extend, Fault::DropRequest);
            let gated = no_longer_held(&lease).await;
            store.heal();
            take(&store).await;
            assert!(matches!(lease.state(), LeaseState::Suspect { .. }), "{lease:?}");
            assert!(gated.elapsed() > Duration::ZERO);
            std::future::pending::<()>().await;
        });
        let error = hold.await.unwrap_err();
        let HoldError::Lost(lost) = &error else { panic!("{error}") };
        assert!(matches!(&lost.why, LossReason::Gone(Some(by)) if by.owner == "another"), "{error}");
        assert_eq!(holding(&store).await.map(|holding| holding.owner).as_deref(), Some("another"));
    });
}

#[test]
fn a_write_waits_while_the_lease_is_suspect_and_is_done_when_it_is_confirmed_late() {
    block_on(async {
        let (store, leases) = oak();
        // Every renewal arrives, and no reply comes back: the store keeps the lease, and the holder cannot know.
        let hold = leases.hold("oak", async |lease| {
            store.always(Operation::Extend, Fault::DropReply);
            let gated = no_longer_held(&lease).await;
            let heal = async {
                sleep(Duration::from_secs(2)).await;
                store.heal();
            };
            let (written, ()) = arbour::join!(lease.write(&[("cursor", b"41")]), heal);
            written.unwrap();
            assert!(gated.elapsed() >= Duration::from_secs(2));
            assert!(matches!(lease.state(), LeaseState::Held { .. }));
        });
        hold.await.unwrap();
    });
}

#[test]
fn a_write_that_cannot_be_sent_is_done_as_soon_as_it_can() {
    block_on(async {
        let (store, leases) = oak();
        let hold = leases.hold("oak", async |lease| {
            store.always(Operation::Write, Fault::Fail(StoreErrorKind::NotSent));
            let heal = async {
                sleep(TTL).await;
                store.heal();
            };
            let (written, ()) = arbour::join!(lease.write(&[("cursor", b"41")]), heal);
            written.unwrap();
            let asked = store.requests(Operation::Write);
            assert!((2..40).contains(&asked), "{asked} requests in a time to live");
        });
        hold.await.unwrap();
    });
}

#[test]
fn a_write_that_can_never_be_sent_ends_with_the_lease() {
    block_on(async {
        let (store, leases) = oak();
        let hold = leases.hold("oak", async |lease| {
            store.always(Operation::Write, Fault::Fail(StoreErrorKind::NotSent));
            store.always(Operation::Extend, Fault::Fail(StoreErrorKind::NotSent));
            let error = shield(lease.write(&[("cursor", b"41")])).await.unwrap_err();
            assert!(
                matches!(&error, WriteError::Lost(lost) if lost.why == LossReason::NotConfirmed),
                "{error}"
            );
        });
        assert!(hold.await.is_ok(), "the body has given its value, whatever became of the lease");
    });
}

#[test]
fn a_write_that_may_be_done_is_not_sent_again_behind_the_back_of_who_wrote() {
    block_on(async {
        let (store, leases) = oak();
        let hold = leases.hold("oak", async |lease| {
            store.once(Operation::Write, Fault::Fail(StoreErrorKind::Unknown));
            let error = lease.write(&[("cursor", b"41")]).await.unwrap_err();
            let WriteError::Store(error) = &error else { panic!("{error}") };
            assert_eq!((error.kind(), store.requests(Operation::Write)), (StoreErrorKind::Unknown, 1));
            store.once(Operation::Write, Fault::Fail(StoreErrorKind::Refused));
            lease.write(&[("cursor", b"41")]).await.unwrap_err();
        });
        hold.await.unwrap();
    });
}

#[test]
fn a_read_is_asked_again_until_there_is_an_answer() {
    block_on(async {
        let (store, leases) = oak();
        let hold = leases.hold("oak", async |lease| {
            for kind in [StoreErrorKind::NotSent, StoreErrorKind::Unknown] {
                store.once(Operation::Read, Fault::Fail(kind));
            }
            store.once(Operation::Read, Fault::DropReply);
            assert_eq!(lease.read("cursor").await.unwrap(), None);
            store.once(Operation::Read, Fault::Fail(StoreErrorKind::Refused));
            assert_eq!(lease.read("cursor").await.unwrap_err().kind(), StoreErrorKind::Refused);
            lease
        });
        let over = hold.await.unwrap();
        store.once(Operation::Read, Fault::Fail(StoreErrorKind::Unknown));
        assert_eq!(over.read("cursor").await.unwrap_err().kind(), StoreErrorKind::Unknown);
    });
}

/// A clock that leaps ahead of tokio's by so many milliseconds.
fn leaping() -> (Clock, Arc<AtomicU64>) {
    let (begin, ahead) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let by = Arc::clone(&ahead);
    let clock = Clock::from_fn(move || begin.elapsed() + Duration::from_millis(by.load(Ordering::Relaxed)));
    (clock, ahead)
}

#[test]
fn who_found_a_lease_suspect_before_any_timer_did_hears_of_its_confirmation() {
    block_on(async {
        let (store, leases) = oak();
        let (clock, ahead) = leaping();
        let leases = leases.clock(clock);
        store.once(Operation::Extend, Fault::HoldReply(Duration::from_secs(1)));
        let hold = leases.hold("oak", async |lease| {
            while store.requests(Operation::Extend) == 0 {
                sleep(MS).await;
            }
            sleep(Duration::from_millis(995)).await;
            // The process stands still: the time of the lease is over, and its renewal, sent in time, is about to come.
            ahead.store(5_500, Ordering::Relaxed);
            assert!(matches!(lease.state(), LeaseState::Suspect { .. }), "{lease:?}");
            let confirmed = timeout(TTL, lease.confirmed()).await;
            assert_eq!(confirmed.expect("who waits hears of it"), Ok(lease.fence()));
        });
        hold.await.unwrap();
    });
}

#[test]
fn unfenced_work_is_cancelled_soon_after_the_machine_has_slept() {
    block_on(async {
        let (_, leases) = oak();
        let (clock, ahead) = leaping();
        let effects = Effects::Unfenced { clean_up: Duration::ZERO };
        let leases = Leases { times: leases.times.effects(effects), ..leases }.clock(clock);
        let mut woken = None;
        let hold = leases.hold("oak", async |_| {
            sleep(Duration::from_secs(1)).await;
            ahead.store(10 * TTL.as_millis() as u64, Ordering::Relaxed);
            woken = Some(Instant::now());
            std::future::pending::<()>().await;
        });
        hold.await.unwrap_err();
        let took = woken.unwrap().elapsed();
        assert!(took <= TTL / 30 + MS, "it took {took:?}");
    });
}

#[test]
fn a_lease_that_is_never_confirmed_is_given_up_after_another_time_to_live() {
    block_on(async {
        let (store, leases) = oak();
        let begin = Instant::now();
        let hold = leases.hold("oak", async |_| {
            store.always(Operation::Extend, Fault::DropRequest);
            store.always(Operation::Release, Fault::DropRequest);
            std::future::pending::<()>().await
        });
        let error = hold.await.unwrap_err();
        assert!(matches!(&error, HoldError::Lost(lost) if lost.why == LossReason::NotConfirmed), "{error}");
        let took = begin.elapsed();
        assert!((TTL * 2..TTL * 3).contains(&took), "with the time of its release it took {took:?}");
    });
}

#[test]
fn unfenced_work_is_cancelled_and_cleaned_up_before_anybody_else_can_begin() {
    block_on(async {
        let (store, leases) = oak();
        let effects = Effects::Unfenced { clean_up: Duration::from_secs(2) };
        let leases = Leases { times: leases.times.effects(effects), ..leases };
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let hold = leases.hold("oak", async |_| {
            store.always(Operation::Extend, Fault::DropRequest);
            store.always(Operation::Release, Fault::DropRequest);
            defer(async move {
                sleep(Duration::from_secs(2)).await;
                seen.store(true, Ordering::Relaxed);
            });
            std::future::pending::<()>().await
        });
        let rival = async {
            sleep(MS).await;
            take(&store).await;
            over.load(Ordering::Relaxed)
        };
        let (held, was_over) = arbour::join!(hold, rival);
        assert!(matches!(held, Err(HoldError::Lost(lost)) if lost.why == LossReason::Unfenced));
        assert!(was_over, "somebody else had the lease before the clean-up was over");
    });
}

#[test]
fn a_write_that_the_store_refuses_is_the_end_of_the_lease() {
    block_on(async {
        let (store, leases) = oak();
        let hold = leases.hold("oak", async |lease| {
            // Somebody took the lease away by hand.
            store.release(&LeaseName::new("oak").unwrap(), lease.holder_token()).await.unwrap();
            take(&store).await;
            let error = lease.write(&[("cursor", b"41")]).await.unwrap_err();
            assert_eq!(
                error.to_string(),
                "the store refused a write under fence 1 of lease `oak`, for the newest is 2; nothing was written, \
                 and the lease is lost",
            );
            std::future::pending::<()>().await
        });
        let error = hold.await.unwrap_err();
        assert!(matches!(&error, HoldError::Lost(lost) if lost.why == LossReason::FencedOff), "{error}");
        assert_eq!(holding(&store).await.unwrap().owner, "another");
    });
}

#[test]
fn a_store_that_panics_fails_the_hold() {
    struct Panics;
    impl LeaseStore for Panics {
        fn clock(&self) -> Clock {
            Clock::tokio()
        }
        async fn acquire(
            &self,
            _: &LeaseName,
            _: Token,
            _: &str,
            _: Duration,
        ) -> Result<Acquired, crate::StoreError> {
            panic!("out of order")
        }
        async fn extend(
            &self,
            _: &LeaseName,
            _: Token,
            _: Duration,
        ) -> Result<crate::Extended, crate::StoreError> {
            panic!("out of order")
        }
        async fn release(&self, _: &LeaseName, _: Token) -> Result<crate::Released, crate::StoreError> {
            panic!("out of order")
        }
        async fn until_free(&self, _: &LeaseName, _: Duration) -> Result<(), crate::StoreError> {
            panic!("out of order")
        }
        async fn look(&self, _: &LeaseName) -> Result<Option<Holding>, crate::StoreError> {
            panic!("out of order")
        }
        async fn list(&self, _: &str) -> Result<Vec<Holding>, crate::StoreError> {
            panic!("out of order")
        }
        async fn write(
            &self,
            _: &LeaseName,
            _: crate::Fence,
            _: &[(&str, &[u8])],
        ) -> Result<crate::Written, crate::StoreError> {
            panic!("out of order")
        }
        async fn read(&self, _: &LeaseName, _: &str) -> Result<Option<crate::Fenced>, crate::StoreError> {
            panic!("out of order")
        }
    }
    block_on(async {
        let leases = Leases::new(Panics, TTL).unwrap();
        let error = leases.hold("oak", async |_| ()).await.unwrap_err();
        assert!(error.to_string().contains("out of order"), "{error}");
    });
}

/// A holder on a line that delays and loses, beside a rival that takes the lease as soon as the store lets it.
fn the_holder_knows_before_the_rival(seed: u64) {
    block_on(async {
        let (store, leases) = oak();
        let delay = |part: u64| Duration::from_millis(seed * part % 1_400);
        store.once(Operation::Acquire, Fault::HoldReply(delay(11)));
        for part in [17, 23, 29] {
            let is_lost = seed.is_multiple_of(part % 4 + 2);
            store.once(
                Operation::Extend,
                if is_lost { Fault::DropReply } else { Fault::HoldReply(delay(part)) },
            );
        }
        store.always(Operation::Extend, Fault::DropRequest);
        let (tell, told) = tokio::sync::oneshot::channel();
        let hold = leases.hold("oak", async |lease| {
            tell.send(no_longer_held(&lease).await).unwrap();
            std::future::pending::<()>().await;
        });
        let rival = async {
            sleep(Duration::from_millis(1_401)).await;
            let (taken, knew) = arbour::join!(take(&store), told);
            let knew = knew.unwrap();
            assert!(knew <= taken, "seed {seed}: a rival held it {:?} before the holder knew", knew - taken);
        };
        drop(arbour::join!(hold, rival));
    });
}

fn a_holder_knows_before_anybody_else_may_take_over() {
    (0..200).for_each(the_holder_knows_before_the_rival);
}

#[test]
fn a_holder_gates_itself_before_anybody_else_may_take_over() {
    a_holder_knows_before_anybody_else_may_take_over();
}

#[test]
fn a_holder_that_counts_from_the_reply_is_found_to_gate_itself_too_late() {
    let found =
        with_fault("the_deadline_counts_from_the_reply", a_holder_knows_before_anybody_else_may_take_over);
    assert_eq!(found, None);
}
