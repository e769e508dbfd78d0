//! Faults at every await of a scenario that uses everything at once.

use crate::support::{Journal, turns};
use arbour::testing::{cancel_at_every_await, drop_at_every_await};
use arbour::{CancelScope, Failure, catch_cancel, clean_up, defer, shield, task_group};
use std::cell::RefCell;

/// Notes each beginning with `+` and its end with `-`.
async fn scenario(journal: Journal) {
    let both = |name: &'static str| {
        journal.note(format!("+{name}"));
        let journal = journal.clone();
        async move {
            turns(2).await;
            journal.note(format!("-{name}"));
        }
    };
    defer(both("outer finalizer"));
    let outcome = task_group(async |group| {
        defer(both("group finalizer"));
        clean_up(both("clean-up"));
        let of_child = both("child finalizer");
        let child = group.spawn(async move {
            defer(of_child);
            turns(3).await;
            Ok::<_, Failure>(())
        });
        let _ = catch_cancel(CancelScope::new().run(turns(2))).await;
        shield(both("shield")).await;
        child.await.ok();
    });
    outcome.await.unwrap();
}

fn is_balanced(journal: &Journal, name: &str) {
    let begun = journal.holds(&format!("+{name}"));
    assert_eq!(begun, journal.holds(&format!("-{name}")), "{name}: {journal:?}");
}

#[test]
fn dropped_at_any_poll_everything_that_was_deferred_runs() {
    let journal = RefCell::new(Journal::default());
    let runs = drop_at_every_await(
        || {
            *journal.borrow_mut() = Journal::default();
            scenario(journal.borrow().clone())
        },
        |_| {
            for name in ["outer finalizer", "group finalizer", "clean-up", "child finalizer"] {
                is_balanced(&journal.borrow(), name);
            }
        },
    );
    assert!(runs > 5, "only {runs} runs");
}

#[test]
fn cancelled_at_any_poll_everything_that_was_deferred_or_shielded_runs() {
    let journal = RefCell::new(Journal::default());
    let runs = cancel_at_every_await(
        || {
            *journal.borrow_mut() = Journal::default();
            scenario(journal.borrow().clone())
        },
        |_| {
            for name in ["outer finalizer", "group finalizer", "clean-up", "child finalizer", "shield"] {
                is_balanced(&journal.borrow(), name);
            }
        },
    );
    assert!(runs > 5, "only {runs} runs");
}
