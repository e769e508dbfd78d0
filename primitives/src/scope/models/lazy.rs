//! A node that is made in the middle of a poll, against what comes from outside meanwhile.

use super::{Signal, Tally, race};
use crate::loom::{Bounds, block_on, thread};
use crate::scope::{CancelScope, Origin, ScopeHandle, defer, lazily};
use core::future::pending;

/// Either the cancellation comes first and the new node has its flag, or the node hears of it afterwards.
#[test]
fn cancel_races_the_making_of_a_node() {
    race(Bounds::preemptions(3), || {
        let (begun, ended) = (Tally::default(), Tally::default());
        let scope = CancelScope::new();
        let handle = scope.handle();
        let canceller = thread::spawn(move || handle.cancel("stop"));
        let (begins, ends) = (begun.clone(), ended.clone());
        let outcome = block_on(scope.run(async {
            let body = async move {
                begins.add();
                defer(async move { ends.add() });
                pending::<()>().await;
            };
            lazily(body).await
        }));
        canceller.join().unwrap();
        assert!(outcome.is_err());
        assert_eq!(begun.count(), ended.count(), "what was deferred in a node runs, whenever that was made");
    });
}

#[test]
fn cancel_of_a_made_node_races_the_poll_that_made_it() {
    race(Bounds::preemptions(3), || {
        let mut canceller = None;
        let outcome = block_on(CancelScope::new().run(async {
            let body = async {
                let own = ScopeHandle::current().expect("it is made");
                canceller = Some(thread::spawn(move || own.cancel("stop")));
                pending::<()>().await;
            };
            assert!(lazily(body).await.is_err(), "it resolves for a cancellation of its own");
        }));
        canceller.expect("the body ran").join().unwrap();
        assert!(outcome.is_ok(), "what is around is not cancelled");
    });
}

/// The poll that made the node began before the cancellation, so that another one comes before the drop.
#[test]
fn what_is_ready_before_the_cancel_is_delivered() {
    race(Bounds::preemptions(3), || {
        let mut canceller = None;
        let scope = CancelScope::new();
        let around = scope.handle();
        let outcome = block_on(scope.run(async {
            let body = async {
                assert!(ScopeHandle::current().is_some());
                let ready = Signal::default();
                let fire = ready.clone();
                canceller = Some(thread::spawn(move || {
                    fire.fire();
                    around.cancel("stop");
                }));
                ready.wait().await;
            };
            lazily(body).await
        }));
        canceller.expect("the body ran").join().unwrap();
        assert!(matches!(outcome, Ok(Ok(()))), "a cancelled body is polled before it is dropped");
    });
}

#[test]
fn clean_up_races_the_end_of_a_made_node() {
    race(Bounds::preemptions(3), || {
        let runs = Tally::default();
        let mut poster = None;
        let outcome = block_on(CancelScope::new().run(async {
            let posted = Signal::default();
            let inner = lazily(async {
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
