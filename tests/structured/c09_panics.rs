//! C9: a scope catches panics, runs what must run, then resumes the first.

use crate::support::{Journal, OnDrop, everywhere, message, never, turns};
use arbour::{CancelScope, clean_up, defer, shield, task_group};
use futures::FutureExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

async fn caught<T: std::fmt::Debug>(future: impl Future<Output = T>) -> String {
    message(AssertUnwindSafe(future).catch_unwind().await)
}

#[test]
fn a_panic_of_the_body_is_resumed_after_children_and_finalizers() {
    everywhere(10, || async {
        let journal = Journal::default();
        let inside = journal.clone();
        let group = task_group(async move |group| {
            defer(inside.later("finalizer"));
            let held = inside.later("child ended");
            group.spawn_value(shield(held));
            turns(2).await;
            panic!("body");
        });
        let said = caught(async { group.await.map(|(): ()| ()) }).await;
        assert_eq!(said, "body");
        // Whether the child had begun or not, it was polled, shielded, and waited for.
        journal.is(["child ended", "finalizer"]);
    });
}

#[test]
fn a_panic_of_a_cancelled_bodys_drop_is_resumed_after_the_finalizers() {
    everywhere(5, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        scope.handle().cancel("before");
        let said = caught(scope.run(async {
            defer(journal.later("finalizer"));
            let _guard = OnDrop::new(|| panic!("in a drop"));
            never::<()>().await;
        }))
        .await;
        assert_eq!(said, "in a drop");
        journal.is(["finalizer"]);
    });
}

#[test]
fn a_panic_of_a_nested_bodys_drop_runs_the_finalizers_of_every_scope_around_it() {
    everywhere(5, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let said = caught(scope.run(async {
            defer(journal.later("outer finalizer"));
            let inner = CancelScope::new().run(async {
                defer(journal.later("inner finalizer"));
                let _guard = OnDrop::new(|| panic!("in a nested drop"));
                handle.cancel("both");
                never::<()>().await;
            });
            let _ = inner.await;
        }))
        .await;
        assert_eq!(said, "in a nested drop");
        journal.is(["inner finalizer", "outer finalizer"]);
    });
}

#[test]
fn a_panic_inside_nested_scopes_runs_the_finalizers_of_each_innermost_first() {
    everywhere(5, || async {
        let journal = Journal::default();
        let said = caught(CancelScope::new().run(async {
            defer(journal.later("outer finalizer"));
            let inner = CancelScope::new().run(async {
                defer(journal.later("inner finalizer"));
                panic!("deep inside");
            });
            let _: Result<(), _> = inner.await;
        }))
        .await;
        assert_eq!(said, "deep inside");
        journal.is(["inner finalizer", "outer finalizer"]);
    });
}

/// Panics when it is polled, and what it holds is dropped only with it.
struct PanicsWhole<G>(G);

impl<G> Future for PanicsWhole<G> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        panic!("in the poll");
    }
}

#[test]
fn what_a_panicked_body_still_holds_is_dropped_in_its_own_scope() {
    everywhere(5, || async {
        let journal = Journal::default();
        let noted = journal.clone();
        let guard = OnDrop::new(move || clean_up(noted.later("cleaned up")));
        // The scope's own body is what panics: it is no async block that drops its locals at once.
        let said = caught(CancelScope::new().run(async {
            let inner = CancelScope::new().run(PanicsWhole(guard));
            let outcome = AssertUnwindSafe(inner).catch_unwind().await;
            journal.note("inner ended");
            std::panic::resume_unwind(outcome.unwrap_err());
        }))
        .await;
        assert_eq!(said, "in the poll");
        journal.is(["cleaned up", "inner ended"]);
    });
}

#[test]
fn of_a_panic_in_the_poll_and_one_in_the_drop_the_first_is_resumed_after_the_finalizers() {
    everywhere(5, || async {
        let journal = Journal::default();
        let guard = OnDrop::new(|| panic!("in the drop"));
        let late = async {
            defer(journal.later("finalizer"));
            never::<()>().await;
        };
        let body = futures::future::join(late, PanicsWhole(guard));
        assert_eq!(caught(CancelScope::new().run(body)).await, "in the poll");
        journal.is(["finalizer"]);
    });
}

#[test]
fn a_scope_dropped_while_a_panic_unwinds_does_not_abort_when_its_body_panics_too() {
    everywhere(5, || async {
        let journal = Journal::default();
        let said = caught(CancelScope::new().run(async {
            let mut inner = Box::pin(CancelScope::new().run(async {
                defer(journal.later("finalizer"));
                let _guard = OnDrop::new(|| panic!("second"));
                never::<()>().await;
            }));
            assert!(crate::support::poll_once(&mut inner).await.is_pending());
            panic!("first");
        }))
        .await;
        assert_eq!(said, "first");
        journal.is(["finalizer"]);
    });
}

#[test]
fn a_drop_by_foreign_code_resumes_a_panic_of_the_bodys_drop() {
    everywhere(5, || async {
        let mut scope = Box::pin(CancelScope::new().run(async {
            let _guard = OnDrop::new(|| panic!("in a drop"));
            never::<()>().await;
        }));
        assert!(crate::support::poll_once(&mut scope).await.is_pending());
        assert_eq!(message(catch_unwind(AssertUnwindSafe(|| drop(scope)))), "in a drop");
    });
}

#[test]
fn a_panic_passes_through_a_shield_and_a_catch() {
    everywhere(2, || async {
        assert_eq!(caught(shield(async { panic!("shielded") })).await, "shielded");
        assert_eq!(caught(arbour::catch_cancel(async { panic!("caught") })).await, "caught");
    });
}

#[test]
fn a_panic_in_a_childs_drop_is_a_failure_of_the_group() {
    everywhere(5, || async {
        let (begins, begun) = tokio::sync::oneshot::channel();
        let outcome = task_group(async |group| {
            group.spawn_value(async {
                let _guard = OnDrop::new(|| panic!("while being cancelled"));
                begins.send(()).unwrap();
                never::<()>().await;
            });
            begun.await.unwrap();
            group.cancel("end");
            never::<()>().await;
        });
        let error = outcome.await.unwrap_err();
        assert!(error.failures()[0].is_panic(), "{error}");
    });
}
