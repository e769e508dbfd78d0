//! C4: the outermost cancelled scope catches.

use crate::support::{Journal, everywhere, never, poll_once, turns};
use arbour::{CancelScope, Cause, GroupError, catch_cancel, clean_up, defer, shield, task_group};
use std::task::Poll;

#[test]
fn code_after_an_inner_scope_does_not_run_when_the_outer_was_cancelled() {
    everywhere(30, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let other = tokio::spawn(async move {
            turns(3).await;
            handle.cancel("outer");
        });
        let outcome = scope
            .run(async {
                defer(journal.later("outer finalizer"));
                let inner = CancelScope::new().run(async {
                    defer(journal.later("inner finalizer"));
                    never::<()>().await;
                });
                let _ = inner.await;
                journal.note("code after the inner scope");
            })
            .await;
        assert_eq!(outcome.unwrap_err().cause, Cause::from("outer"));
        journal.is(["inner finalizer", "outer finalizer"]);
        other.await.unwrap();
    });
}

#[test]
fn code_after_an_inner_group_does_not_run_when_the_outer_was_cancelled() {
    everywhere(30, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let noted = journal.clone();
        let outcome = scope
            .run(async {
                let inner = task_group(async move |group| {
                    group.spawn_value(async move {
                        let _guard = noted.at_drop("child ended");
                        turns(3).await;
                        handle.cancel("outer");
                        never::<()>().await;
                    });
                    never::<()>().await;
                });
                let _ = inner.await;
                journal.note("code after the inner group");
            })
            .await;
        assert!(outcome.is_err());
        journal.is(["child ended"]);
    });
}

#[test]
fn a_scope_cancelled_itself_and_from_outside_stays_pending() {
    everywhere(10, || async {
        let journal = Journal::default();
        let outer = CancelScope::new();
        let (cancel_outer, inner) = (outer.handle(), CancelScope::new());
        let cancel_inner = inner.handle();
        let outcome = outer
            .run(async {
                cancel_inner.cancel("inner");
                cancel_outer.cancel("outer");
                let _ = inner.run(never::<()>()).await;
                journal.note("resolved");
            })
            .await;
        assert_eq!(outcome.unwrap_err().cause, Cause::from("outer"));
        journal.is([]);
    });
}

#[test]
fn a_scope_cancelled_by_itself_resolves_and_the_code_after_it_runs() {
    everywhere(10, || async {
        let outer = CancelScope::new();
        let inner = CancelScope::new();
        let cancel = inner.handle();
        let outcome = outer.run(async {
            cancel.cancel("inner");
            inner.run(never::<()>()).await.unwrap_err().cause
        });
        assert_eq!(outcome.await.unwrap(), Cause::from("inner"));
    });
}

#[test]
fn a_value_given_by_the_body_is_delivered_though_the_outer_is_cancelled() {
    everywhere(10, || async {
        let outer = CancelScope::new();
        let cancel = outer.handle();
        let outcome = outer.run(async {
            let inner = CancelScope::new().run(async {
                defer(turns(3));
                cancel.cancel("while it ends");
                "value"
            });
            inner.await.unwrap()
        });
        assert_eq!(outcome.await.unwrap(), "value");
    });
}

#[test]
fn a_panic_of_the_body_is_delivered_though_the_outer_is_cancelled() {
    everywhere(5, || async {
        let outer = CancelScope::new();
        let cancel = outer.handle();
        let outer = outer.run(async {
            let _: Result<(), _> = CancelScope::new()
                .run(async {
                    defer(turns(3));
                    cancel.cancel("while it ends");
                    panic!("given");
                })
                .await;
        });
        let caught = futures::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(outer)).await;
        assert_eq!(crate::support::message(caught), "given");
    });
}

#[test]
fn a_passing_scope_resolves_when_the_outside_cancellation_is_lifted_by_a_shield() {
    everywhere(10, || async {
        let outer = CancelScope::new();
        let cancel = outer.handle();
        let inner = CancelScope::new();
        let own = inner.handle();
        let outcome = outer.run(async {
            cancel.cancel("outer");
            let lift = shield(async {
                turns(5).await;
                own.set_shield(true);
                turns(5).await;
            });
            let (inner, ()) = tokio::join!(inner.run(never::<()>()), lift);
            inner.unwrap_err().cause
        });
        assert_eq!(outcome.await.unwrap(), Cause::from("outer"));
    });
}

#[test]
fn a_passing_scope_resolves_when_it_is_moved_out_of_the_cancelled_one() {
    everywhere(5, || async {
        let outer = CancelScope::new();
        let cancel = outer.handle();
        let mut parked = Box::pin(CancelScope::new().run(never::<()>()));
        let outcome = outer.run(async {
            cancel.cancel("outer");
            assert!(poll_once(&mut parked).await.is_pending());
            "done"
        });
        assert_eq!(outcome.await.unwrap(), "done");
        assert!(matches!(poll_once(&mut parked).await, Poll::Ready(Err(_))));
    });
}

#[test]
fn what_arrives_at_a_passing_scope_goes_to_its_nearest_living_ancestor() {
    everywhere(10, || async {
        let journal = Journal::default();
        let outer = CancelScope::new();
        let cancel = outer.handle();
        let (put, mut take) = tokio::sync::oneshot::channel();
        let outcome = outer
            .run(async {
                cancel.cancel("outer");
                let inner = CancelScope::new().run(async {
                    put.send(arbour::Origin::here()).unwrap();
                    never::<()>().await;
                });
                let late = shield(async {
                    turns(3).await;
                    let origin = take.try_recv().unwrap();
                    let noted = journal.later("cleaned up");
                    tokio::spawn(async move { origin.clean_up(noted) }).await.unwrap();
                });
                tokio::join!(inner, late).0
            })
            .await;
        assert!(outcome.is_err());
        journal.is(["cleaned up"]);
    });
}

#[test]
fn the_scope_of_a_child_task_always_ends() {
    everywhere(20, || async {
        let outcome = task_group(async |group| {
            let child = group.spawn_value(never::<()>());
            let nested = group.spawn_value(CancelScope::new().run(never::<()>()));
            turns(2).await;
            group.cancel("outside of the child");
            drop((child, nested));
        });
        outcome.await.unwrap();
    });
}

#[test]
fn a_group_cancelled_from_outside_with_a_failure_inside_gives_the_failure() {
    everywhere(300, || async {
        let outer = CancelScope::new();
        let cancel = outer.handle();
        let outcome = outer.run(async {
            let (begins, begun) = tokio::sync::oneshot::channel();
            task_group(async |group| {
                group.spawn(async {
                    let waits = catch_cancel(async {
                        begins.send(()).unwrap();
                        never::<()>().await;
                    });
                    let _ = waits.await;
                    Err::<(), _>(std::io::Error::other("while being cancelled"))
                });
                begun.await.unwrap();
                cancel.cancel("outer");
                never::<()>().await;
            })
            .await
            .unwrap_err()
        });
        let error: GroupError = outcome.await.expect("the failure is delivered");
        assert!(error.find::<std::io::Error>().is_some(), "{error}");
    });
}

#[test]
fn a_passing_scope_does_not_hold_the_body_around_it() {
    everywhere(10, || async {
        let journal = Journal::default();
        let outer = CancelScope::new();
        let cancel = outer.handle();
        let outcome = outer.run(async {
            let _guard = journal.at_drop("outer body dropped");
            clean_up(journal.later("outer cleaned up"));
            cancel.cancel("outer");
            CancelScope::new().run(never::<()>()).await.ok();
        });
        assert!(outcome.await.is_err());
        journal.is(["outer body dropped", "outer cleaned up"]);
    });
}
