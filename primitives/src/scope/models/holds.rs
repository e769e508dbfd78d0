//! What keeps a cancelled body alive, against the cancellation and against being let go.

use super::{Signal, Tally, begin, both, branches, race};
use crate::loom::{Bounds, block_on, thread};
use crate::scope::{CancelScope, Cause, Gate, catch_cancel, shield};
use core::future::{pending, poll_fn};

#[test]
fn cancel_races_hold_release() {
    race(Bounds::preemptions(3), || {
        let (signal, finished) = (Signal::default(), Tally::default());
        let (waited, finishes) = (signal.clone(), finished.clone());
        let scope = CancelScope::new();
        let handle = scope.handle();
        let canceller = thread::spawn(move || handle.cancel("stop"));
        let releaser = thread::spawn(move || signal.fire());
        let outcome = block_on(scope.run(async move {
            shield(async move {
                waited.wait().await;
                finishes.add();
            })
            .await;
            pending::<()>().await;
        }));
        canceller.join().unwrap();
        releaser.join().unwrap();
        assert_eq!(outcome.unwrap_err().cause, "stop".into());
        assert_eq!(finished.count(), 1, "a shield is finished in a cancelled scope");
    });
}

#[test]
fn cancel_races_the_drop_of_a_hold_elsewhere() {
    race(Bounds::preemptions(3), || {
        let mut dropper = None;
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = block_on(scope.run(async {
            let held = begin(shield(pending::<()>())).await;
            dropper = Some(thread::spawn(move || drop(held)));
            handle.cancel("stop");
            pending::<()>().await;
        }));
        dropper.expect("the body ran").join().unwrap();
        assert!(outcome.is_err());
    });
}

#[test]
fn a_childs_first_poll_races_the_move_of_its_hold() {
    race(Bounds::preemptions(3), || {
        let host = CancelScope::new();
        let handle = host.handle();
        let mut mover = None;
        block_on(host.run(async {
            let seat = handle.seat().expect("a scope that runs takes children");
            seat.handle().cancel("stop");
            // The child waits for its first and only wake: the release of the hold.
            let child = seat.child(
                async {
                    let signal = Signal::default();
                    let held = begin(shield(signal.clone().wait())).await;
                    mover = Some(thread::spawn(move || {
                        block_on(CancelScope::new().run(both(held, async move { signal.fire() })))
                    }));
                    pending::<()>().await;
                },
                (),
            );
            let _ = child.await;
        }))
        .unwrap();
        assert!(mover.expect("the child ran").join().unwrap().is_ok());
    });
}

#[test]
fn shield_toggled_races_cancel() {
    race(Bounds::preemptions(3), || {
        let (outer, inner) = (CancelScope::new(), CancelScope::new());
        let (stop, cover) = (outer.handle(), inner.handle());
        let mut toggler = None;
        let outcome = block_on(outer.run(async {
            let begun = async {
                toggler = Some(thread::spawn(move || {
                    cover.set_shield(true);
                    cover.set_shield(false);
                }));
                stop.cancel("stop");
            };
            let _ = both(inner.run(pending::<()>()), begun).await;
            pending::<()>().await;
        }));
        toggler.expect("the body ran").join().unwrap();
        assert_eq!(outcome.unwrap_err().cause, "stop".into());
    });
}

#[test]
fn lift_races_refused_await() {
    race(Bounds::preemptions(3), || {
        let signal = Signal::default();
        let (outer, inner) = (CancelScope::new(), CancelScope::new());
        outer.handle().cancel("stop");
        let cover = inner.handle();
        let lifter = thread::spawn(move || cover.set_shield(true));
        let outcome = block_on(outer.run(async move {
            inner
                .run(async move {
                    let passed = signal.clone();
                    let refused = async move {
                        let mut gate = Gate::new();
                        poll_fn(|cx| gate.poll_enter(cx)).await;
                        passed.fire();
                    };
                    let holds = shield(signal.wait());
                    branches([Box::pin(holds) as _, Box::pin(refused) as _]).await;
                })
                .await
        }));
        lifter.join().unwrap();
        assert!(matches!(outcome, Ok(Ok(()))), "the hold ends when the refused await is let through");
    });
}

#[test]
fn lift_races_the_drop_of_the_body() {
    race(Bounds::preemptions(3), || {
        let (outer, inner) = (CancelScope::new(), CancelScope::new());
        outer.handle().cancel("outside");
        let cover = inner.handle();
        let (signal, release) = (Signal::default(), Signal::default());
        let lifter = thread::spawn({
            let (signal, release) = (signal.clone(), release.clone());
            move || {
                cover.set_shield(true);
                signal.fire();
                release.fire();
            }
        });
        let outcome = block_on(outer.run(async move {
            // The outer body is held, so that what becomes of the inner scope is seen.
            both(shield(release.wait()), inner.run(signal.wait())).await.1
        }));
        lifter.join().unwrap();
        // Once the shield has ended the outer body may be dropped, but its inner scope resolves first.
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(cancelled)) => assert_eq!(cancelled.cause, Cause::from("outside")),
            Err(cancelled) => assert_eq!(cancelled.cause, Cause::from("outside")),
        }
    });
}

/// Branches that react in place; each must get its turn before the body around them is dropped.
async fn reacting(number: usize, turns: Tally) {
    let react = |_| {
        let turns = turns.clone();
        Box::pin(async move {
            let _ = catch_cancel(pending::<()>()).await;
            turns.add();
            pending::<()>().await;
        }) as _
    };
    branches((0..number).map(react)).await;
}

#[test]
fn cancel_flags_before_wakes() {
    race(Bounds::preemptions(3), || {
        let turns = Tally::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let reacts = turns.clone();
        let mut canceller = None;
        let outcome = block_on(scope.run(async {
            let begun = async { canceller = Some(thread::spawn(move || handle.cancel("stop"))) };
            both(reacting(2, reacts), begun).await
        }));
        canceller.expect("the body ran").join().unwrap();
        assert!(outcome.is_err());
        assert_eq!(turns.count(), 2, "an early poll of the outer body dropped it before an inner turn");
    });
}

#[test]
fn unshielding_flags_before_wakes() {
    race(Bounds::preemptions(3), || {
        let turns = Tally::default();
        let (outer, inner) = (CancelScope::new(), CancelScope::new().shield(true));
        let (stop, cover) = (outer.handle(), inner.handle());
        let reacts = turns.clone();
        let mut lifter = None;
        let outcome = block_on(outer.run(async {
            let begun = async {
                stop.cancel("stop");
                lifter = Some(thread::spawn(move || cover.set_shield(false)));
            };
            both(inner.run(reacting(2, reacts)), begun).await
        }));
        lifter.expect("the body ran").join().unwrap();
        assert!(outcome.is_err());
        assert_eq!(turns.count(), 2, "an early poll of the outer body dropped it before an inner turn");
    });
}

#[test]
fn cancelling_again_races_a_poll_of_the_first_time() {
    race(Bounds::preemptions(3), || {
        let turns = Tally::default();
        let (outer, inner) = (CancelScope::new(), CancelScope::new());
        let cover = inner.handle();
        let reacts = turns.clone();
        let mut toggler = None;
        outer.handle().cancel("stop");
        let outcome = block_on(outer.run(async {
            cover.set_shield(true);
            let begun = async {
                toggler = Some(thread::spawn(move || {
                    cover.set_shield(false);
                    cover.set_shield(true);
                    cover.set_shield(false);
                }));
            };
            let _ = both(inner.run(reacting(1, reacts)), begun).await;
            pending::<()>().await;
        }));
        toggler.expect("the body ran").join().unwrap();
        assert!(outcome.is_err());
        assert_eq!(turns.count(), 1, "a body was dropped by a cancellation that was no longer in force");
    });
}

#[test]
fn two_cancels_flag_before_wakes() {
    race(Bounds::preemptions(3), || {
        let turns = Tally::default();
        let (outer, inner) = (CancelScope::new(), CancelScope::new());
        let (stop, also) = (inner.handle(), outer.handle());
        let reacts = turns.clone();
        let mut canceller = None;
        let outcome = block_on(outer.run(async {
            let begun = async {
                canceller = Some(thread::spawn(move || stop.cancel("inner")));
                also.cancel("outer");
            };
            let _ = both(inner.run(reacting(1, reacts)), begun).await;
            pending::<()>().await;
        }));
        canceller.expect("the body ran").join().unwrap();
        assert!(outcome.is_err());
        assert_eq!(turns.count(), 1, "one cancellation delivered what the other had not yet woken");
    });
}
