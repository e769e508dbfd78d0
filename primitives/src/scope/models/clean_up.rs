//! Clean-up that arrives from another thread, against the end of the scope it belongs to.

use super::{Signal, Tally, race};
use crate::loom::{Bounds, block_on, thread};
use crate::scope::{CancelScope, Origin, clean_up};
use core::future::pending;

#[test]
fn clean_up_races_the_end_of_its_scope() {
    race(Bounds::preemptions(3), || {
        let runs = Tally::default();
        let mut poster = None;
        let outcome = block_on(CancelScope::new().run(async {
            let posted = Signal::default();
            let inner = CancelScope::new().run(async {
                let (origin, runs, posted) = (Origin::here(), runs.clone(), posted.clone());
                poster = Some(thread::spawn(move || {
                    origin.clean_up(async move { runs.add() });
                    posted.fire();
                }));
            });
            inner.await.unwrap();
            posted.wait().await;
        }));
        poster.expect("the body ran").join().unwrap();
        assert!(outcome.is_ok());
        assert_eq!(runs.count(), 1, "taken by its scope or passed on, never lost");
    });
}

#[test]
fn clean_up_races_cancel() {
    race(Bounds::preemptions(3), || {
        let runs = Tally::default();
        let mut poster = None;
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = block_on(CancelScope::new().run(async {
            let posted = Signal::default();
            let inner = scope.run(async {
                let (origin, runs, posted) = (Origin::here(), runs.clone(), posted.clone());
                poster = Some(thread::spawn(move || {
                    origin.clean_up(async move { runs.add() });
                    posted.fire();
                }));
                handle.cancel("stop");
                pending::<()>().await;
            });
            assert!(inner.await.is_err());
            posted.wait().await;
        }));
        poster.expect("the body ran").join().unwrap();
        assert!(outcome.is_ok());
        assert_eq!(runs.count(), 1, "taken by its scope or passed on, never lost");
    });
}

#[test]
fn clean_up_races_abort() {
    race(Bounds::preemptions(3), || {
        let (starts, runs, drops) = (Tally::default(), Tally::default(), Tally::default());
        let scope = CancelScope::new();
        let (handle, seen) = (scope.handle(), scope.handle());
        let aborter = thread::spawn(move || handle.abort("now"));
        let (started, ran, dropped) = (starts.clone(), runs.clone(), drops.clone());
        let outcome = block_on(scope.run(async {
            started.add();
            let guard = CountsItsDrop(dropped);
            clean_up(async move {
                ran.add();
                drop(guard);
            });
            pending::<()>().await;
        }));
        aborter.join().unwrap();
        assert!(outcome.is_err());
        // An abort before the first poll drops the body unpolled: then there was no clean-up.
        assert_eq!(drops.count(), starts.count(), "each clean-up that began is dropped, and once");
        let lost = starts.count() - runs.count();
        assert_eq!(seen.lost_clean_ups(), lost, "a clean-up runs to its end or is counted as lost");
    });
}

struct CountsItsDrop(Tally);

impl Drop for CountsItsDrop {
    fn drop(&mut self) {
        self.0.add();
    }
}
