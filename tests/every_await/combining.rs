//! Several futures in one task, and the points at which code stops that computes.

use crate::support::{Held, hold, sweep, turns};
use arbour::{
    cancel_shielded_checkpoint, checkpoint, checkpoint_if_cancelled, first_ok, join, join_all, race,
    try_join_all,
};

/// Holds something for so many turns, then gives their number.
async fn held_for(held: Held, count: usize) -> usize {
    hold(held, count).await;
    count
}

/// The same for a future that may fail: odd numbers do.
async fn even(held: Held, count: usize) -> Result<usize, usize> {
    let count = held_for(held, count).await;
    if count.is_multiple_of(2) { Ok(count) } else { Err(count) }
}

#[test]
fn joining_all() {
    let held = Held::default();
    let make = || async {
        let all = join_all([3, 1, 2].map(|count| held_for(held.clone(), count)));
        let (all, two) = join!(all, held_for(held.clone(), 2));
        (all, two)
    };
    sweep(make, |run| {
        held.is_nothing();
        assert!(run.output.is_none_or(|values| values == (vec![3, 1, 2], 2)));
    });
}

#[test]
fn joining_all_that_may_fail() {
    let held = Held::default();
    let make = || async {
        let whole = try_join_all([4, 2].map(|count| even(held.clone(), count))).await;
        (whole, try_join_all([8, 1].map(|count| even(held.clone(), count))).await)
    };
    sweep(make, |run| {
        held.is_nothing();
        assert!(run.output.is_none_or(|values| values == (Ok(vec![4, 2]), Err(1))));
    });
}

#[test]
fn racing() {
    let held = Held::default();
    let make = || async {
        let raced = race([9, 1, 9].map(|count| held_for(held.clone(), count))).await;
        raced.unwrap().value
    };
    sweep(make, |run| {
        held.is_nothing();
        assert!(run.output.is_none_or(|value| value == 1));
    });
}

#[test]
fn racing_for_a_success() {
    let held = Held::default();
    let make = || async { first_ok([1, 4, 9].map(|count| even(held.clone(), count))).await.is_ok() };
    sweep(make, |run| {
        held.is_nothing();
        assert!(run.output.is_none_or(|succeeded| succeeded));
    });
}

#[test]
fn checkpoints() {
    let held = Held::default();
    let make = || async {
        let _hold = held.take();
        checkpoint().await;
        checkpoint_if_cancelled().await;
        cancel_shielded_checkpoint().await;
        turns(1).await;
    };
    sweep(make, |_| held.is_nothing());
}
