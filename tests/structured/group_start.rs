//! `start`: a child is the caller's until it is ready, then the group's.

use crate::support::{Journal, everywhere, never, poll_once, turns, until};
use arbour::{CancelScope, Failure, Ready, StartError, shield, task_group};
use std::io;

#[test]
fn start_gives_the_value_that_the_child_reported_and_its_handle() {
    everywhere(5, || async {
        let outcome = task_group(async |group| {
            let started = group.start(|ready: Ready<u16>| async move {
                ready.started(8080);
                turns(3).await;
                Ok::<_, Failure>("served")
            });
            let started = started.await.unwrap();
            (started.value, started.handle.await.unwrap())
        });
        assert_eq!(outcome.await.unwrap(), (8080, "served"));
    });
}

#[test]
fn start_on_a_finished_group_runs_nothing() {
    everywhere(3, || async {
        let group = task_group(async |group| group).await.unwrap();
        let outcome = group.start(|_: Ready<()>| async { Ok::<_, Failure>(()) }).await;
        assert!(matches!(outcome, Err(StartError::NotStarted)));
    });
}

#[test]
fn a_child_that_fails_before_it_is_ready_fails_the_starter_not_the_group() {
    everywhere(10, || async {
        let outcome = task_group(async |group| {
            let failed = group.start(|ready: Ready<()>| async move {
                let _unused = ready;
                turns(2).await;
                Err::<(), _>(io::Error::other("no port"))
            });
            let Err(StartError::Failed(failure)) = failed.await else { panic!("it fails") };
            turns(3).await;
            failure.downcast_ref::<io::Error>().is_some()
        });
        assert!(outcome.await.unwrap());
    });
}

#[test]
fn a_child_that_fails_after_it_is_ready_fails_the_group() {
    everywhere(10, || async {
        let (put, take) = tokio::sync::oneshot::channel();
        let outcome = task_group(async |group| {
            let started = group.start(|ready: Ready<u32>| async move {
                ready.started(1);
                Err::<(), _>(io::Error::other("right after"))
            });
            shield(async { put.send(started.await.unwrap().value).unwrap() }).await;
            never::<()>().await;
        });
        assert!(outcome.await.unwrap_err().find::<io::Error>().is_some());
        assert_eq!(take.await.unwrap(), 1);
    });
}

#[test]
fn a_token_dropped_unused_cancels_the_child_and_gives_not_ready_when_it_has_ended() {
    everywhere(10, || async {
        let journal = Journal::default();
        let inside = journal.clone();
        let outcome = task_group(async move |group| {
            let child = inside.clone();
            let started = group.start(|ready: Ready<()>| async move {
                let _guard = child.at_drop("child ended");
                drop(ready);
                never::<()>().await;
                Ok::<_, Failure>(())
            });
            assert!(matches!(started.await, Err(StartError::NotReady)));
            inside.note("told");
        });
        outcome.await.unwrap();
        journal.is(["child ended", "told"]);
    });
}

#[test]
fn cancelling_the_group_does_not_end_a_child_that_is_still_starting_until_it_is_ready() {
    everywhere(10, || async {
        let journal = Journal::default();
        let group = CancelScope::new().run(async {
            let (put, take) = tokio::sync::oneshot::channel();
            let target = async {
                let outcome = task_group(async |group| {
                    put.send(group.clone()).unwrap();
                    never::<()>().await;
                });
                assert!(outcome.await.is_err());
                journal.note("group ended");
            };
            let starter = async {
                let group = take.await.unwrap();
                let child = journal.clone();
                let started = group.start(|ready: Ready<u8>| async move {
                    turns(10).await;
                    child.note("still starting");
                    ready.started(3);
                    never::<()>().await;
                    child.note("went on");
                    Ok::<_, Failure>(())
                });
                group.cancel("the target");
                assert_eq!(started.await.unwrap().value, 3);
            };
            tokio::join!(target, starter);
        });
        group.await.unwrap();
        journal.is(["still starting", "group ended"]);
    });
}

#[test]
fn cancelling_the_callers_scope_ends_the_starting_child_and_not_the_group() {
    everywhere(10, || async {
        let journal = Journal::default();
        let inside = journal.clone();
        let outcome = task_group(async move |group| {
            let scope = CancelScope::new();
            let cancel = scope.handle();
            let child = inside.clone();
            let (begins, begun) = tokio::sync::oneshot::channel();
            let start = scope.run(group.start(|ready: Ready<()>| async move {
                let _kept = ready;
                let _guard = child.at_drop("child ended");
                begins.send(()).unwrap();
                never::<()>().await;
                Ok::<_, Failure>(())
            }));
            let (outcome, ()) = tokio::join!(start, async {
                begun.await.unwrap();
                cancel.cancel("the caller");
            });
            assert!(!matches!(outcome, Ok(Ok(_))), "{outcome:?}");
            inside.note("start ended");
            group.spawn_value(turns(1)).await.unwrap();
        });
        outcome.await.unwrap();
        journal.is(["child ended", "start ended"]);
    });
}

#[test]
fn a_dropped_start_cancels_its_child_and_the_callers_scope_waits_for_it() {
    everywhere(10, || async {
        let journal = Journal::default();
        let inside = journal.clone();
        let outcome = task_group(async move |group| {
            let caller = CancelScope::new().run(async {
                let child = inside.clone();
                let mut start = Box::pin(group.start(|ready: Ready<()>| async move {
                    let _kept = ready;
                    let last = child.later("child's shield over");
                    shield(last).await;
                    never::<()>().await;
                    Ok::<_, Failure>(())
                }));
                assert!(poll_once(&mut start).await.is_pending());
                drop(start);
            });
            caller.await.unwrap();
            inside.note("caller ended");
        });
        outcome.await.unwrap();
        journal.is(["child's shield over", "caller ended"]);
    });
}

#[test]
fn a_start_dropped_after_its_child_was_ready_leaves_the_child_to_the_group() {
    everywhere(10, || async {
        let journal = Journal::default();
        let inside = journal.clone();
        let outcome = task_group(async move |group| {
            let child = inside.clone();
            let (go, gate) = tokio::sync::oneshot::channel();
            let mut start = Box::pin(group.start(|ready: Ready<()>| async move {
                gate.await.unwrap();
                ready.started(());
                child.note("ready");
                turns(5).await;
                child.note("served");
                Ok::<_, Failure>(())
            }));
            assert!(poll_once(&mut start).await.is_pending());
            go.send(()).unwrap();
            until(|| inside.holds("ready")).await;
            drop(start);
        });
        outcome.await.unwrap();
        journal.is(["ready", "served"]);
    });
}

#[test]
fn the_group_stays_open_while_a_child_is_starting() {
    everywhere(10, || async {
        let (put, take) = tokio::sync::oneshot::channel();
        let target = task_group(async |group| {
            put.send(group).unwrap();
            turns(3).await;
        });
        let starter = async {
            let group = take.await.unwrap();
            let started = group.start(|ready: Ready<u8>| async move {
                turns(10).await;
                ready.started(1);
                Ok::<_, Failure>(())
            });
            started.await.unwrap().value
        };
        let (target, value) = tokio::join!(target, starter);
        target.unwrap();
        assert_eq!(value, 1);
    });
}

#[test]
fn a_started_child_can_be_cancelled_by_its_handle() {
    everywhere(5, || async {
        let outcome = task_group(async |group| {
            let started = group.start(|ready: Ready<u8>| async move {
                ready.started(9);
                never::<()>().await;
                Ok::<_, Failure>(())
            });
            let started = started.await.unwrap();
            started.handle.cancel("enough");
            (started.value, started.handle.await.is_err())
        });
        assert_eq!(outcome.await.unwrap(), (9, true));
    });
}
