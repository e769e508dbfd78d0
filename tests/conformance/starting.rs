//! Starting a child: whose it is until it is ready, and what becomes of both when somebody ends it.

use crate::support::{Journal, MS, Polls, SECOND, never, turns};
use arbour::{
    CancelScope, Cause, Failure, GroupError, Ready, ScopeHandle, StartError, Started, TaskError, TaskState,
    move_on_after, shield, task_group,
};
use std::error::Error;
use std::io;
use std::marker::PhantomData;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

/// Whether a type is `Clone`, asked where the type is known.
struct CanClone<T>(PhantomData<T>);

trait Not {
    const IS: bool = false;
}

impl<T> Not for CanClone<T> {}

impl<T: Clone> CanClone<T> {
    const IS: bool = true;
}

mod anyio_taskgroups {
    use super::*;

    #[arbour::test]
    async fn start_already_closed() {
        let group = task_group(async |group| group).await.unwrap();
        let made = Polls::default();
        let counted = made.clone();
        let start = group.start(move |_: Ready<()>| counted.of(async { Ok::<_, Failure>(()) }));
        assert!(matches!(start.await, Err(StartError::NotStarted)));
        turns(3).await;
        assert_eq!(made.count(), 0, "nothing was run");
    }

    #[arbour::test]
    async fn start_no_value() {
        let outcome = task_group(async |group| {
            let started = group.start(|ready| async move {
                ready.started(());
                Ok::<_, Failure>(())
            });
            let Started { value: (), .. } = started.await.unwrap();
        });
        outcome.await.unwrap();
    }

    /// A second report is no error here, it cannot be written: the token is no `Clone`, and the report
    /// takes it by value. The first one stands.
    #[arbour::test]
    async fn start_called_twice() {
        const { assert!(!CanClone::<Ready<u8>>::IS && CanClone::<u8>::IS) };
        let report: fn(Ready<u8>, u8) = Ready::started;
        let outcome = task_group(async |group| {
            let started = group.start(|ready| async move {
                report(ready, 1);
                Ok::<_, Failure>(())
            });
            started.await.unwrap().value
        });
        assert_eq!(outcome.await.unwrap(), 1);
    }

    /// A plain function gets one token like everybody else, so one report is all that it can make; made
    /// before the future is returned, it counts.
    #[arbour::test]
    async fn start_sync_wrapper_called_twice() {
        let outcome = task_group(async |group| {
            let started = group.start(|ready| {
                ready.started("before there was a future");
                async { Ok::<_, Failure>(()) }
            });
            let started = started.await.unwrap();
            started.handle.await.unwrap();
            started.value
        });
        assert_eq!(outcome.await.unwrap(), "before there was a future");
    }

    #[arbour::test]
    async fn start_with_value() {
        let outcome = task_group(async |group| {
            let started = group.start(|ready| async move {
                turns(2).await;
                ready.started("port 8080");
                never::<Result<(), Failure>>().await
            });
            let started = started.await.unwrap();
            started.handle.cancel("seen");
            started.value
        });
        assert_eq!(outcome.await.unwrap(), "port 8080");
    }

    /// The value is there, though the failure cancels whoever waits for it.
    #[arbour::test]
    async fn start_crash_after_started_call() {
        let (put, take) = oneshot::channel();
        let outcome = task_group(async |group| {
            let started = group.start(|ready| async move {
                ready.started(2);
                Err::<(), _>(io::Error::other("right after"))
            });
            put.send(started.await.unwrap().value).unwrap();
            never::<()>().await;
        });
        let error = outcome.await.unwrap_err();
        assert_eq!(
            (error.failures().len(), error.find::<io::Error>().unwrap().to_string()),
            (1, "right after".into())
        );
        assert_eq!(take.await.unwrap(), 2);
    }

    #[arbour::test]
    async fn start_cancelled() {
        let journal = Journal::default();
        let (child, body) = (journal.clone(), journal.clone());
        let outcome = task_group(async move |group| {
            group.cancel("before the start");
            let started = group.start(|ready: Ready<()>| async move {
                child.note("up to the first await");
                never::<()>().await;
                child.note("behind it");
                ready.started(());
                Ok::<_, Failure>(())
            });
            let _ = started.await;
            body.note("behind the start");
        });
        assert!(
            matches!(outcome.await, Err(GroupError::Cancelled(cause)) if cause == "before the start".into())
        );
        journal.is(["up to the first await"]);
    }

    #[arbour::test]
    async fn start_not_cancelled_before_started_by_tg() {
        let journal = Journal::default();
        let (put, take) = oneshot::channel();
        let target = task_group(async |group| {
            put.send(group.clone()).unwrap();
            never::<()>().await;
        });
        let starter = async {
            let group = take.await.unwrap();
            let child = journal.clone();
            let started = group.start(|ready| async move {
                sleep(10 * MS).await;
                child.note("not touched while it starts");
                ready.started("value");
                child.note("up to the next await");
                never::<()>().await;
                child.note("behind it");
                Ok::<_, Failure>(())
            });
            group.cancel("the target");
            started.await.unwrap().value
        };
        let (target, value) = tokio::join!(target, starter);
        assert!(matches!(target, Err(GroupError::Cancelled(_))));
        assert_eq!(value, "value");
        journal.is(["not touched while it starts", "up to the next await"]);
    }

    #[arbour::test]
    async fn start_cancels_parent_scope() {
        let journal = Journal::default();
        let inside = journal.clone();
        let outcome = task_group(async move |group| {
            let scope = CancelScope::new();
            let around = scope.handle();
            let child = inside.clone();
            let start = scope.run(group.start(|_kept: Ready<()>| async move {
                let _guard = child.at_drop("child ended");
                around.cancel("the scope around the start");
                never::<Result<(), Failure>>().await
            }));
            assert_eq!(start.await.unwrap_err().cause, "the scope around the start".into());
            inside.note(format!("group cancelled: {}", group.scope().is_cancelled()));
            group.spawn_value(turns(1)).await.unwrap();
        });
        outcome.await.unwrap();
        journal.is(["child ended", "group cancelled: false"]);
    }

    #[arbour::test]
    async fn start_return_handle_success() {
        let outcome = task_group(async |group| {
            let started = group.start(|ready| async move {
                ready.started("start value");
                turns(2).await;
                Ok::<_, Failure>("return value")
            });
            let Started { value, handle, .. } = started.await.unwrap();
            assert_eq!(handle.state(), TaskState::Running);
            (value, handle.await.unwrap())
        });
        assert_eq!(outcome.await.unwrap(), ("start value", "return value"));
    }

    #[arbour::test]
    async fn start_return_handle_cancel() {
        let outcome = task_group(async |group| {
            let started = group.start(|ready| async move {
                ready.started("start value");
                never::<Result<(), Failure>>().await
            });
            let mut started = started.await.unwrap();
            started.handle.cancel("enough");
            let ended = (&mut started.handle).await;
            assert!(matches!(ended, Err(TaskError::Cancelled(cause)) if cause == "enough".into()));
            started.value
        });
        assert_eq!(outcome.await.unwrap(), "start value");
    }

    /// The start itself ends with its caller; the caller's scope waits for the child.
    #[arbour::test]
    async fn cancel_shielding_start() {
        let journal = Journal::default();
        let inside = journal.clone();
        let begin = Instant::now();
        let outcome = task_group(async move |group| {
            let child = inside.clone();
            let start = move_on_after(
                10 * MS,
                group.start(|_kept: Ready<()>| async move {
                    let _guard = child.at_drop("child ended");
                    shield(sleep(SECOND)).await;
                    child.note("shield over");
                    never::<()>().await;
                    child.note("behind the next await");
                    Ok::<_, Failure>(())
                }),
            );
            assert_eq!(start.await.unwrap_err().cause, Cause::Deadline);
            inside.note("start over");
        });
        outcome.await.unwrap();
        journal.is(["shield over", "child ended", "start over"]);
        assert_eq!(begin.elapsed(), SECOND);
    }
}

mod trio_run {
    use super::*;

    /// The situations of one start, each with what comes out. That a second report cannot be written is
    /// `start_called_twice`.
    #[arbour::test]
    async fn nursery_start() {
        let outcome = task_group(async |group| {
            let value = group.start(|ready| async move {
                ready.started(1);
                Ok::<_, Failure>(())
            });
            assert_eq!(value.await.unwrap().value, 1);

            let crashed = group.start(|_kept: Ready<()>| async { Err::<(), _>(io::Error::other("before")) });
            let Err(StartError::Failed(failure)) = crashed.await else { panic!("it crashed") };
            assert!(failure.downcast_ref::<io::Error>().is_some());

            let returned = group.start(|_kept: Ready<()>| async { Ok::<_, Failure>(()) });
            assert!(matches!(returned.await, Err(StartError::NotReady)));

            let late = cancelled_start_reports_later(&group).await;
            assert!(late.is_err(), "what a cancelled start says is heard by nobody");
            assert!(!group.scope().is_cancelled(), "none of these was the group's failure");
            group
        });
        let closed = outcome.await.unwrap();
        let polls = Polls::default();
        let counted = polls.clone();
        let refused = closed.start(move |_: Ready<()>| counted.of(async { Ok::<_, Failure>(()) })).await;
        assert!(matches!(refused, Err(StartError::NotStarted)));
        assert_eq!(polls.count(), 0);
    }

    /// A child that reports behind a shield after its caller was cancelled stays the caller's: it is
    /// ended, and never becomes a child of the group.
    async fn cancelled_start_reports_later(group: &arbour::TaskGroup) -> Result<(), arbour::Cancelled> {
        let journal = Journal::default();
        let child = journal.clone();
        let start = move_on_after(
            MS,
            group.start(|ready: Ready<()>| async move {
                shield(sleep(10 * MS)).await;
                ready.started(());
                child.note("reported");
                never::<()>().await;
                child.note("went on");
                Ok::<_, Failure>(())
            }),
        );
        let outcome = start.await.map(|_| ());
        journal.is(["reported"]);
        assert!(group.is_empty());
        outcome
    }

    #[arbour::test]
    async fn nursery_start_with_cancelled_nursery() {
        let journal = Journal::default();
        let (put, take) = oneshot::channel();
        let target = task_group(async |group| {
            put.send(group).unwrap();
            never::<()>().await;
        });
        let starter = async {
            let group = take.await.unwrap();
            let grandchild = journal.clone();
            let started = group.start(|ready| async move {
                let nested = task_group(async |inner| {
                    let asleep = grandchild.at_drop("the sleeping grandchild was woken");
                    inner.spawn_value(async move {
                        let _asleep = asleep;
                        never::<()>().await;
                    });
                    turns(5).await;
                    ready.started(());
                    never::<()>().await;
                });
                nested.await.map_err(|_| Failure::message("moved into a cancelled group"))
            });
            turns(2).await;
            group.cancel("while it starts");
            started.await.unwrap().value
        };
        let (target, ()) = tokio::join!(target, starter);
        assert!(matches!(target, Err(GroupError::Cancelled(cause)) if cause == "while it starts".into()));
        journal.is(["the sleeping grandchild was woken"]);
    }

    #[arbour::test]
    async fn nursery_start_keeps_nursery_open() {
        for fails in [false, true] {
            let begin = Instant::now();
            let (put, take) = oneshot::channel();
            let target = async {
                let open = task_group(async |group| {
                    put.send(group).unwrap();
                    turns(1).await;
                });
                open.await.unwrap();
                begin.elapsed()
            };
            let starter = async {
                let group = take.await.unwrap();
                let started = group.start(|ready: Ready<()>| async move {
                    sleep(SECOND).await;
                    if fails {
                        return Err(io::Error::other("late"));
                    }
                    ready.started(());
                    Ok(())
                });
                started.await.is_ok()
            };
            let (open_for, ready) = tokio::join!(target, starter);
            assert_eq!((ready, open_for), (!fails, SECOND));
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("no lease")]
    struct NoLease(#[source] io::Error);

    #[arbour::test]
    async fn start_exception_preserves_cause_and_context() {
        let outcome = task_group(async |group| {
            let start = group.start(|_kept: Ready<()>| async {
                Err::<(), _>(NoLease(io::Error::from(io::ErrorKind::ConnectionRefused)))
            });
            let Err(StartError::Failed(failure)) = start.await else { panic!("it failed") };
            failure
        });
        let failure = outcome.await.unwrap();
        let source = failure.downcast_ref::<NoLease>().unwrap().source().unwrap();
        assert_eq!(source.downcast_ref::<io::Error>().unwrap().kind(), io::ErrorKind::ConnectionRefused);
        assert!(failure.to_string().ends_with("no lease: connection refused"), "{failure}");
        assert!(ScopeHandle::current().is_some_and(|scope| !scope.is_cancelled()));
    }
}
