//! C8: body, children, clean-ups, finalizers, in this order and in whatever way the body ended.

use crate::support::{Journal, MS, everywhere, message, never, paused, poll_once, turns, until};
use arbour::{CancelScope, Failure, ScopeHandle, clean_up, defer, move_on_after, shield, task_group};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use tokio::sync::oneshot;

#[test]
fn body_then_children_then_clean_ups_then_finalizers() {
    everywhere(20, || async {
        let journal = Journal::default();
        let inside = journal.clone();
        let outcome = task_group(async move |group| {
            let _guard = inside.at_drop("body");
            defer(inside.later("first deferred, last run"));
            defer(inside.later("finalizer"));
            let (ended, child_ended) = oneshot::channel::<()>();
            let child = inside.clone();
            group.spawn_value(shield(async move {
                until(|| child.holds("body")).await;
                child.note("child");
                drop(ended);
            }));
            let last = inside.clone();
            clean_up(async move {
                child_ended.await.ok();
                turns(10).await;
                last.note("clean-up");
            });
            turns(2).await;
            group.cancel("end");
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        journal.note("resolved");
        journal.is(["body", "child", "clean-up", "finalizer", "first deferred, last run", "resolved"]);
    });
}

#[test]
fn finalizers_run_after_a_value_an_error_a_panic_a_cancellation_a_deadline_and_a_foreign_drop() {
    paused(|| async {
        let journal = Journal::default();
        let finalizer = |what| {
            let journal = journal.clone();
            defer(async move { journal.later(what).await });
        };
        CancelScope::new().run(async { finalizer("value") }).await.unwrap();
        let error = CancelScope::new().run(async {
            finalizer("error");
            Err::<(), _>("bad")
        });
        assert_eq!(error.await.unwrap(), Err("bad"));
        let panic = CancelScope::new().run(async {
            finalizer("panic");
            panic!("boom");
        });
        let caught: Result<Result<(), _>, _> = AssertUnwindSafe(panic).catch_unwind().await;
        assert_eq!(message(caught), "boom");
        let scope = CancelScope::new();
        scope.handle().cancel("before");
        let cancel = scope.run(async {
            finalizer("cancel");
            never::<()>().await;
        });
        assert!(cancel.await.is_err());
        let deadline = move_on_after(5 * MS, async {
            finalizer("deadline");
            never::<()>().await;
        });
        assert!(deadline.await.is_err());
        let around = CancelScope::new().run(async {
            tokio::select! { biased;
                _ = CancelScope::new().run(async { finalizer("foreign drop"); never::<()>().await }) => {}
                () = turns(2) => {}
            }
        });
        around.await.unwrap();
        journal.is(["value", "error", "panic", "cancel", "deadline", "foreign drop"]);
    });
}

#[test]
fn a_finalizer_runs_shielded_in_a_scope_of_its_own() {
    everywhere(10, || async {
        let journal = Journal::default();
        let noted = journal.clone();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let (outside, ending) = (handle.clone(), handle.id());
        let outcome = scope.run(async move {
            defer(async move {
                let own = ScopeHandle::current().unwrap();
                assert_ne!(own.id(), ending);
                assert!(!own.is_cancelled() && outside.is_cancelled());
                // It may use every await, open groups and shields, and catch.
                let value = task_group(async |group| group.spawn_value(async { 7 }).await.unwrap()).await;
                let caught = arbour::catch_cancel(async { 8 }).await;
                noted.note(format!("{value:?} {caught:?}"));
            });
            handle.cancel("the scope");
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        journal.is(["Ok(7) Ok(8)"]);
    });
}

#[test]
fn what_a_finalizer_defers_runs_before_the_next_one() {
    everywhere(10, || async {
        let journal = Journal::default();
        let noted = journal.clone();
        let scope = CancelScope::new().run(async move {
            defer(noted.later("next"));
            let inner = noted.later("deferred in the finalizer");
            let own = noted.later("finalizer");
            defer(async move {
                defer(inner);
                own.await;
            });
        });
        scope.await.unwrap();
        journal.is(["finalizer", "deferred in the finalizer", "next"]);
    });
}

#[test]
fn a_finalizer_that_defers_itself_ten_thousand_times_needs_no_stack() {
    fn again(left: usize, journal: Journal) {
        defer(async move {
            if left == 0 {
                journal.note("last");
            } else {
                again(left - 1, journal);
            }
        });
    }
    everywhere(1, || async {
        let journal = Journal::default();
        let noted = journal.clone();
        CancelScope::new().run(async move { again(10_000, noted) }).await.unwrap();
        journal.is(["last"]);
    });
}

#[test]
fn what_a_finalizer_cleans_up_ends_before_the_next_finalizer() {
    everywhere(10, || async {
        let journal = Journal::default();
        let noted = journal.clone();
        let scope = CancelScope::new().run(async move {
            defer(noted.later("next"));
            let inner = noted.later("cleaned up in the finalizer");
            defer(async move {
                clean_up(async move {
                    turns(5).await;
                    inner.await;
                });
            });
        });
        scope.await.unwrap();
        journal.is(["cleaned up in the finalizer", "next"]);
    });
}

#[test]
fn a_finalizer_that_panics_does_not_stop_the_others() {
    everywhere(5, || async {
        let journal = Journal::default();
        let noted = journal.clone();
        let scope = CancelScope::new().run(async move {
            defer(noted.later("first deferred"));
            defer(async { panic!("in a finalizer") });
            defer(noted.later("last deferred"));
            1
        });
        assert_eq!(scope.await.unwrap(), 1);
        journal.is(["last deferred", "first deferred"]);
    });
}

#[test]
fn a_clean_up_that_panics_does_not_stop_the_others() {
    everywhere(5, || async {
        let journal = Journal::default();
        let noted = journal.clone();
        let scope = CancelScope::new().run(async move {
            clean_up(async { panic!("in a clean-up") });
            clean_up(noted.later("another"));
            defer(noted.later("finalizer"));
        });
        scope.await.unwrap();
        journal.is(["another", "finalizer"]);
    });
}

#[test]
fn the_finalizer_waits_for_a_child_that_shields_itself() {
    everywhere(10, || async {
        let journal = Journal::default();
        let inside = journal.clone();
        let outcome = task_group(async move |group| {
            defer(inside.later("lease released"));
            let committing = inside.clone();
            group.spawn_value(shield(async move {
                turns(20).await;
                committing.note("child commits");
            }));
            turns(2).await;
            group.cancel("end");
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        journal.is(["child commits", "lease released"]);
    });
}

#[test]
fn a_child_spawned_by_a_child_late_is_waited_for_too() {
    everywhere(10, || async {
        let journal = Journal::default();
        let inside = journal.clone();
        let outcome = task_group(async move |group| {
            defer(inside.later("finalizer"));
            let spawner = group.clone();
            group.spawn(async move {
                turns(5).await;
                spawner.spawn_value(inside.later("grandchild"));
                Ok::<_, Failure>(())
            });
        });
        outcome.await.unwrap();
        journal.is(["grandchild", "finalizer"]);
    });
}

#[test]
fn a_finalizer_is_not_ended_by_a_cancellation_that_comes_later() {
    everywhere(10, || async {
        let journal = Journal::default();
        let outer = CancelScope::new();
        let cancel = outer.handle();
        let noted = journal.clone();
        let inner = CancelScope::new();
        let cancel_inner = inner.handle();
        let outcome = outer.run(inner.run(async move {
            defer(async move {
                cancel_inner.cancel("late");
                cancel.cancel("late");
                noted.later("finished all the same").await;
            });
            "value"
        }));
        assert_eq!(outcome.await.unwrap().unwrap(), "value");
        journal.is(["finished all the same"]);
    });
}

#[test]
fn the_scope_is_pending_until_its_finalizer_has_ended() {
    everywhere(5, || async {
        let (open, gate) = oneshot::channel::<()>();
        let mut scope = Box::pin(CancelScope::new().run(async {
            defer(async move { gate.await.unwrap() });
            5
        }));
        for _ in 0..5 {
            assert!(poll_once(&mut scope).await.is_pending());
        }
        open.send(()).unwrap();
        assert_eq!(scope.await.unwrap(), 5);
    });
}
