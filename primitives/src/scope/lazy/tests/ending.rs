//! How it ends: with its children, cancelled, dropped or with a panic.

use super::{Journal, begin, current, inside, nodes_inside, polled_elsewhere, to_its_end, turn};
use crate::scope::{defer, lazily};
use crate::tests::now;
use core::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

#[test]
fn a_child_ends_before_it_does() {
    let child = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&child);
    let (mut task, _around) = inside(lazily(async move {
        let seat = current().seat().expect("it takes children");
        *slot.lock().unwrap() = Some(seat.child(async {}, ()));
    }));
    assert!(task.poll().is_pending(), "its child has not ended");
    assert!(task.poll().is_pending(), "its child has not ended");
    drop(now(child.lock().unwrap().take().expect("it was spawned")));
    assert!(task.wakes() > 0, "the end of the last child wakes it");
    assert!(matches!(task.finish(), Ok(Ok(()))));
}

#[test]
fn a_cancellation_of_its_own_ends_it_alone() {
    let (task, around) = inside(async {
        let outcome = lazily(async {
            current().cancel("enough");
            pending::<()>().await;
        });
        outcome.await.unwrap_err().to_string()
    });
    let mut task = task;
    while task.wakes() == 0 {
        assert!(task.poll().is_pending(), "another poll comes before the drop");
    }
    assert_eq!(task.finish().unwrap(), "cancelled: enough");
    assert!(!around.is_cancelled());
}

#[test]
fn dropped_before_it_was_asked_for_it_leaves_what_its_drop_asks_for() {
    let journal = Journal::default();
    let (guard, told) = (journal.guard(), journal.clone());
    let (mut task, around) = inside(async move {
        let mut half = Box::pin(lazily(async move {
            let _guard = guard;
            pending::<()>().await;
        }));
        begin(&mut half).await;
        assert_eq!(nodes_inside(&current()), 0);
        drop(half);
        for _ in 0..8 {
            turn().await;
        }
        told.note("the scope around goes on");
    });
    to_its_end(&mut task);
    let expected = ["dropped", "cleaned up", "deferred in a drop", "the scope around goes on"];
    assert_eq!(journal.entries(), expected, "it was adopted, not left to the end of the scope around");
    assert_eq!(nodes_inside(&around), 0);
}

#[test]
fn dropped_unpolled_it_was_never_there() {
    let journal = Journal::default();
    let guard = journal.guard();
    let told = journal.clone();
    let (mut task, _around) = inside(async move {
        drop(lazily(async move { drop(guard) }));
        turn().await;
        turn().await;
        told.note("the end of the body");
    });
    to_its_end(&mut task);
    assert_eq!(journal.entries(), ["dropped", "cleaned up", "the end of the body", "deferred in a drop"]);
}

#[test]
fn dropped_outside_of_every_scope_its_body_is_dropped() {
    let dropped = Arc::new(());
    let held = Arc::clone(&dropped);
    let mut half = Box::pin(lazily(async move {
        pending::<()>().await;
        drop(held);
    }));
    polled_elsewhere(&mut half);
    drop(half);
    assert_eq!(Arc::strong_count(&dropped), 1);
}

#[test]
fn a_panic_goes_on_when_it_has_ended() {
    let journal = Journal::default();
    let deferred = journal.clone();
    let (mut task, _around) = inside(lazily(async move {
        defer(deferred.note_later("deferred"));
        panic!("a test's panic")
    }));
    let polls = (0..100).map(|_| catch_unwind(AssertUnwindSafe(|| task.poll().is_pending())));
    let payload = polls.filter_map(Result::err).next().expect("the panic comes out");
    assert_eq!(payload.downcast_ref(), Some(&"a test's panic"));
    assert_eq!(journal.entries(), ["deferred"]);
}
