//! Deadlines: move on, fail, nested, moved while they run.

use crate::support::{MS, SECOND, never, paused, poll_once, turns};
use arbour::{
    CancelScope, Cause, ScopeHandle, current_deadline, defer, fail_after, fail_at, move_on_after, move_on_at,
    shield, task_group,
};
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[test]
fn time_up_moves_on_or_fails_at_the_deadline() {
    paused(|| async {
        let begin = Instant::now();
        assert_eq!(move_on_after(20 * MS, never::<()>()).await.unwrap_err().cause, Cause::Deadline);
        assert_eq!(begin.elapsed(), 20 * MS);
        assert_eq!(fail_after(20 * MS, never::<()>()).await.unwrap_err().cause, Cause::Deadline);
        assert_eq!(begin.elapsed(), 40 * MS);
        let at = (begin + 60 * MS).into_std();
        assert!(move_on_at(at, never::<()>()).await.is_err());
        assert_eq!(begin.elapsed(), 60 * MS);
        assert!(fail_at((begin + 80 * MS).into_std(), never::<()>()).await.is_err());
        assert_eq!(begin.elapsed(), 80 * MS);
    });
}

#[test]
fn a_deadline_in_the_past_polls_the_body_once() {
    paused(|| async {
        let past = Instant::now().into_std();
        sleep(MS).await;
        let mut began = false;
        let outcome = move_on_at(past, async {
            began = true;
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        assert!(began);
        assert_eq!(move_on_at(past, async { "ready" }).await, Ok("ready"));
    });
}

#[test]
fn a_body_that_is_ready_in_the_last_poll_gives_its_value() {
    paused(|| async {
        assert_eq!(
            move_on_after(10 * MS, async {
                sleep(10 * MS).await;
                1
            })
            .await,
            Ok(1)
        );
    });
}

#[test]
fn a_time_too_long_for_the_clock_is_no_limit() {
    paused(|| async {
        let outcome = fail_after(Duration::MAX, async {
            sleep(SECOND).await;
            current_deadline()
        });
        assert_eq!(outcome.await, Ok(None));
        assert_eq!(move_on_after(Duration::from_secs(1 << 40), async { 2 }).await, Ok(2));
    });
}

#[test]
fn an_earlier_outer_deadline_ends_the_outer_scope() {
    paused(|| async {
        let mut behind = false;
        let outcome = move_on_after(10 * MS, async {
            let _ = fail_after(SECOND, never::<()>()).await;
            behind = true;
        });
        assert!(outcome.await.is_err());
        assert!(!behind);
    });
}

#[test]
fn an_earlier_inner_deadline_leaves_the_outer_one_running() {
    paused(|| async {
        let outcome = fail_after(SECOND, async {
            let inner = move_on_after(10 * MS, never::<()>()).await.is_err();
            sleep(10 * MS).await;
            inner
        });
        assert_eq!(outcome.await, Ok(true));
    });
}

#[test]
fn the_current_deadline_is_the_nearest_one_and_ends_at_a_shield() {
    paused(|| async {
        assert_eq!(current_deadline(), None);
        let soon = (Instant::now() + 10 * MS).into_std();
        let late = (Instant::now() + SECOND).into_std();
        let seen = move_on_at(soon, async {
            let inner =
                move_on_at(late, async { (current_deadline(), shield(async { current_deadline() }).await) });
            inner.await.unwrap()
        });
        assert_eq!(seen.await.unwrap(), (Some(soon), None));
    });
}

#[test]
fn a_deadline_may_be_moved_while_the_body_runs() {
    paused(|| async {
        let begin = Instant::now();
        let scope = CancelScope::new().deadline((begin + 10 * MS).into_std());
        let handle = scope.handle();
        let outcome = scope.run(async {
            sleep(5 * MS).await;
            handle.set_deadline(Some((begin + 50 * MS).into_std()));
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        assert_eq!(begin.elapsed(), 50 * MS);
    });
}

#[test]
fn a_deadline_moved_nearer_from_another_task_is_heard() {
    paused(|| async {
        let begin = Instant::now();
        let scope = CancelScope::new().deadline((begin + 3600 * SECOND).into_std());
        let handle = scope.handle();
        let other = tokio::spawn(async move {
            sleep(5 * MS).await;
            handle.set_deadline(Some((begin + 20 * MS).into_std()));
        });
        assert!(scope.run(never::<()>()).await.is_err());
        assert_eq!(begin.elapsed(), 20 * MS);
        other.await.unwrap();
    });
}

#[test]
fn a_deadline_that_is_taken_away_is_no_limit_any_more() {
    paused(|| async {
        let outcome = move_on_after(10 * MS, async {
            ScopeHandle::current().unwrap().set_deadline(None);
            sleep(SECOND).await;
            "finished"
        });
        assert_eq!(outcome.await, Ok("finished"));
    });
}

#[test]
fn an_explicit_cancel_is_not_told_as_a_timeout_though_the_deadline_passes_later() {
    paused(|| async {
        let outcome = move_on_after(10 * MS, async {
            ScopeHandle::current().unwrap().cancel("by hand");
            shield(sleep(SECOND)).await;
            never::<()>().await;
        });
        assert_eq!(outcome.await.unwrap_err().cause, Cause::from("by hand"));
    });
}

#[test]
fn a_deadline_does_not_end_finalizers_nor_a_value_that_is_there() {
    paused(|| async {
        let begin = Instant::now();
        let outcome = move_on_after(10 * MS, async {
            defer(sleep(100 * MS));
            "value"
        });
        assert_eq!(outcome.await, Ok("value"));
        assert_eq!(begin.elapsed(), 100 * MS);
    });
}

#[test]
fn a_deadline_of_a_group_ends_its_children() {
    paused(|| async {
        let begin = Instant::now();
        let outcome = fail_after(
            10 * MS,
            task_group(async |group| {
                group.spawn_value(never::<()>());
                never::<()>().await;
            }),
        );
        assert_eq!(outcome.await.unwrap_err().to_string(), "timed out: deadline passed");
        assert_eq!(begin.elapsed(), 10 * MS);
    });
}

#[test]
fn a_groups_own_deadline_set_through_its_scope_ends_it() {
    paused(|| async {
        let soon = (Instant::now() + 10 * MS).into_std();
        let outcome = task_group(async |group| {
            group.scope().set_deadline(Some(soon));
            group.spawn_value(never::<()>());
            never::<()>().await;
        });
        assert!(matches!(outcome.await, Err(arbour::GroupError::Cancelled(Cause::Deadline))));
    });
}

#[test]
fn a_scope_put_aside_and_polled_after_its_deadline_is_over() {
    paused(|| async {
        let mut late = Box::pin(move_on_after(10 * MS, never::<()>()));
        assert!(poll_once(&mut late).await.is_pending());
        sleep(SECOND).await;
        turns(1).await;
        assert!(late.await.is_err());
    });
}
