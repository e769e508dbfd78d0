//! Cancelling against what a body does meanwhile.

use super::{Signal, Tally, race};
use crate::loom::{Bounds, block_on, thread};
use crate::scope::{CancelScope, Cause, Gate, ScopeHandle, cancelled, defer, shield, stopping};
use core::future::{pending, poll_fn};

/// Runs `body` in a scope that another thread cancels, and asserts what must come of it.
fn cancelled_meanwhile<T>(body: impl Future<Output = T>, check: impl FnOnce(Result<T, Cause>)) {
    let scope = CancelScope::new();
    let handle = scope.handle();
    let canceller = thread::spawn(move || handle.cancel("stop"));
    let outcome = block_on(scope.run(body));
    canceller.join().unwrap();
    check(outcome.map_err(|cancelled| cancelled.cause));
}

#[test]
fn cancel_races_the_first_poll() {
    race(Bounds::EXHAUSTIVE, || {
        let polls = Tally::default();
        let polled = polls.clone();
        let body = poll_fn(move |_| {
            polled.add();
            core::task::Poll::<()>::Pending
        });
        cancelled_meanwhile(body, |outcome| assert_eq!(outcome, Err("stop".into())));
        assert!(polls.count() >= 1, "a body is polled before it is dropped");
    });
}

#[test]
fn cancel_races_body_completion() {
    race(Bounds::preemptions(3), || {
        let signal = Signal::default();
        let waited = signal.clone();
        let firing = thread::spawn(move || signal.fire());
        let body = async {
            waited.wait().await;
            7
        };
        cancelled_meanwhile(body, |outcome| match outcome {
            Ok(value) => assert_eq!(value, 7),
            Err(cause) => assert_eq!(cause, "stop".into()),
        });
        firing.join().unwrap();
    });
}

#[test]
fn cancel_races_nested_scope_opening() {
    race(Bounds::preemptions(3), || {
        let after = Tally::default();
        let passed = after.clone();
        let body = async move {
            let _ = CancelScope::new().run(pending::<()>()).await;
            passed.add();
        };
        cancelled_meanwhile(body, |outcome| assert_eq!(outcome, Err("stop".into())));
        assert_eq!(after.count(), 0, "the outermost cancelled scope catches, not one inside");
    });
}

#[test]
fn cancel_races_a_finalizer_being_added() {
    race(Bounds::EXHAUSTIVE, || {
        let runs = Tally::default();
        let ran = runs.clone();
        let body = async move {
            defer(async move { ran.add() });
            pending::<()>().await;
        };
        cancelled_meanwhile(body, |outcome| assert_eq!(outcome, Err("stop".into())));
        assert_eq!(runs.count(), 1, "what was deferred runs once, before the scope resolves");
    });
}

#[test]
fn cancel_races_an_await_that_begins() {
    race(Bounds::EXHAUSTIVE, || {
        let body = async {
            let mut gate = Gate::new();
            poll_fn(|cx| gate.poll_enter(cx)).await;
        };
        cancelled_meanwhile(body, |outcome| {
            if let Err(cause) = outcome {
                assert_eq!(cause, "stop".into());
            }
        });
    });
}

#[test]
fn cancel_races_cancelled() {
    race(Bounds::preemptions(3), || {
        let heard = Tally::default();
        let hears = heard.clone();
        let body = shield(async {
            // A shield hears only of itself: what is awaited is the cancellation of a scope inside.
            let scope = CancelScope::new();
            let handle = scope.handle();
            let canceller = thread::spawn(move || handle.cancel("inner"));
            let outcome = scope.run(async { cancelled().await }).await;
            hears.add();
            canceller.join().unwrap();
            assert!(outcome.is_ok(), "a body that is ready gives its value");
        });
        block_on(body);
        assert_eq!(heard.count(), 1);
    });
}

#[test]
fn drain_races_stopping() {
    race(Bounds::EXHAUSTIVE, || {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let drainer = thread::spawn(move || handle.drain());
        let outcome = block_on(scope.run(stopping()));
        drainer.join().unwrap();
        assert!(outcome.is_ok());
    });
}

#[test]
fn abort_races_a_finalizer_being_added() {
    race(Bounds::EXHAUSTIVE, || {
        let runs = Tally::default();
        let ran = runs.clone();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let aborter = thread::spawn(move || handle.abort("now"));
        let outcome = block_on(scope.run(async move {
            defer(async move { ran.add() });
            pending::<()>().await;
        }));
        aborter.join().unwrap();
        assert!(outcome.is_err() && runs.count() <= 1);
    });
}

#[test]
fn two_cancels_race() {
    race(Bounds::preemptions(3), || {
        let scope = CancelScope::new();
        let (one, two) = (scope.handle(), scope.handle());
        let first = thread::spawn(move || {
            one.cancel("one");
            one.cause()
        });
        let second = thread::spawn(move || {
            two.cancel("two");
            two.cause()
        });
        let outcome = Some(block_on(scope.run(pending::<()>())).unwrap_err().cause);
        for cause in [first.join().unwrap(), second.join().unwrap()] {
            // A scope that has ended has no cause in force.
            assert!(cause.is_none() || cause == outcome, "the first cause is kept");
        }
    });
}

#[test]
fn a_handle_dropped_last_races_the_end() {
    race(Bounds::EXHAUSTIVE, || {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let dropper = thread::spawn(move || drop(handle));
        block_on(scope.run(async {})).unwrap();
        dropper.join().unwrap();
    });
}

#[test]
fn a_handle_that_is_used_races_the_end_of_its_scope() {
    race(Bounds::EXHAUSTIVE, || {
        let mut user = None;
        let outcome = block_on(CancelScope::new().run(async {
            let handle = ScopeHandle::current().expect("a body has a current scope");
            user = Some(thread::spawn(move || {
                handle.set_shield(true);
                handle.cancel("late");
                handle.cause()
            }));
        }));
        assert!(outcome.is_ok(), "a body that is ready gives its value");
        assert!(user.expect("the body ran").join().unwrap().is_none_or(|cause| cause == "late".into()));
    });
}
