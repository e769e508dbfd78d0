//! What comes out of a group that fails: which failures, in which shape, and who is cancelled.

use crate::support::{Journal, SECOND, never, turns};
use arbour::{CancelScope, Cause, Failure, GroupError, TaskGroup, catch_cancel, task_group, try_task_group};
use std::error::Error;
use std::io;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

#[derive(Debug, thiserror::Error)]
#[error("disk {0} is full")]
struct DiskFull(u32);

#[derive(Debug, thiserror::Error)]
#[error("not flushed")]
struct NotFlushed(#[source] io::Error);

fn not_flushed() -> NotFlushed {
    NotFlushed(io::Error::from(io::ErrorKind::BrokenPipe))
}

/// A child that fails while it is being cancelled; it has begun when this returns.
async fn spawn_fails_when_cancelled(group: &TaskGroup) {
    let (begins, begun) = oneshot::channel();
    group.task().name("flusher").spawn(async {
        let wait = catch_cancel(async {
            begins.send(()).unwrap();
            never::<()>().await;
        });
        let _ = wait.await;
        Err::<(), _>(not_flushed())
    });
    begun.await.unwrap();
}

/// The names of the error types of the leaves, in order.
fn kinds(error: &GroupError) -> Vec<&str> {
    error.failures().iter().map(|failure| failure.type_name().rsplit("::").next().unwrap()).collect()
}

mod anyio_taskgroups {
    use super::*;

    #[arbour::test]
    async fn failing_child_task_cancels_host() {
        let journal = Journal::default();
        let begin = Instant::now();
        let outcome = task_group(async |group| {
            group.spawn(async { Err::<(), _>(DiskFull(1)) });
            let _guard = journal.at_drop("the host's await is dropped");
            sleep(SECOND).await;
            journal.note("behind it");
        });
        assert_eq!(kinds(&outcome.await.unwrap_err()), ["DiskFull"]);
        assert_eq!(begin.elapsed(), std::time::Duration::ZERO);
        journal.is(["the host's await is dropped"]);
    }

    #[arbour::test]
    async fn failing_host_task_cancels_children() {
        let journal = Journal::default();
        let child = journal.clone();
        let outcome = try_task_group(async move |group| {
            group.spawn_value(async move {
                let _guard = child.at_drop("the child is cancelled");
                never::<()>().await;
            });
            turns(2).await;
            Err::<(), _>(DiskFull(2))
        });
        assert_eq!(kinds(&outcome.await.unwrap_err()), ["DiskFull"]);
        journal.is(["the child is cancelled"]);
    }

    #[arbour::test]
    async fn exception_group_children() {
        let outcome = task_group(async |group| {
            spawn_fails_when_cancelled(&group).await;
            group.spawn(async { Err::<(), _>(DiskFull(3)) });
        });
        assert_eq!(kinds(&outcome.await.unwrap_err()), ["DiskFull", "NotFlushed"]);
    }

    #[arbour::test]
    async fn exception_group_host() {
        let outcome = try_task_group(async |group| {
            spawn_fails_when_cancelled(&group).await;
            Err::<(), _>(DiskFull(4))
        });
        assert_eq!(kinds(&outcome.await.unwrap_err()), ["DiskFull", "NotFlushed"]);
    }

    #[arbour::test]
    async fn exception_cancels_siblings() {
        let journal = Journal::default();
        let sibling = journal.clone();
        let outcome = task_group(async move |group| {
            group.spawn_value(async move {
                let _guard = sibling.at_drop("the sibling is cancelled");
                sleep(SECOND).await;
                sibling.note("behind its sleep");
            });
            group.spawn(async {
                turns(2).await;
                Err::<(), _>(DiskFull(5))
            });
        });
        assert_eq!(kinds(&outcome.await.unwrap_err()), ["DiskFull"]);
        journal.is(["the sibling is cancelled"]);
    }

    #[arbour::test]
    async fn nested_task_group_filtering() {
        let outcome = task_group(async |group| {
            let nested = task_group(async |inner| {
                inner.spawn_value(never::<()>());
                inner.task().name("leaf").spawn(async { Err::<(), _>(DiskFull(6)) });
            });
            group.task().name("branch").spawn(nested);
            group.spawn_value(never::<()>());
            never::<()>().await;
        });
        let error = outcome.await.unwrap_err();
        let printed = "1 task failed\n- branch: 1 task failed\n  - branch/leaf: disk 6 is full";
        assert_eq!(error.to_string(), printed);
        assert_eq!(error.find::<DiskFull>().unwrap().0, 6);
    }

    /// The scope's own cancellation is in nothing that comes out of it; what failed on the way is.
    #[arbour::test]
    async fn exception_group_filtering() {
        let scope = CancelScope::new();
        let own = scope.handle();
        let outcome = scope.run(task_group(async |group| {
            spawn_fails_when_cancelled(&group).await;
            group.spawn_value(never::<()>());
            own.cancel("the scope itself");
            never::<()>().await;
        }));
        let error = outcome.await.unwrap().unwrap_err();
        assert_eq!(kinds(&error), ["NotFlushed"]);
        let source = error.find::<NotFlushed>().unwrap().source().unwrap();
        assert_eq!(source.downcast_ref::<io::Error>().unwrap().kind(), io::ErrorKind::BrokenPipe);
    }

    #[arbour::test]
    async fn nested_exception_group_filtering() {
        let scope = CancelScope::new();
        let own = scope.handle();
        let outcome = scope.run(task_group(async |group| {
            let (begins, begun) = oneshot::channel();
            let nested = task_group(async |inner| {
                spawn_fails_when_cancelled(&inner).await;
                inner.spawn_value(never::<()>());
                begins.send(()).unwrap();
                never::<()>().await;
            });
            group.task().name("branch").spawn(nested);
            begun.await.unwrap();
            own.cancel("the scope itself");
            never::<()>().await;
        }));
        let error = outcome.await.unwrap().unwrap_err();
        let printed = "1 task failed\n- branch: 1 task failed\n  - branch/flusher: not flushed: broken pipe";
        assert_eq!(error.to_string(), printed);
    }

    /// A caught cancellation that is handed on with `?` while it is in force is that cancellation still,
    /// in a child and in a body: no failure of the group.
    #[arbour::test]
    async fn reraise_cancelled_in_excgroup() {
        let outcome = try_task_group(async |group| {
            group.spawn(catch_cancel(never::<()>()));
            let own = group.clone();
            let caught = catch_cancel(async move {
                turns(2).await;
                own.cancel("the group itself");
                never::<()>().await;
            });
            caught.await
        });
        let outcome = outcome.await;
        assert!(
            matches!(&outcome, Err(GroupError::Cancelled(cause)) if *cause == Cause::from("the group itself")),
            "{outcome:?}"
        );
    }
}

/// The failure of a child that is handed on by those who join it is one failure.
#[arbour::test]
async fn a_failure_that_is_handed_on_by_a_join_is_one_leaf() {
    let outcome = try_task_group(async |group| {
        let child = group.task().name("writer").spawn(async { Err::<(), _>(DiskFull(11)) });
        child.await
    });
    assert_eq!(outcome.await.unwrap_err().to_string(), "1 task failed\n- writer: disk 11 is full");
}

/// Where nothing is cancelled, the cancellation of something inside is an error like others.
#[arbour::test]
async fn a_cancellation_handed_on_where_none_is_in_force_is_a_failure() {
    let outcome = try_task_group(async |group| {
        let scope = CancelScope::new();
        scope.handle().cancel("an inner scope");
        group.task().name("reader").spawn(scope.run(never::<()>())).await
    });
    assert_eq!(outcome.await.unwrap_err().to_string(), "1 task failed\n- reader: cancelled: an inner scope");
}

/// Cancelled from outside, a body that hands the cancellation on stays pending like any other.
#[arbour::test]
async fn a_cancellation_from_outside_that_is_handed_on_comes_out_outside() {
    let journal = Journal::default();
    let scope = CancelScope::new();
    let outer = scope.handle();
    let outcome = scope.run(async {
        let group = try_task_group(async |_| {
            let wait = catch_cancel(async {
                outer.cancel("outer");
                never::<()>().await;
            });
            wait.await
        });
        journal.note(format!("the group gave {:?}", group.await));
    });
    assert_eq!(outcome.await.unwrap_err().cause, Cause::from("outer"));
    journal.is([]);
}

mod trio_run {
    use super::*;

    #[arbour::test]
    async fn nursery_main_block_error_basic() {
        let outcome = try_task_group(async |_| Err::<(), _>(DiskFull(7))).await;
        let GroupError::Failed(failures) = outcome.unwrap_err() else { panic!("the body failed") };
        let [failure] = &failures[..] else { panic!("one failure: {failures:?}") };
        assert_eq!(failure.downcast_ref::<DiskFull>().unwrap().0, 7);
    }

    #[arbour::test]
    async fn child_crash_basic() {
        let outcome = task_group(async |group| {
            group.spawn(async { Err::<(), _>(DiskFull(8)) });
        });
        let GroupError::Failed(failures) = outcome.await.unwrap_err() else { panic!("the child failed") };
        let [failure] = &failures[..] else { panic!("one failure: {failures:?}") };
        assert_eq!(failure.downcast_ref::<DiskFull>().unwrap().0, 8, "wrapped once");
    }

    /// Both fail by themselves: neither is cancelled before it has.
    #[arbour::test]
    async fn two_child_crashes() {
        let outcome = task_group(async |group| {
            group.spawn(async { Err::<(), _>(DiskFull(9)) });
            group.spawn(async { Err::<(), _>(Failure::from(not_flushed())) });
        });
        let error = outcome.await.unwrap_err();
        let mut kinds = kinds(&error);
        kinds.sort_unstable();
        assert_eq!(kinds, ["DiskFull", "NotFlushed"]);
    }

    #[arbour::test]
    async fn child_crash_wakes_parent() {
        let begin = Instant::now();
        let outcome = task_group(async |group| {
            group.spawn(async {
                sleep(SECOND).await;
                Err::<(), _>(DiskFull(10))
            });
            sleep(100 * SECOND).await;
        });
        assert!(outcome.await.unwrap_err().find::<DiskFull>().is_some());
        assert_eq!(begin.elapsed(), SECOND);
    }
}
