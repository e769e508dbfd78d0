//! C6: what keeps a cancelled body alive, and what does not.

use crate::support::{Journal, MS, everywhere, never, paused, poll_once, turns};
use arbour::{CancelScope, clean_up, defer, move_on_after, shield, task_group};
use tokio::time::{Instant, sleep};

#[test]
fn a_shielded_section_is_finished_and_the_body_goes_on_to_its_next_await() {
    everywhere(10, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            handle.cancel("meanwhile");
            shield(journal.later("shielded section")).await;
            journal.note("code behind it");
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        journal.is(["shielded section", "code behind it"]);
    });
}

#[test]
fn a_body_is_held_as_a_whole_and_other_branches_go_on_with_foreign_awaits() {
    paused(|| async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let mut rounds = 0;
        let begin = Instant::now();
        let outcome = scope.run(async {
            tokio::join!(
                shield(sleep(200 * MS)),
                async {
                    loop {
                        sleep(MS).await;
                        rounds += 1;
                    }
                },
                async {
                    sleep(10 * MS).await;
                    handle.cancel("ten milliseconds in");
                }
            );
        });
        assert!(outcome.await.is_err());
        assert!(rounds >= 190, "only {rounds} rounds");
        assert_eq!(begin.elapsed(), 200 * MS);
    });
}

#[test]
fn a_nested_scope_that_finishes_holds_the_body_around_it() {
    everywhere(10, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let _guard = journal.at_drop("outer body dropped");
            handle.cancel("outer");
            let inner = CancelScope::new().run(async {
                defer(journal.later("inner finalizer"));
                never::<()>().await;
            });
            let _ = inner.await;
        });
        assert!(outcome.await.is_err());
        journal.is(["inner finalizer", "outer body dropped"]);
    });
}

#[test]
fn a_nested_group_that_waits_for_children_holds_the_body_around_it() {
    everywhere(10, || async {
        let journal = Journal::default();
        let inside = journal.clone();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let _guard = journal.at_drop("outer body dropped");
            let inner = task_group(async move |group| {
                let last = inside.later("child ended");
                group.spawn_value(shield(last));
                turns(2).await;
                handle.cancel("outer");
                never::<()>().await;
            });
            let _ = inner.await;
        });
        assert!(outcome.await.is_err());
        journal.is(["child ended", "outer body dropped"]);
    });
}

#[test]
fn a_shield_in_a_child_task_does_not_hold_the_body_of_its_groups_owner() {
    everywhere(10, || async {
        let journal = Journal::default();
        let inside = journal.clone();
        let outcome = task_group(async move |group| {
            let _guard = inside.at_drop("owner's body dropped");
            let (dropped, wait) = (inside.clone(), inside.clone());
            let child = group.spawn_value(shield(async move {
                crate::support::until(|| wait.holds("owner's body dropped")).await;
                dropped.note("child's shield over");
            }));
            turns(2).await;
            group.cancel("the group");
            child.await.ok();
        });
        assert!(outcome.await.is_err());
        journal.is(["owner's body dropped", "child's shield over"]);
    });
}

#[test]
fn a_clean_up_does_not_hold_the_body_but_the_scope_waits_for_it() {
    everywhere(10, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let _guard = journal.at_drop("body dropped");
            clean_up(journal.later("cleaned up"));
            handle.cancel("now");
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        journal.note("scope ended");
        journal.is(["body dropped", "cleaned up", "scope ended"]);
    });
}

#[test]
fn a_shield_left_unpolled_holds_until_it_is_dropped() {
    paused(|| async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let begin = Instant::now();
        let outcome = scope.run(async {
            let mut parked = Box::pin(shield(never::<()>()));
            assert!(poll_once(&mut parked).await.is_pending());
            handle.cancel("while it is parked");
            sleep(300 * MS).await;
            drop(parked);
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        assert_eq!(begin.elapsed(), 300 * MS);
    });
}

#[test]
fn a_shield_left_unpolled_ends_by_an_abort() {
    everywhere(3, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let mut parked = Box::pin(shield(never::<()>()));
            assert!(poll_once(&mut parked).await.is_pending());
            handle.abort("nothing else helps");
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
    });
}

#[test]
fn a_deadline_inside_a_shield_limits_it() {
    paused(|| async {
        let scope = CancelScope::new();
        scope.handle().cancel("before");
        let begin = Instant::now();
        let outcome = scope.run(async {
            let limited = shield(move_on_after(50 * MS, never::<()>()));
            limited.await.unwrap_err()
        });
        assert_eq!(outcome.await.unwrap().cause, arbour::Cause::Deadline);
        assert_eq!(begin.elapsed(), 50 * MS);
    });
}

#[test]
fn a_shield_does_not_withstand_a_drop_by_foreign_code() {
    everywhere(5, || async {
        let journal = Journal::default();
        tokio::select! { biased;
            () = shield(async { let _guard = journal.at_drop("dropped"); turns(50).await; journal.note("finished") }) => {}
            () = turns(2) => {}
        }
        journal.is(["dropped"]);
    });
}

#[test]
fn a_shielded_scope_is_not_protected_from_its_own_cancellation() {
    everywhere(5, || async {
        let scope = CancelScope::new().shield(true);
        let handle = scope.handle();
        let outcome = scope.run(async {
            handle.cancel("itself");
            never::<()>().await;
        });
        assert_eq!(outcome.await.unwrap_err().cause.to_string(), "itself");
    });
}

#[test]
fn a_hold_that_ends_lets_the_cancelled_body_go_at_once() {
    paused(|| async {
        let begin = Instant::now();
        let outcome = move_on_after(10 * MS, async {
            tokio::join!(shield(sleep(30 * MS)), never::<()>());
        });
        assert!(outcome.await.is_err());
        assert_eq!(begin.elapsed(), 30 * MS);
    });
}
