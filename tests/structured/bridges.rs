//! Bridges: tokens that cancel scopes, scopes that cancel tokens, foreign tasks that are adopted.

use crate::support::{Journal, everywhere, never, tasks, turns, until};
use arbour::bridge::{adopt, cancel_on, token_of};
use arbour::{CancelScope, Failure, TaskError, shield, task_group};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

#[test]
fn a_token_cancels_the_scope_that_is_run_on_it_and_shields_hold() {
    everywhere(3, || async {
        let (token, journal) = (CancellationToken::new(), Journal::default());
        let outcome = cancel_on(token.clone(), async {
            token.cancel();
            shield(journal.later("shielded section")).await;
            never::<()>().await;
        });
        assert_eq!(outcome.await.unwrap_err().to_string(), "cancelled: its cancellation token was cancelled");
        journal.is(["shielded section"]);
        assert_eq!(cancel_on(token, async { "polled once" }).await, Ok("polled once"));
    });
}

#[test]
fn a_token_that_is_cancelled_from_a_foreign_task_ends_a_group_and_its_children() {
    everywhere(3, || async {
        let token = CancellationToken::new();
        let group = task_group(async |group| {
            group.spawn_value(never::<()>());
            let token = token.clone();
            tokio::spawn(async move { token.cancel() });
            never::<()>().await;
        });
        assert!(cancel_on(token.clone(), group).await.is_err());
    });
}

#[test]
fn a_cancelled_scope_cancels_its_token_before_its_body_is_dropped() {
    everywhere(3, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let token = token_of(&handle);
        let inside = token.clone();
        let journal = Journal::default();
        let outcome = scope.run(async {
            let _guard = journal.at_drop("body dropped");
            tokio::join!(
                async {
                    inside.cancelled().await;
                    journal.note("token cancelled");
                    never::<()>().await;
                },
                async { handle.cancel("stop") }
            );
        });
        assert!(outcome.await.is_err());
        journal.is(["token cancelled", "body dropped"]);
        assert!(token.is_cancelled());
        assert!(token_of(&handle).is_cancelled(), "asked for after the end, too");
    });
}

#[test]
fn a_token_of_a_scope_is_cancelled_from_outside_and_not_through_a_shield() {
    everywhere(3, || async {
        let (outer, open, shielded) =
            (CancelScope::new(), CancelScope::new(), CancelScope::new().shield(true));
        let handle = outer.handle();
        let (seen, unseen) = (token_of(&open.handle()), token_of(&shielded.handle()));
        let outcome = outer.run(async {
            let cancelling = async { handle.cancel("outer") };
            tokio::join!(open.run(never::<()>()), shielded.run(turns(5)), cancelling)
        });
        assert!(outcome.await.is_err());
        assert!(seen.is_cancelled() && !unseen.is_cancelled());
    });
}

#[test]
fn cancelling_the_token_of_a_scope_cancels_nothing_else() {
    everywhere(3, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        token_of(&handle).cancel();
        assert!(!handle.is_cancelled() && !token_of(&handle).is_cancelled());
        assert_eq!(scope.run(async { 1 }).await, Ok(1));
        assert!(!token_of(&handle).is_cancelled(), "it ended uncancelled");
    });
}

#[test]
fn an_adopted_task_gives_its_value_its_panic_or_that_it_was_aborted() {
    everywhere(3, || async {
        assert_eq!(adopt(tokio::spawn(async { 7 })).await, Ok(7));
        let aborted = tokio::spawn(never::<()>());
        aborted.abort();
        let said = "the adopted task was aborted by somebody else, or its runtime is shutting down";
        assert_eq!(adopt(aborted).await.unwrap_err().to_string(), said);
        let outcome = task_group(async |group| {
            group.adopt(tokio::spawn(async { panic!("foreign trouble") }));
            never::<()>().await;
        });
        let failed = outcome.await.unwrap_err();
        assert!(
            failed.failures()[0].is_panic() && failed.to_string().contains("foreign trouble"),
            "{failed}"
        );
    });
}

#[test]
fn an_adopted_task_is_aborted_and_waited_for_when_its_group_is_cancelled() {
    everywhere(3, || async {
        let held = Arc::new(());
        let inside = Arc::clone(&held);
        let outcome = task_group(async |group| {
            let foreign = tokio::spawn(async move {
                let _inside = inside;
                never::<()>().await;
            });
            let handle = group.adopt(foreign);
            turns(2).await;
            group.cancel("enough");
            handle.await.map_err(Failure::from)
        });
        let _ = outcome.await;
        assert_eq!(Arc::strong_count(&held), 1, "it is gone by the time the group ends");
    });
}

#[test]
fn a_task_that_a_finished_group_does_not_adopt_is_aborted() {
    everywhere(3, || async {
        let group = task_group(async |group| group).await.unwrap();
        let before = tasks();
        let refused = group.adopt(tokio::spawn(never::<()>()));
        assert!(matches!(refused.await, Err(TaskError::NotStarted)));
        until(|| tasks() == before).await;
    });
}

#[test]
fn a_blocking_task_that_was_adopted_is_waited_for() {
    everywhere(1, || async {
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let ended = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let ends = Arc::clone(&ended);
        let scope = CancelScope::new();
        let (handle, cancelled) = (scope.handle(), scope.handle());
        let outcome = scope.run(async {
            let begun = Arc::new(tokio::sync::Notify::new());
            let tells = Arc::clone(&begun);
            let blocking = tokio::task::spawn_blocking(move || {
                tells.notify_one();
                wait.recv().ok();
                ends.store(true, std::sync::atomic::Ordering::SeqCst);
            });
            let adopted = adopt(blocking);
            begun.notified().await;
            handle.cancel("stop");
            let _ = adopted.await;
        });
        let (outcome, ()) = tokio::join!(outcome, async {
            // No timer: a paused clock stands still while a blocking task runs.
            until(|| cancelled.is_cancelled()).await;
            turns(5).await;
            drop(go);
        });
        assert!(outcome.is_err() && ended.load(std::sync::atomic::Ordering::SeqCst));
    });
}

#[test]
fn every_token_of_a_scope_can_be_cancelled_without_the_others() {
    everywhere(1, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let tokens = [token_of(&handle), token_of(&handle), token_of(&handle)];
        tokens[1].cancel();
        assert_eq!(tokens.each_ref().map(CancellationToken::is_cancelled), [false, true, false]);
        assert!(!handle.is_cancelled());
        handle.cancel("all of them");
        assert!(tokens.iter().all(CancellationToken::is_cancelled));
        drop(scope);
    });
}
