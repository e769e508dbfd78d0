//! Scopes, shields, catches, limits of time, values, the root.

use crate::support::{Held, MS, hold, sweep, turns};
use arbour::{
    CancelScope, Root, ScopeHandle, cancelled, catch_cancel, defer, fail_after, fail_at, move_on_after,
    move_on_at, scoped_value, shield, stopping,
};
use arbour_primitives::scope::lazily;
use std::cell::Cell;
use tokio::time::{Instant, sleep};

scoped_value! {
    static DEPTH: u32;
}

#[test]
fn a_scope() {
    let held = Held::default();
    let make = || async {
        let body = async {
            defer(hold(held.clone(), 2));
            hold(held.clone(), 2).await;
        };
        CancelScope::new().run(body).await.unwrap();
    };
    sweep(make, |_| held.is_nothing());
}

/// One that nobody asks for until its body is dropped, one that is asked for in the middle, one inside of it.
#[test]
fn a_scope_that_is_made_lazily() {
    let held = Held::default();
    let make = || async {
        let quiet = || lazily(hold(held.clone(), 2));
        quiet().await.unwrap();
        let body = async {
            turns(1).await;
            defer(hold(held.clone(), 2));
            quiet().await.unwrap();
        };
        lazily(body).await.unwrap();
        held.is_nothing();
    };
    sweep(make, |_| held.is_nothing());
}

/// Who goes on behind a shielded section has seen it finished.
#[test]
fn a_shield() {
    let held = Held::default();
    let (begun, ended) = (Cell::new(false), Cell::new(false));
    let make = || async {
        begun.set(false);
        ended.set(false);
        turns(1).await;
        let section = async {
            begun.set(true);
            hold(held.clone(), 3).await;
            ended.set(true);
        };
        shield(section).await;
        "behind it"
    };
    sweep(make, |run| {
        held.is_nothing();
        assert!(run.output.is_none() || (begun.get() && ended.get()));
    });
}

#[test]
fn a_catch() {
    let held = Held::default();
    let make = || async {
        let caught = catch_cancel(hold(held.clone(), 3)).await;
        let _again = held.take();
        turns(1).await;
        caught.is_ok()
    };
    sweep(make, |run| {
        held.is_nothing();
        assert!(run.output.is_none_or(|whole| whole));
    });
}

#[test]
fn a_wait_for_a_cancellation() {
    let make = || async {
        let outcome = CancelScope::new().run(async {
            let own = ScopeHandle::current().unwrap();
            let cancel = async {
                turns(2).await;
                own.cancel("here");
            };
            tokio::join!(cancelled(), cancel);
        });
        outcome.await.is_ok()
    };
    sweep(make, |run| assert!(run.output.is_none_or(|heard| heard)));
}

#[test]
fn a_wait_for_a_drain() {
    let make = || async {
        let outcome = CancelScope::new().run(async {
            let own = ScopeHandle::current().unwrap();
            let drain = async {
                turns(2).await;
                own.drain();
            };
            tokio::join!(stopping(), drain);
        });
        outcome.await.is_ok()
    };
    sweep(make, |run| assert!(run.output.is_none_or(|heard| heard)));
}

#[test]
fn a_limit_after_some_time() {
    let held = Held::default();
    let slow = || async {
        let _hold = held.take();
        sleep(2 * MS).await;
    };
    let make = || async {
        let moved = move_on_after(MS, slow()).await.is_err();
        let failed = fail_after(MS, slow()).await.is_err();
        moved && failed && fail_after(9 * MS, slow()).await.is_ok()
    };
    sweep(make, |run| {
        held.is_nothing();
        assert!(run.output.is_none_or(|in_time| in_time));
    });
}

#[test]
fn a_limit_at_some_time() {
    let held = Held::default();
    let slow = || async {
        let _hold = held.take();
        sleep(2 * MS).await;
    };
    let make = || async {
        let at = |after| (Instant::now() + after).into_std();
        let moved = move_on_at(at(MS), slow()).await.is_err();
        let failed = fail_at(at(MS), slow()).await.is_err();
        moved && failed && fail_at(at(9 * MS), slow()).await.is_ok()
    };
    sweep(make, |run| {
        held.is_nothing();
        assert!(run.output.is_none_or(|in_time| in_time));
    });
}

/// The value is in force inside only, however the body ends.
#[test]
fn a_scoped_value() {
    let held = Held::default();
    let make = || async {
        let inner = DEPTH.scope(2, async {
            hold(held.clone(), 2).await;
            DEPTH.with(|depth| *depth)
        });
        let outer = DEPTH.scope(1, async { (inner.await, DEPTH.with(|depth| *depth)) });
        outer.await
    };
    sweep(make, |run| {
        held.is_nothing();
        assert!(run.output.is_none_or(|seen| seen == (Ok(2), Ok(1))), "{:?}", run.output);
        assert!(DEPTH.with(|depth| *depth).is_err(), "it is in force outside");
    });
}

#[test]
fn a_root() {
    let held = Held::default();
    let make = || async {
        let body = async {
            defer(hold(held.clone(), 2));
            hold(held.clone(), 2).await;
        };
        Root::new().signals(false).run_async(body).await.result.is_ok()
    };
    sweep(make, |run| {
        held.is_nothing();
        assert!(run.output.is_none_or(|whole| whole));
    });
}
