//! Blocks with a time limit: what they give when it is up, and when something else ends them first.

use crate::support::{Journal, MS, SECOND, never};
use arbour::{
    CancelScope, Cause, Failure, GroupError, ScopeHandle, TimedOut, current_deadline, fail_after, fail_at,
    move_on_after, move_on_at, task_group,
};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// An absolute time that no clock reaches: three hundred years from now.
fn never_at() -> std::time::Instant {
    (Instant::now() + Duration::from_secs(300 * 365 * 24 * 3600)).into_std()
}

/// Waits, and says whether its scope is cancelled and which deadline it has.
async fn looks_around() -> (bool, Option<std::time::Instant>) {
    sleep(SECOND).await;
    let scope = ScopeHandle::current().unwrap();
    (scope.is_cancelled(), scope.deadline())
}

mod anyio_taskgroups {
    use super::*;

    #[arbour::test]
    async fn cancel_scope_cleared() {
        let begin = Instant::now();
        assert!(move_on_after(10 * MS, never::<()>()).await.is_err());
        assert!(!ScopeHandle::current().unwrap().is_cancelled());
        sleep(10 * MS).await;
        assert_eq!(begin.elapsed(), 20 * MS);
    }

    /// A time that the clock cannot hold is no limit.
    #[arbour::test]
    async fn fail_after_no_timeout() {
        assert_eq!(fail_after(Duration::MAX, looks_around()).await, Ok((false, None)));
    }

    #[arbour::test]
    async fn fail_after_after_cancellation() {
        let cancelled = task_group(async |group| {
            group.cancel("an earlier group");
            never::<()>().await;
        });
        assert!(cancelled.await.is_err());
        assert_eq!(fail_after(SECOND, async { 1 }).await, Ok(1));
        let begin = Instant::now();
        assert_eq!(fail_after(SECOND, never::<()>()).await.unwrap_err().cause, Cause::Deadline);
        assert_eq!(begin.elapsed(), SECOND);
    }

    /// The error says that it was no deadline; a caller who wants silence has it by `move_on_after`.
    #[arbour::test]
    async fn fail_after_cancelled_before_deadline() {
        let outcome = fail_after(SECOND, async {
            ScopeHandle::current().unwrap().cancel("not needed any more");
            never::<()>().await;
        });
        let error = outcome.await.unwrap_err();
        assert_eq!(error.cause, "not needed any more".into());
        assert_eq!(error.to_string(), "cancelled before the time was up: not needed any more");
    }

    /// The first cause is kept, however late the block is left.
    #[arbour::test]
    async fn fail_after_scope_cancelled_before_timeout() {
        let begin = Instant::now();
        let outcome = fail_after(10 * MS, async {
            ScopeHandle::current().unwrap().cancel("before the deadline");
            arbour::shield(sleep(SECOND)).await;
            never::<()>().await;
        });
        assert_eq!(outcome.await.unwrap_err().cause, "before the deadline".into());
        assert_eq!(begin.elapsed(), SECOND);
    }

    /// What the caller has to say is an error of its own, with the time-out as its source.
    #[derive(Debug, thiserror::Error)]
    #[error("the database did not answer")]
    struct NoAnswer(#[source] TimedOut);

    #[arbour::test]
    async fn fail_after_reason() {
        let late = fail_after(MS, never::<()>()).await.map_err(NoAnswer).unwrap_err();
        assert_eq!(
            Failure::from(late).to_string(),
            "the database did not answer: timed out: deadline passed"
        );
    }

    #[arbour::test]
    async fn move_on_after_no_timeout() {
        assert_eq!(move_on_after(Duration::MAX, looks_around()).await, Ok((false, None)));
    }

    #[arbour::test]
    async fn nested_move_on_after() {
        let journal = Journal::default();
        let begin = Instant::now();
        let soon = (begin + 10 * MS).into_std();
        let inner = CancelScope::new().deadline((begin + SECOND).into_std());
        let outcome = move_on_after(10 * MS, async {
            let caught = inner.run(async {
                assert_eq!(current_deadline(), Some(soon));
                never::<()>().await;
            });
            journal.note(format!("the inner one caught {:?}", caught.await));
        });
        assert_eq!(outcome.await.unwrap_err().cause, Cause::Deadline);
        assert_eq!(begin.elapsed(), 10 * MS);
        journal.is([]);
    }

    #[arbour::test]
    async fn fail_at() {
        let begin = Instant::now();
        let future = super::fail_at((begin + SECOND).into_std(), never::<()>());
        assert_eq!(future.await.unwrap_err().cause, Cause::Deadline);
        assert_eq!(begin.elapsed(), SECOND);
        let past = super::fail_at(begin.into_std(), never::<()>());
        assert_eq!(past.await.unwrap_err().cause, Cause::Deadline);
        assert_eq!(begin.elapsed(), SECOND, "a time that has passed ends the block at once");
        assert_eq!(super::fail_at(begin.into_std(), async { "ready" }).await, Ok("ready"));
    }

    #[arbour::test]
    async fn fail_at_no_timeout() {
        let at = never_at();
        assert_eq!(super::fail_at(at, looks_around()).await, Ok((false, Some(at))));
    }

    #[arbour::test]
    async fn fail_at_reason() {
        let at = (Instant::now() + MS).into_std();
        let late = super::fail_at(at, never::<()>()).await.map_err(NoAnswer).unwrap_err();
        assert_eq!(
            Failure::from(late).to_string(),
            "the database did not answer: timed out: deadline passed"
        );
    }

    #[arbour::test]
    async fn move_on_at_no_timeout() {
        let at = never_at();
        assert_eq!(move_on_at(at, looks_around()).await, Ok((false, Some(at))));
    }

    #[arbour::test]
    async fn timeout_error_with_multiple_cancellations() {
        let journal = Journal::default();
        let outcome = fail_after(10 * MS, async {
            let group = task_group(async |group| {
                group.spawn_value(never::<()>());
                never::<()>().await;
            });
            journal.note(format!("the group gave {:?}", group.await.map_err(|error| error.to_string())));
        });
        let plain = fail_after(MS, never::<()>()).await;
        assert_eq!(outcome.await, plain);
        journal.is([]);
    }

    #[arbour::test]
    async fn nested_fail_after() {
        let journal = Journal::default();
        let outcome = task_group(async |group| {
            let skipped = CancelScope::new().run(async {
                let timed = fail_after(SECOND, async {
                    group.cancel("the outer one");
                    never::<()>().await;
                });
                journal.note(format!("the limit gave {:?}", timed.await));
            });
            journal.note(format!("the scope gave {:?}", skipped.await));
        });
        assert!(
            matches!(outcome.await, Err(GroupError::Cancelled(cause)) if cause == "the outer one".into())
        );
        journal.is([]);
    }
}
