//! What a shield keeps out, what it does not, and what is found behind it.

use crate::support::{Journal, MS, SECOND, never, turns};
use arbour::{
    CancelScope, Cause, GroupError, ScopeHandle, TimedOut, current_deadline, fail_after, move_on_after,
    shield, task_group, try_task_group,
};
use tokio::time::{Instant, sleep};

mod anyio_taskgroups {
    use super::*;

    #[arbour::test]
    async fn shielding() {
        let journal = Journal::default();
        let inside = journal.clone();
        let outcome = task_group(async move |group| {
            let child = CancelScope::new().shield(true);
            let own = child.handle();
            group.spawn_value(async move {
                let section = child.run(async {
                    sleep(SECOND).await;
                    inside.note(format!("cancelled inside: {}", own.is_cancelled()));
                });
                section.await.unwrap();
                inside.note("right behind it");
                sleep(MS).await;
                inside.note("behind the first await outside");
            });
            sleep(MS).await;
            group.cancel("outer");
        });
        outcome.await.unwrap();
        journal.is(["cancelled inside: false", "right behind it"]);
    }

    /// Behind the shield the body is dropped at its next await, in each of its branches; the state of the
    /// scope says so before.
    #[arbour::test]
    async fn cancel_from_shielded_scope() {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let outer = scope.handle();
        let outcome = scope.run(async {
            let section = shield(async {
                outer.cancel("from inside the shield");
                assert_eq!(current_deadline(), None);
                assert!(!ScopeHandle::current().unwrap().is_cancelled());
                sleep(MS).await;
                journal.note("an await inside passes");
            });
            section.await;
            assert!(ScopeHandle::current().unwrap().is_cancelled());
            let further = async |name: &str| {
                turns(1).await;
                journal.note(format!("an await of the {name} branch passes"));
            };
            tokio::join!(further("first"), further("second"));
        });
        assert_eq!(outcome.await.unwrap_err().cause, "from inside the shield".into());
        journal.is(["an await inside passes"]);
    }

    #[arbour::test]
    async fn cancel_shielded_scope() {
        let scope = CancelScope::new().shield(true);
        let handle = scope.handle();
        let outcome = scope.run(async {
            handle.cancel("its own");
            never::<()>().await;
        });
        assert_eq!(outcome.await.unwrap_err().cause, "its own".into());
    }

    #[arbour::test]
    async fn cancelled_raises_beyond_origin_shielded() {
        let journal = Journal::default();
        let outer = CancelScope::new();
        let cancel_outer = outer.handle();
        let outcome = outer.run(async {
            cancel_outer.cancel("outer");
            let inner = CancelScope::new().shield(true);
            inner.handle().cancel("inner");
            let caught = inner.run(sleep(MS)).await.unwrap_err();
            journal.note(format!("between the two: {caught}"));
        });
        assert_eq!(outcome.await, Ok(()), "no await was left to be cancelled");
        journal.is(["between the two: cancelled: inner"]);
    }

    #[arbour::test]
    async fn shielding_immediate_scope_cancelled() {
        let begin = Instant::now();
        let outcome = task_group(async |group| {
            let scope = CancelScope::new().shield(true);
            let handle = scope.handle();
            let child = group.spawn_value(scope.run(sleep(SECOND)));
            turns(2).await;
            handle.cancel("by another task");
            child.await.unwrap()
        });
        assert_eq!(outcome.await.unwrap().unwrap_err().cause, "by another task".into());
        assert_eq!(begin.elapsed(), std::time::Duration::ZERO);
    }

    #[arbour::test]
    async fn shielded_deadline() {
        let late = Instant::now() + 10 * SECOND;
        let outcome = move_on_after(SECOND, async {
            let inner = CancelScope::new().shield(true).deadline(late.into_std());
            let seen = inner.run(async { current_deadline() }).await.unwrap();
            (seen, current_deadline())
        });
        let soon = (Instant::now() + SECOND).into_std();
        assert_eq!(outcome.await, Ok((Some(late.into_std()), Some(soon))));
    }

    #[arbour::test]
    async fn nested_shield() {
        let begin = Instant::now();
        let outcome = try_task_group(async |group| {
            let scope = CancelScope::new();
            scope.handle().cancel("around the shield");
            let child = group.spawn(async move {
                let section = scope.run(shield(fail_after(10 * MS, sleep(SECOND))));
                section.await.unwrap()
            });
            child.await
        });
        let error = outcome.await.unwrap_err();
        assert!(matches!(&error, GroupError::Failed(failures) if failures.len() == 1), "{error}");
        assert_eq!(error.find::<TimedOut>().unwrap().cause, Cause::Deadline);
        assert_eq!(begin.elapsed(), 10 * MS);
    }

    /// Two scopes around a shield, `cancel` of them cancelled from inside it. The notes tell how far the
    /// body came: the middle one is inside the outer one.
    async fn from_inside_a_shield(
        cancel: &[&ScopeHandle],
        outer: CancelScope,
        middle: CancelScope,
    ) -> Journal {
        let journal = Journal::default();
        let outcome = outer.run(async {
            let inside = middle.run(async {
                shield(async {
                    cancel.iter().for_each(|scope| scope.cancel("from inside"));
                    sleep(MS).await;
                    journal.note("behind the await in the shield");
                })
                .await;
                journal.note("behind the shield");
                sleep(MS).await;
                journal.note("behind the await in the middle");
            });
            let _ = inside.await;
            journal.note("behind the middle");
            sleep(MS).await;
            journal.note("behind the await in the outer one");
        });
        assert_eq!(outcome.await.unwrap_err().cause, "from inside".into());
        journal
    }

    #[arbour::test]
    async fn triple_nested_shield_checkpoint_in_outer() {
        let (outer, middle) = (CancelScope::new(), CancelScope::new());
        let handles = [&outer.handle(), &middle.handle()];
        let journal = from_inside_a_shield(&handles, outer, middle).await;
        journal.is(["behind the await in the shield", "behind the shield"]);
    }

    #[arbour::test]
    async fn triple_nested_shield_checkpoint_in_middle() {
        let (outer, middle) = (CancelScope::new(), CancelScope::new());
        let handles = [&outer.handle()];
        let journal = from_inside_a_shield(&handles, outer, middle).await;
        journal.is(["behind the await in the shield", "behind the shield"]);
    }
}
