//! When a group takes children, and when it ends.

use crate::support::{Journal, Polls, never, turns};
use arbour::{Failure, GroupError, ScopeHandle, TaskError, TaskState, move_on_after, task_group};
use std::io;

mod anyio_taskgroups {
    use super::*;

    /// The handle says `NotStarted`; `try_spawn` hands the future back.
    #[arbour::test]
    async fn already_closed() {
        let group = task_group(async |group| group).await.unwrap();
        let polls = Polls::default();
        let refused = group.spawn_value(polls.clone().of(async {}));
        assert_eq!(refused.state(), TaskState::NotStarted);
        assert_eq!(refused.await.unwrap_err().to_string(), "task was not started: its group has finished");
        let back = group.try_spawn(polls.clone().of(async { Ok::<_, Failure>(5) })).unwrap_err();
        turns(5).await;
        assert_eq!(polls.count(), 0, "nothing was run");
        assert_eq!(back.await.unwrap(), 5);
    }

    #[arbour::test]
    async fn success() {
        let journal = Journal::default();
        let (first, second) = (journal.both("first"), journal.both("second"));
        let outcome = task_group(async |group| {
            group.spawn_value(first);
            group.spawn_value(second);
        });
        outcome.await.unwrap();
        let ends = journal.entries().iter().filter(|entry| entry.ends_with("ends")).count();
        assert_eq!(ends, 2, "{journal:?}");
    }

    #[arbour::test]
    async fn start_soon_after_error() {
        let mut kept = None;
        let outcome = task_group(async |group| {
            kept = Some(group.clone());
            group.spawn(async { Err::<(), _>(io::Error::other("gone")) });
            never::<()>().await;
        });
        assert!(outcome.await.unwrap_err().find::<io::Error>().is_some());
        let polls = Polls::default();
        let refused = kept.unwrap().spawn_value(polls.clone().of(async {}));
        assert!(matches!(refused.await, Err(TaskError::NotStarted)));
        assert_eq!(polls.count(), 0);
    }

    /// A group is opened by a call that takes its body by value, so nothing can enter it again: what is
    /// left of it is a handle, and another group does not bring it back to life.
    #[arbour::test]
    async fn taskgroup_reentry() {
        let first = task_group(async |group| group).await.unwrap();
        let ids = task_group(async |second| {
            assert!(matches!(first.spawn_value(async {}).await, Err(TaskError::NotStarted)));
            second.spawn_value(async {}).await.unwrap();
            (first.scope().id(), second.scope().id())
        });
        let (first, second) = ids.await.unwrap();
        assert_ne!(first, second);
    }

    #[arbour::test]
    async fn eager_task_factory() {
        let journal = Journal::default();
        let (inside, child) = (journal.clone(), journal.clone());
        let outcome = task_group(async move |group| {
            let handle = group.spawn_value(async move { child.note("child runs") });
            inside.note(format!("spawned, {:?}", handle.state()));
        });
        outcome.await.unwrap();
        journal.is(["spawned, Running", "child runs"]);
    }

    #[arbour::test]
    async fn cancel_completed_task() {
        let outcome = task_group(async |group| {
            let mut child = group.spawn_value(async { 7 });
            let value = (&mut child).await.unwrap();
            group.cancel("after its only child had ended");
            assert_eq!(child.state(), TaskState::Finished);
            value
        });
        assert_eq!(outcome.await.unwrap(), 7);
    }

    /// Opening a group and leaving it is no await that a cancellation could refuse.
    #[arbour::test]
    async fn cancel_before_entering_task_group() {
        let outcome = move_on_after(std::time::Duration::MAX, async {
            let around = ScopeHandle::current().unwrap();
            around.cancel("before the group");
            let group = task_group(async |_| ScopeHandle::current().unwrap().is_cancelled()).await;
            (group.unwrap(), "after the group")
        });
        assert_eq!(outcome.await.unwrap(), (true, "after the group"));
    }

    /// Nothing but the cancellation comes out: no failure, no list of one.
    #[arbour::test]
    async fn escaping_cancelled_exception() {
        let outcome = task_group(async |group| {
            group.spawn_value(never::<()>());
            group.cancel("from inside");
            never::<()>().await;
        });
        assert!(matches!(outcome.await, Err(GroupError::Cancelled(cause)) if cause == "from inside".into()));
        turns(1).await;
        assert!(!ScopeHandle::current().unwrap().is_cancelled(), "nothing of it is left outside");
    }
}
