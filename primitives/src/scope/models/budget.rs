//! The end of the clean-up budget, against clean-up that begins, arrives or ends.

use super::{Signal, Tally, race};
use crate::loom::{Bounds, block_on, thread};
use crate::scope::{CancelScope, Origin, defer};
use core::future::pending;

/// Clean-up that never ends by itself, and counts that it was dropped.
async fn endless(dropped: Counted) {
    let _dropped = dropped;
    pending::<()>().await;
}

struct Counted(Tally);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.add();
    }
}

#[test]
fn the_end_of_the_budget_races_a_finalizer_that_begins() {
    race(Bounds::preemptions(3), || {
        let dropped = Tally::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let stop = handle.clone();
        let stopper = thread::spawn(move || stop.end_clean_up());
        let finalizer = endless(Counted(dropped.clone()));
        block_on(scope.run(async { defer(finalizer) })).unwrap();
        stopper.join().unwrap();
        assert_eq!((dropped.count(), handle.lost_clean_ups()), (1, 1), "begun or refused, dropped once");
    });
}

#[test]
fn the_end_of_the_budget_races_a_clean_up_that_arrives() {
    race(Bounds::preemptions(2), || {
        let dropped = Tally::default();
        let posted = Signal::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let stop = handle.clone();
        let stopper = thread::spawn(move || stop.end_clean_up());
        let mut poster = None;
        let body = async {
            let (origin, posted) = (Origin::here(), posted.clone());
            let clean_up = endless(Counted(dropped.clone()));
            poster = Some(thread::spawn(move || {
                origin.clean_up(clean_up);
                posted.fire();
            }));
        };
        block_on(CancelScope::new().run(async {
            scope.run(body).await.unwrap();
            posted.clone().wait().await;
            // What came after the end of the inner scope is this one's, which ends it as well.
            crate::scope::ScopeHandle::current().expect("a scope is current").end_clean_up();
        }))
        .unwrap();
        poster.expect("the body ran").join().unwrap();
        stopper.join().unwrap();
        assert_eq!(dropped.count(), 1, "taken, passed on or refused: dropped once");
    });
}
