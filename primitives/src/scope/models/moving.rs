//! A scope that is polled in one place and then in another, against what happens to the first.

use super::{Signal, begin, both, race};
use crate::loom::{Bounds, block_on, thread};
use crate::scope::{CancelScope, shield};
use core::future::pending;

#[test]
fn reparenting_races_cancel() {
    race(Bounds::preemptions(3), || {
        let mut mover = None;
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = block_on(scope.run(async {
            let signal = Signal::default();
            let waits = begin(CancelScope::new().run(signal.clone().wait())).await;
            mover = Some(thread::spawn(move || {
                let elsewhere = CancelScope::new().run(both(waits, async move { signal.fire() }));
                block_on(elsewhere)
            }));
            handle.cancel("stop");
            pending::<()>().await;
        }));
        let moved = mover.expect("the body ran").join().unwrap();
        assert!(outcome.is_err());
        assert!(matches!(moved, Ok((Ok(()), ()))), "what moved away is not cancelled with its first place");
    });
}

#[test]
fn reparenting_a_shield_races_cancel() {
    race(Bounds::preemptions(3), || {
        let mut mover = None;
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = block_on(scope.run(async {
            let signal = Signal::default();
            let held = begin(shield(signal.clone().wait())).await;
            mover = Some(thread::spawn(move || {
                block_on(CancelScope::new().run(both(held, async move { signal.fire() })))
            }));
            handle.cancel("stop");
            pending::<()>().await;
        }));
        let moved = mover.expect("the body ran").join().unwrap();
        assert!(outcome.is_err(), "the hold went with the shield");
        assert!(moved.is_ok());
    });
}

#[test]
fn a_parked_scope_races_the_end_of_its_place() {
    race(Bounds::EXHAUSTIVE, || {
        let mut keeper = None;
        let outcome = block_on(CancelScope::new().run(async {
            let signal = Signal::default();
            let parked = CancelScope::new()
                .run(async {
                    let parked = begin(CancelScope::new().run(signal.clone().wait())).await;
                    keeper = Some(thread::spawn(move || {
                        signal.fire();
                        block_on(CancelScope::new().run(parked))
                    }));
                })
                .await;
            assert!(parked.is_ok(), "a parked scope without children keeps nobody waiting");
        }));
        let kept = keeper.expect("the body ran").join().unwrap();
        assert!(outcome.is_ok());
        assert!(matches!(kept, Ok(Ok(()))));
    });
}
