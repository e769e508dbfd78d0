//! C11: structure holds under drop.

use crate::support::{Journal, MS, everywhere, never, one_thread, paused, poll_once, tasks, turns, until};
use arbour::{CancelScope, clean_up, defer, shield, task_group};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::time::sleep;

/// E1.
#[test]
fn a_long_lived_loop_that_drops_a_group_each_turn_leaves_nothing_behind_while_it_runs() {
    everywhere(1, || async {
        let before = tasks();
        let ended = Arc::new(AtomicUsize::new(0));
        let server = CancelScope::new().run(async {
            for _ in 0..1000 {
                let count = |ended: &Arc<AtomicUsize>| {
                    let ended = Arc::clone(ended);
                    async move {
                        turns(1).await;
                        ended.fetch_add(1, Ordering::Relaxed);
                    }
                };
                let (finalizer, of_child, cleanup) = (count(&ended), count(&ended), count(&ended));
                let (begins, begun) = tokio::sync::oneshot::channel();
                tokio::select! { biased;
                    _ = task_group(async |group| {
                        defer(finalizer);
                        clean_up(cleanup);
                        group.spawn_value(async {
                            defer(of_child);
                            begins.send(()).unwrap();
                            never::<()>().await;
                        });
                        never::<()>().await;
                    }) => unreachable!("its body never ends"),
                    _ = begun => {}
                }
            }
            until(|| ended.load(Ordering::Relaxed) == 3000).await;
            until(|| tasks() == before).await;
            "the loop still runs"
        });
        assert_eq!(server.await.unwrap(), "the loop still runs");
    });
}

#[test]
fn no_drop_hands_a_child_or_a_finalizer_to_the_runtime_while_an_ancestor_lives() {
    one_thread().block_on(async {
        let outcome = CancelScope::new().run(async {
            let before = tasks();
            let mut group = Box::pin(task_group(async |group| {
                defer(turns(5));
                clean_up(turns(5));
                group.spawn_value(never::<()>());
                never::<()>().await;
            }));
            assert!(poll_once(&mut group).await.is_pending());
            assert_eq!(tasks(), before + 1);
            drop(group);
            assert_eq!(tasks(), before + 1, "only the child, as before");
            turns(20).await;
            assert_eq!(tasks(), before);
        });
        outcome.await.unwrap();
    });
}

#[test]
fn what_was_dropped_keeps_its_order_and_the_adopter_waits_for_it() {
    everywhere(10, || async {
        let journal = Journal::default();
        let adopter = CancelScope::new().run(async {
            defer(journal.later("adopter's finalizer"));
            let inside = journal.clone();
            let (begins, begun) = tokio::sync::oneshot::channel();
            tokio::select! { biased;
                _ = task_group(async |group| {
                    let _guard = inside.at_drop("body");
                    defer(inside.later("finalizer"));
                    let child = inside.clone();
                    group.spawn_value(shield(async move {
                        begins.send(()).unwrap();
                        until(|| child.holds("body")).await;
                        child.note("child");
                    }));
                    never::<()>().await;
                }) => {}
                _ = begun => {}
            }
        });
        adopter.await.unwrap();
        journal.is(["body", "child", "finalizer", "adopter's finalizer"]);
    });
}

#[test]
fn what_was_dropped_runs_at_once_beside_the_adopters_body() {
    everywhere(10, || async {
        let journal = Journal::default();
        let adopter = CancelScope::new().run(async {
            let mut scope = Box::pin(CancelScope::new().run(async {
                defer(journal.later("finalized"));
                never::<()>().await;
            }));
            assert!(poll_once(&mut scope).await.is_pending());
            drop(scope);
            until(|| journal.holds("finalized")).await;
            journal.note("body goes on");
        });
        adopter.await.unwrap();
        journal.is(["finalized", "body goes on"]);
    });
}

#[test]
fn a_foreign_timeout_leaves_the_group_to_the_scope_around_it() {
    paused(|| async {
        let journal = Journal::default();
        let adopter = CancelScope::new().run(async {
            let inside = journal.clone();
            let group = task_group(async move |group| {
                defer(inside.later("finalizer"));
                let slow = inside.clone();
                group.spawn_value(shield(async move {
                    sleep(100 * MS).await;
                    slow.note("child");
                }));
                never::<()>().await;
            });
            assert!(tokio::time::timeout(10 * MS, group).await.is_err());
            journal.note("timed out");
        });
        adopter.await.unwrap();
        journal.is(["timed out", "child", "finalizer"]);
    });
}

#[test]
fn an_aborted_foreign_task_outside_of_every_scope_still_ends_its_group() {
    everywhere(10, || async {
        let journal = Journal::default();
        let inside = journal.clone();
        let (begins, begun) = tokio::sync::oneshot::channel();
        let task = tokio::spawn(task_group(async move |group| {
            defer(inside.later("finalizer"));
            let child = inside.clone();
            group.spawn_value(async move {
                let _guard = child.at_drop("child");
                begins.send(()).unwrap();
                never::<()>().await;
            });
            never::<()>().await;
        }));
        begun.await.unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        until(|| journal.len() == 2).await;
        journal.is(["child", "finalizer"]);
    });
}

#[test]
fn a_group_dropped_unpolled_leaves_nothing() {
    everywhere(3, || async {
        let before = tasks();
        drop(task_group(async |group| {
            group.spawn_value(never::<()>());
        }));
        assert_eq!(tasks(), before);
    });
}

#[test]
fn remains_of_nested_groups_all_end_before_their_adopter() {
    everywhere(5, || async {
        let journal = Journal::default();
        let inside = journal.clone();
        let adopter = CancelScope::new().run(async {
            let (begins, begun) = tokio::sync::oneshot::channel();
            tokio::select! { biased;
                _ = task_group(async |_| {
                    defer(inside.later("outer"));
                    task_group(async |_| {
                        defer(inside.later("middle"));
                        CancelScope::new().run(async {
                            defer(inside.later("inner"));
                            begins.send(()).unwrap();
                            never::<()>().await;
                        }).await
                    }).await
                }) => {}
                _ = begun => {}
            }
        });
        adopter.await.unwrap();
        let mut all = journal.entries();
        all.sort();
        assert_eq!(all, ["inner", "middle", "outer"]);
    });
}

#[test]
fn an_adopter_that_is_dropped_itself_hands_its_remains_on() {
    everywhere(5, || async {
        let journal = Journal::default();
        let outermost = CancelScope::new().run(async {
            let mut adopter = Box::pin(CancelScope::new().run(async {
                let mut scope = Box::pin(CancelScope::new().run(async {
                    defer(journal.later("finalized"));
                    never::<()>().await;
                }));
                assert!(poll_once(&mut scope).await.is_pending());
                drop(scope);
                never::<()>().await;
            }));
            assert!(poll_once(&mut adopter).await.is_pending());
            drop(adopter);
        });
        outermost.await.unwrap();
        journal.is(["finalized"]);
    });
}

/// E13b.
#[test]
fn an_aborted_child_that_owns_a_group_ends_after_its_grandchild() {
    everywhere(10, || async {
        let journal = Journal::default();
        let inside = journal.clone();
        let outcome = task_group(async move |group| {
            let grandchild = inside.clone();
            let (begins, begun) = tokio::sync::oneshot::channel();
            let child = group.spawn_value(async move {
                let _ = task_group(async move |group| {
                    group.spawn_value(async move {
                        let _guard = grandchild.at_drop("grandchild");
                        begins.send(()).unwrap();
                        never::<()>().await;
                    });
                    never::<()>().await;
                })
                .await;
            });
            begun.await.unwrap();
            child.abort("at once");
            assert!(child.await.is_err());
            inside.note("child has ended");
        });
        outcome.await.unwrap();
        journal.is(["grandchild", "child has ended"]);
    });
}
