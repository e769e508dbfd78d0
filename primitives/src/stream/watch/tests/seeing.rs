//! Who sees which value, and when.

use super::{Task, WatchClosed, now, watch};
use futures::StreamExt;

#[test]
fn the_initial_value_is_seen_and_the_next_is_a_change() {
    let (tx, mut rx) = watch(0);
    assert_eq!((*rx.peek(), rx.has_changed()), (0, false));
    let changed = Task::waiting(rx.changed());
    tx.send(1);
    assert_eq!(changed.wakes(), 1);
    assert_eq!(changed.finish().as_deref(), Ok(&1));
    assert!(Task::new(rx.changed()).poll().is_pending());
}

#[test]
fn values_between_are_skipped_also_after_the_wake_up() {
    let (tx, mut rx) = watch(0);
    let changed = Task::waiting(rx.changed());
    (1..4).for_each(|value| tx.send(value));
    assert_eq!(changed.wakes(), 1);
    assert_eq!(changed.finish().as_deref(), Ok(&3));
    assert!(!rx.has_changed());
}

#[test]
fn a_change_wakes_all_who_wait() {
    let (tx, mut rx) = watch(0);
    let mut other = rx.clone();
    let (one, two) = (Task::waiting(rx.changed()), Task::waiting(other.changed()));
    tx.send(1);
    assert_eq!((one.wakes(), two.wakes()), (1, 1));
    assert_eq!((one.finish().as_deref(), two.finish().as_deref()), (Ok(&1), Ok(&1)));
}

#[test]
fn a_wait_that_is_dropped_after_it_was_woken_has_seen_nothing() {
    let (tx, mut rx) = watch(0);
    let changed = Task::waiting(rx.changed());
    tx.send(1);
    drop(changed);
    assert_eq!(now(rx.changed()).as_deref(), Ok(&1));
}

#[test]
fn to_peek_is_not_to_see() {
    let (tx, mut rx) = watch(0);
    tx.send(1);
    assert_eq!((*rx.peek(), rx.has_changed()), (1, true));
    assert_eq!((*rx.latest(), rx.has_changed()), (1, false));
}

#[test]
fn a_clone_has_seen_what_the_original_has_seen_and_a_subscriber_the_latest() {
    let (tx, rx) = watch(0);
    tx.send(1);
    assert!(rx.clone().has_changed());
    let mut subscriber = tx.subscribe();
    assert!(!subscriber.has_changed());
    tx.send(2);
    assert_eq!(now(subscriber.changed()).as_deref(), Ok(&2));
}

#[test]
fn the_last_value_is_seen_before_the_end() {
    let (tx, mut rx) = watch(0);
    let other = tx.clone();
    tx.send(1);
    drop(tx);
    assert_eq!(now(rx.changed()).as_deref(), Ok(&1));
    let changed = Task::waiting(rx.changed());
    drop(other);
    assert_eq!((changed.wakes(), changed.finish()), (1, Err(WatchClosed)));
    assert_eq!((now(rx.changed()), *rx.latest()), (Err(WatchClosed), 1));
}

#[test]
fn a_value_is_kept_while_nobody_receives() {
    let (tx, rx) = watch(0);
    drop(rx);
    tx.send(1);
    assert_eq!((*tx.latest(), *tx.subscribe().latest()), (1, 1));
}

#[test]
fn a_value_that_is_held_holds_up_nobody() {
    let (tx, mut rx) = watch(0);
    let held = rx.latest();
    assert_eq!(*tx.replace(1), 0);
    assert_eq!((*held, *rx.latest()), (0, 1));
}

#[test]
fn what_did_not_change_nobody_hears_of() {
    let (tx, mut rx) = watch(1);
    let changed = Task::waiting(rx.changed());
    let raise = |value: &mut i32| {
        *value += 1;
        *value > 2
    };
    assert!(!tx.send_if_modified(raise));
    assert_eq!((changed.wakes(), *tx.latest()), (0, 1));
    tx.send_modify(|value| *value += 1);
    assert!(tx.send_if_modified(raise));
    assert_eq!(changed.finish().as_deref(), Ok(&3));
}

#[test]
fn a_change_in_place_that_comes_second_is_made_to_the_value_of_the_first() {
    let (tx, rx) = watch(1);
    let mut calls = 0;
    tx.send_modify(|value| {
        calls += 1;
        if calls == 1 {
            tx.send(10);
        }
        *value += 1;
    });
    assert_eq!((calls, *rx.peek()), (2, 11));
}

#[test]
fn wait_for_asks_the_value_there_is_and_then_each_change() {
    let (tx, mut rx) = watch(2);
    assert_eq!(now(rx.wait_for(|value| *value == 2)).as_deref(), Ok(&2));
    let mut wait = Task::waiting(rx.wait_for(|value| *value > 3));
    tx.send(3);
    assert_eq!(wait.wakes(), 1);
    assert!(wait.poll().is_pending());
    tx.send(4);
    assert_eq!(wait.finish().as_deref(), Ok(&4));
    assert!(!rx.has_changed());
}

#[test]
fn a_wait_for_a_value_that_is_dropped_has_seen_nothing() {
    let (tx, mut rx) = watch(0);
    tx.send(1);
    drop(Task::waiting(rx.wait_for(|_| false)));
    assert_eq!(now(rx.changed()).as_deref(), Ok(&1));
}

#[test]
fn wait_for_asks_the_last_value_before_it_gives_up() {
    let (tx, mut rx) = watch(0);
    let mut other = rx.clone();
    tx.send(1);
    drop(tx);
    assert_eq!(now(rx.wait_for(|value| *value == 1)).as_deref(), Ok(&1));
    assert_eq!(now(other.wait_for(|value| *value == 2)), Err(WatchClosed));
    assert_eq!(now(other.changed()), Err(WatchClosed), "it was asked, and counts as seen");
}

#[test]
fn a_stream_gives_what_changed_would_give_and_ends() {
    let (tx, mut rx) = watch(0);
    let next = Task::waiting(rx.next());
    (1..3).for_each(|value| tx.send(value));
    assert_eq!(next.finish().as_deref(), Some(&2));
    tx.send(3);
    drop(tx);
    assert_eq!((now(rx.next()).as_deref(), now(rx.next())), (Some(&3), None));
}

/// A value that is always replaced while it is asked must not hold the task.
#[test]
fn wait_for_yields_to_a_sender_that_is_always_faster() {
    let (tx, mut rx) = watch(0);
    let mut asked = 0;
    let mut wait = Task::new(rx.wait_for(|value| {
        asked += 1;
        tx.send(value + 1);
        false
    }));
    assert!(wait.poll().is_pending());
    assert_eq!(wait.wakes(), 1);
    drop(wait);
    assert_eq!(asked, 2);
}
