//! A million tasks in one group.

use super::ending::{End, Hanging, time_to};
use super::living::Living;
use super::measure::{ends_in_linear_polls, ends_in_linear_time, on_a_small_stack};
use arbour::task_group;
use arbour::testing::block_on;
use std::future::pending;

const TASKS: usize = 1_000_000;

fn siblings(tasks: usize, living: Living) -> Hanging {
    Box::pin(async move {
        let group = task_group(async |group| {
            for _ in 0..tasks {
                let living = living.clone();
                group.spawn_value(async move {
                    let _life = living.one_more();
                    pending::<()>().await;
                });
            }
            pending::<()>().await;
        });
        let _ = group.await;
    })
}

#[test]
fn a_million_siblings_are_cancelled_on_a_small_stack() {
    on_a_small_stack(|| _ = block_on(time_to(End::Cancel, TASKS, siblings)));
}

#[test]
fn a_million_siblings_are_dropped_on_a_small_stack() {
    on_a_small_stack(|| _ = block_on(time_to(End::Drop, TASKS, siblings)));
}

#[test]
fn the_end_of_siblings_takes_linear_time() {
    for end in [End::Cancel, End::Drop, End::Abort] {
        ends_in_linear_time(end, TASKS / 20, siblings);
    }
}

#[test]
fn a_sibling_is_polled_as_often_among_many_as_among_few() {
    for end in [End::Cancel, End::Drop, End::Abort] {
        ends_in_linear_polls(end, siblings);
    }
}
