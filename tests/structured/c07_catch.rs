//! C7: `catch_cancel` is a node of its own.

use crate::support::{Journal, everywhere, never, turns};
use arbour::{CancelScope, catch_cancel, clean_up, defer, shield};
use futures::stream::{FuturesUnordered, StreamExt};

#[test]
fn it_waits_for_a_shield_inside() {
    everywhere(10, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let caught = catch_cancel(async {
                handle.cancel("now");
                shield(journal.later("shielded section")).await;
                never::<()>().await;
            })
            .await;
            journal.note(caught.unwrap_err().to_string());
        });
        outcome.await.unwrap();
        journal.is(["shielded section", "cancelled: now"]);
    });
}

#[test]
fn it_runs_what_was_deferred_and_cleaned_up_inside_before_it_gives() {
    everywhere(10, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let caught = catch_cancel(async {
                defer(journal.later("deferred"));
                clean_up(journal.later("cleaned up"));
                handle.cancel("now");
                never::<()>().await;
            })
            .await;
            journal.note(if caught.is_err() { "caught" } else { "not caught" });
        });
        outcome.await.unwrap();
        journal.is(["cleaned up", "deferred", "caught"]);
    });
}

#[test]
fn it_catches_inside_futures_unordered() {
    everywhere(20, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let mut all = FuturesUnordered::new();
            for _ in 0..3 {
                all.push(async {
                    let caught = catch_cancel(never::<()>()).await;
                    journal.note(caught.unwrap_err().to_string());
                });
            }
            let wait = async { while all.next().await.is_some() {} };
            tokio::join!(wait, async {
                turns(3).await;
                handle.cancel("now");
            });
        });
        outcome.await.unwrap();
        journal.is(["cancelled: now"; 3]);
    });
}

#[test]
fn the_code_behind_it_goes_on_until_its_first_unready_await() {
    everywhere(10, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            tokio::join!(
                async {
                    let _ = catch_cancel(never::<()>()).await;
                    journal.note("behind");
                    std::future::ready(()).await;
                    journal.note("behind a ready await");
                    shield(turns(2)).await;
                    journal.note("behind a shield");
                    never::<()>().await;
                    journal.note("never here");
                },
                async {
                    turns(1).await;
                    handle.cancel("now");
                }
            );
        });
        assert!(outcome.await.is_err());
        journal.is(["behind", "behind a ready await", "behind a shield"]);
    });
}

#[test]
fn a_second_one_that_begins_in_the_cancelled_scope_does_not_catch() {
    everywhere(10, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            tokio::join!(
                async {
                    assert!(catch_cancel(never::<()>()).await.is_err());
                    journal.note("first");
                    let _ = catch_cancel(async { journal.note("second began") }).await;
                    journal.note("second");
                },
                async {
                    turns(1).await;
                    handle.cancel("now");
                }
            );
        });
        assert!(outcome.await.is_err());
        journal.is(["first"]);
    });
}

#[test]
fn a_value_passes_through_it() {
    everywhere(2, || async {
        assert_eq!(catch_cancel(async { 3 }).await, Ok(3));
        assert_eq!(CancelScope::new().run(catch_cancel(async { 4 })).await.unwrap(), Ok(4));
    });
}

#[test]
fn the_inner_of_two_catches_first_and_the_outer_sees_its_value() {
    everywhere(10, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let twice = catch_cancel(async { catch_cancel(never::<()>()).await.is_err() });
            tokio::join!(twice, async {
                turns(1).await;
                handle.cancel("now");
            })
            .0
        });
        assert_eq!(outcome.await.unwrap(), Ok(true));
    });
}
