//! Branches of one task, against their wakes, their cancellation and each other's end.

use super::{Signal, Tally, poll_once, race};
use crate::loom::{Bounds, block_on, thread};
use crate::scope::runtime::BoxFuture;
use crate::scope::{CancelScope, Raced, join_all, race as race_of, shield};
use core::future::{pending, ready};
use core::pin::pin;

#[test]
fn wakes_of_two_branches_race_the_polls_of_their_join() {
    race(Bounds::preemptions(3), || {
        let (one, two) = (Signal::default(), Signal::default());
        let waits = [one.clone().wait(), two.clone().wait()];
        let first = thread::spawn(move || one.fire());
        let second = thread::spawn(move || two.fire());
        assert_eq!(block_on(join_all(waits)).len(), 2, "no wake is lost");
        first.join().unwrap();
        second.join().unwrap();
    });
}

#[test]
fn a_wake_of_a_branch_races_the_poll_by_another_task() {
    race(Bounds::EXHAUSTIVE, || {
        let signal = Signal::default();
        let mut joined = pin!(join_all([signal.clone().wait()]));
        assert!(poll_once(joined.as_mut()).is_pending());
        let waker = thread::spawn(move || signal.fire());
        assert_eq!(block_on(joined).len(), 1, "the last task is woken");
        waker.join().unwrap();
    });
}

#[test]
fn cancel_races_the_release_of_a_held_branch() {
    race(Bounds::preemptions(2), || {
        let (signal, finished) = (Signal::default(), Tally::default());
        let (waited, finishes) = (signal.clone(), finished.clone());
        let scope = CancelScope::new();
        let handle = scope.handle();
        let canceller = thread::spawn(move || handle.cancel("stop"));
        let releaser = thread::spawn(move || signal.fire());
        let held = shield(async move {
            waited.wait().await;
            finishes.add();
        });
        let branches: [BoxFuture; 2] = [Box::pin(held), Box::pin(pending())];
        let outcome = block_on(scope.run(join_all(branches)));
        canceller.join().unwrap();
        releaser.join().unwrap();
        assert!(outcome.is_err(), "a join with a branch that was dropped gives nothing");
        assert_eq!(finished.count(), 1, "the held branch lives on");
    });
}

#[test]
fn the_end_of_a_race_races_the_release_of_a_loser() {
    race(Bounds::preemptions(3), || {
        let signal = Signal::default();
        let waited = signal.clone();
        let releaser = thread::spawn(move || signal.fire());
        let held = shield(async move {
            waited.wait().await;
            "late"
        });
        let branches: [BoxFuture<&str>; 2] = [Box::pin(ready("first")), Box::pin(held)];
        let Raced { value, late, .. } = block_on(race_of(branches).biased()).unwrap();
        releaser.join().unwrap();
        assert_eq!((value, late), ("first", vec![(1, "late")]), "the loser is waited for");
    });
}

#[test]
fn a_win_races_cancel() {
    race(Bounds::preemptions(2), || {
        let signal = Signal::default();
        let waited = signal.clone();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let canceller = thread::spawn(move || handle.cancel("stop"));
        let winner = thread::spawn(move || signal.fire());
        let branches: [BoxFuture; 2] = [Box::pin(waited.wait()), Box::pin(pending())];
        // Won or cancelled, it ends, and leaves nothing behind.
        if let Ok(raced) = block_on(scope.run(race_of(branches))) {
            assert_eq!(raced.unwrap().index, 0);
        }
        canceller.join().unwrap();
        winner.join().unwrap();
    });
}
