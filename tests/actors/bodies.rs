//! Each message has a body of its own: what it leaves ends before the next message, and what it sets goes with it.

use crate::doer::{Job, doer, note, now, slow};
use crate::support::{Journal, ms, supervised};
use arbour::{AskError, ScopeHandle, clean_up, defer, task_group};
use std::future::pending;
use tokio::time::{Instant, sleep};

/// Handles these one after the other, and then a note `next`, for a second.
async fn one_after_the_other(journal: &Journal, jobs: impl IntoIterator<Item = Job>) -> Vec<String> {
    let (address, child) = doer().build();
    supervised(child, async |_| {
        for job in jobs {
            address.tell(job).await.unwrap();
        }
        address.tell(note(journal, "next")).await.unwrap();
        sleep(ms(1_000)).await;
        assert_eq!(address.status().await.unwrap().incarnation, 1);
    })
    .await
    .1
    .unwrap();
    journal.timed()
}

#[arbour::test]
async fn what_it_defers_and_cleans_up_ends_before_the_next() {
    let journal = Journal::new();
    let notes = journal.clone();
    let leaves = now(move |_| {
        for n in 1..=2 {
            let notes = notes.clone();
            defer(async move {
                sleep(ms(10)).await;
                notes.note(format!("deferred {n}"));
            });
        }
        let notes = notes.clone();
        clean_up(async move {
            sleep(ms(5)).await;
            notes.note("cleaned up");
        });
    });
    let lines = one_after_the_other(&journal, [leaves]).await;
    assert_eq!(lines, ["cleaned up@5", "deferred 2@15", "deferred 1@25", "next@25"]);
}

#[arbour::test]
async fn the_children_of_a_group_that_it_dropped_end_before_the_next() {
    let journal = Journal::new();
    let notes = journal.clone();
    let leaves = slow(move |_| {
        Box::pin(async move {
            let group = task_group(async |group| {
                group.spawn_value(async move {
                    defer(async move {
                        sleep(ms(30)).await;
                        notes.note("child ended");
                    });
                    pending::<()>().await;
                });
                pending::<()>().await;
            });
            let _ = tokio::time::timeout(ms(10), group).await;
            Ok(())
        })
    });
    let lines = one_after_the_other(&journal, [leaves]).await;
    assert_eq!(lines, ["child ended@40", "next@40"]);
}

#[arbour::test]
async fn cancelling_the_current_scope_ends_that_message_only() {
    let journal = Journal::new();
    let notes = journal.clone();
    let cancels = slow(move |_| {
        Box::pin(async move {
            notes.note("begun");
            ScopeHandle::current().expect("a message has a scope").cancel("enough");
            pending::<()>().await;
            unreachable!("it was cancelled")
        })
    });
    let lines = one_after_the_other(&journal, [cancels]).await;
    assert_eq!(lines, ["begun@0", "next@0"]);
}

#[arbour::test]
async fn whoever_asked_for_a_message_that_was_cancelled_learns_that_it_was_stopped() {
    let (address, child) = doer().build();
    let (answer, outcome) = supervised(child, async |_| {
        let cancelled = address.ask(|reply: arbour::Reply<()>| {
            slow(move |_| {
                Box::pin(async move {
                    let _reply = reply;
                    ScopeHandle::current().expect("a message has a scope").cancel("enough");
                    pending().await
                })
            })
        });
        cancelled.await
    })
    .await;
    outcome.unwrap();
    assert_eq!(answer, Err(AskError::Stopped));
}

#[arbour::test]
async fn a_deadline_ends_its_message_and_is_not_in_force_in_the_next() {
    let journal = Journal::new();
    let job = |what: &'static str, limit: Option<u64>| {
        let notes = journal.clone();
        slow(move |_| {
            let scope = ScopeHandle::current().expect("a message has a scope");
            notes.note(format!("{what} {}", scope.deadline().is_some()));
            if let Some(limit) = limit {
                scope.set_deadline(Some((Instant::now() + ms(limit)).into_std()));
            }
            Box::pin(async move {
                sleep(ms(100)).await;
                notes.note(what);
                Ok(())
            })
        })
    };
    let jobs = [job("a", Some(10)), job("b", None)];
    let lines = one_after_the_other(&journal, jobs).await;
    assert_eq!(lines, ["a false@0", "b false@10", "b@110", "next@110"]);
}
