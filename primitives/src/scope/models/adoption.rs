//! Scopes that foreign code drops half-way, against everything around them.

use super::{Signal, Tally, begin, race};
use crate::loom::{Bounds, block_on, thread};
use crate::scope::{CancelScope, defer};
use core::future::pending;

#[test]
fn adoption_races_end() {
    race(Bounds::preemptions(3), || {
        let runs = Tally::default();
        let mut dropper = None;
        let outcome = block_on(CancelScope::new().run(async {
            let dropped = Signal::default();
            let place = CancelScope::new().run(async {
                let deferred = runs.clone();
                let begun = begin(CancelScope::new().run(async move {
                    defer(async move { deferred.add() });
                    pending::<()>().await;
                }))
                .await;
                let tells = dropped.clone();
                dropper = Some(thread::spawn(move || {
                    drop(begun);
                    tells.fire();
                }));
            });
            place.await.unwrap();
            dropped.wait().await;
        }));
        dropper.expect("the body ran").join().unwrap();
        assert!(outcome.is_ok());
        assert_eq!(runs.count(), 1, "the finalizer runs once, in its place or in what is above");
    });
}

#[test]
fn adoption_races_cancel() {
    race(Bounds::preemptions(3), || {
        let runs = Tally::default();
        let mut dropper = None;
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = block_on(CancelScope::new().run(async {
            let dropped = Signal::default();
            let adopter = scope.run(async {
                let deferred = runs.clone();
                let begun = begin(CancelScope::new().run(async move {
                    defer(async move { deferred.add() });
                    pending::<()>().await;
                }))
                .await;
                let tells = dropped.clone();
                dropper = Some(thread::spawn(move || {
                    drop(begun);
                    tells.fire();
                }));
                handle.cancel("stop");
                pending::<()>().await;
            });
            assert!(adopter.await.is_err());
            dropped.wait().await;
        }));
        dropper.expect("the body ran").join().unwrap();
        assert!(outcome.is_ok());
        assert_eq!(runs.count(), 1, "the finalizer runs once, in its place or in what is above");
    });
}

#[test]
fn adoption_races_the_end_of_a_child() {
    race(Bounds::preemptions(3), || {
        let ends = Tally::default();
        let mut child_thread = None;
        let outcome = block_on(CancelScope::new().run(async {
            let scope = CancelScope::new();
            let handle = scope.handle();
            let begun = begin(scope.run(async {
                let seat = handle.seat().expect("a scope that runs takes children");
                let ends = ends.clone();
                child_thread = Some(thread::spawn(move || {
                    let observer = Counts(ends);
                    block_on(seat.child(async {}, observer))
                }));
                pending::<()>().await;
            }))
            .await;
            drop(begun);
        }));
        assert!(outcome.is_ok());
        assert_eq!(ends.count(), 1, "the adopter ended before a child of what it adopted");
        child_thread.expect("the body ran").join().unwrap();
    });
}

#[test]
fn adoption_cancels_a_child_that_begins() {
    race(Bounds::preemptions(3), || {
        let ends = Tally::default();
        let mut child_thread = None;
        let outcome = block_on(CancelScope::new().run(async {
            let scope = CancelScope::new();
            let handle = scope.handle();
            let begun = begin(scope.run(async {
                let seat = handle.seat().expect("a scope that runs takes children");
                let ends = ends.clone();
                child_thread =
                    Some(thread::spawn(move || block_on(seat.child(pending::<()>(), Counts(ends)))));
                pending::<()>().await;
            }))
            .await;
            drop(begun);
        }));
        assert!(outcome.is_ok());
        assert_eq!(ends.count(), 1, "the adopter ended before a child of what it adopted");
        child_thread.expect("the body ran").join().unwrap();
    });
}

/// Counts the bodies that ended.
struct Counts(Tally);

impl<T> crate::scope::Observe<T> for Counts {
    fn ended(&mut self, _: &mut crate::scope::Ended<T>, _: bool) {
        self.0.add();
    }
}
