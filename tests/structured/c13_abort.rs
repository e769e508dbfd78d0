//! C13: the last gear, at any scope.

use crate::support::{Journal, SECOND, everywhere, never, one_thread, paused, turns};
use arbour::{
    CancelScope, GroupError, ScopeHandle, TaskError, TaskState, clean_up, defer, shield, task_group,
};
use std::future::poll_fn;
use std::task::Poll;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep};

#[test]
fn shields_running_clean_ups_and_finalizers_are_dropped_and_counted() {
    everywhere(3, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let (shielded, cleaning, deferred) =
            (journal.at_drop("shield"), journal.at_drop("clean-up"), journal.at_drop("finalizer"));
        let outcome = scope.run(async {
            clean_up(async move {
                let _cleaning = cleaning;
                never::<()>().await;
            });
            defer(async move { drop(deferred) });
            let aborter = async {
                turns(3).await;
                handle.abort("now");
            };
            let held = shield(async move {
                let _shielded = shielded;
                never::<()>().await;
            });
            tokio::join!(held, aborter);
        });
        assert!(outcome.await.is_err());
        journal.is(["shield", "clean-up", "finalizer"]);
        assert_eq!(handle.lost_clean_ups(), 2);
        assert!(handle.is_aborted());
    });
}

#[test]
fn clean_up_that_arrives_while_the_body_is_dropped_is_refused_and_counted() {
    everywhere(3, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let late = journal.clone();
        let guard = crate::support::OnDrop::new(move || {
            clean_up(late.later("ran"));
            defer(late.later("ran"));
        });
        let outcome = scope.run(async {
            let _guard = guard;
            handle.abort("now");
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        journal.is([]);
        assert_eq!(handle.lost_clean_ups(), 2);
    });
}

#[test]
fn nothing_of_an_aborted_scope_is_adopted_by_the_one_around_it() {
    everywhere(3, || async {
        let journal = Journal::default();
        CancelScope::new()
            .run(async {
                let inner = CancelScope::new();
                let handle = inner.handle();
                let mut inner = Box::pin(inner.run(async {
                    defer(journal.later("finalizer"));
                    clean_up(journal.later("clean-up"));
                    never::<()>().await;
                }));
                assert!(crate::support::poll_once(&mut inner).await.is_pending());
                handle.abort("now");
                drop(inner);
                turns(10).await;
            })
            .await
            .unwrap();
        assert!(!journal.holds("finalizer"), "{journal:?}");
    });
}

#[test]
fn children_and_grandchildren_are_aborted_in_turn_and_waited_for() {
    paused(|| async {
        let journal = Journal::default();
        let (child_gone, grandchild_gone) = (journal.at_drop("child"), journal.at_drop("grandchild"));
        let outcome = task_group(async |group| {
            group.spawn(async move {
                let _child_gone = child_gone;
                let inner = task_group(async |inner| {
                    inner.spawn_value(shield(async move {
                        let _grandchild_gone = grandchild_gone;
                        never::<()>().await;
                    }));
                    never::<()>().await;
                });
                shield(inner).await
            });
            turns(4).await;
            group.scope().abort("now");
            never::<()>().await;
        });
        assert!(matches!(outcome.await, Err(GroupError::Cancelled(_))));
        assert!(journal.holds("child") && journal.holds("grandchild"), "{journal:?}");
    });
}

#[test]
fn the_outcome_of_an_aborted_child_is_aborted_and_fails_no_group() {
    everywhere(3, || async {
        let group = task_group(async |group| {
            let never_ends = group.spawn_value(shield(never::<()>()));
            let has_ended = group.spawn_value(async { 7 });
            while !has_ended.is_finished() {
                tokio::task::yield_now().await;
            }
            never_ends.abort("now");
            has_ended.abort("too late");
            (never_ends.await, has_ended.await)
        });
        let (never_ends, has_ended) = group.await.unwrap();
        assert!(matches!(never_ends, Err(TaskError::Aborted)), "{never_ends:?}");
        assert!(matches!(has_ended, Ok(7)), "a value that was there is kept: {has_ended:?}");
    });
}

#[test]
fn a_child_that_was_cancelled_first_and_then_aborted_is_aborted() {
    paused(|| async {
        let group = task_group(async |group| {
            let child = group.spawn_value(async {
                defer(never());
                never::<()>().await;
            });
            turns(2).await;
            child.cancel("please");
            turns(2).await;
            child.abort("now");
            child.await
        });
        assert!(matches!(group.await.unwrap(), Err(TaskError::Aborted)));
    });
}

/// A group whose children are tasks of a runtime that nobody drives: they never come to a poll, like tasks
/// that do not yield.
async fn group_of_stuck_children<F: Future>(undriven: &Runtime, group: F) -> F::Output {
    let mut group = Box::pin(group);
    let first = poll_fn(|cx| {
        let _entered = undriven.enter();
        Poll::Ready(group.as_mut().poll(cx))
    });
    match first.await {
        Poll::Ready(output) => output,
        Poll::Pending => group.await,
    }
}

#[test]
fn a_task_that_does_not_yield_is_stuck_after_five_seconds_and_nobody_waits_for_it() {
    let undriven = Builder::new_current_thread().build().unwrap();
    one_thread().block_on(async {
        let began = Instant::now();
        let mut stuck = None;
        let outcome = group_of_stuck_children(
            &undriven,
            task_group(async |group| {
                stuck = Some(group.spawn_value(never::<()>()));
                turns(1).await;
                sleep(SECOND).await;
                group.scope().abort("now");
                never::<()>().await;
            }),
        );
        assert!(matches!(outcome.await, Err(GroupError::Cancelled(_))));
        assert_eq!(began.elapsed(), 6 * SECOND);
        let stuck = stuck.unwrap();
        assert_eq!(stuck.state(), TaskState::Cancelling, "it stays cancelled for good");
    });
    drop(undriven);
}

#[test]
fn an_abort_after_the_end_changes_nothing() {
    paused(|| async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        scope.run(sleep(SECOND)).await.unwrap();
        handle.abort("too late");
        assert!(!handle.is_aborted() && !handle.is_cancelled());
        assert!(ScopeHandle::current().is_none());
    });
}
