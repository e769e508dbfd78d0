//! A chain of a hundred thousand tasks: each opens a group and spawns the next.

use super::ending::{End, Hanging};
use super::living::Living;
use super::measure::{ends_in_linear_polls, ends_in_linear_time, grows_linearly, on_a_small_stack};
use arbour::{TaskGroup, clean_up, defer, task_group};
use cpu_time::ThreadTime;
use std::future::pending;
use std::time::Duration;
use tokio::task::yield_now;

const TASKS: usize = 100_000;

fn chain(tasks: usize, living: Living) -> Hanging {
    Box::pin(async move {
        let Some(rest) = tasks.checked_sub(1) else { return };
        let _life = living.one_more();
        let group = task_group(async |group: TaskGroup| {
            group.spawn_value(chain(rest, living));
            pending::<()>().await;
        });
        let _ = group.await;
    })
}

/// As above; each task has a finalizer, and cleans up when it is dropped.
fn chain_with_clean_up(tasks: usize, living: Living) -> Hanging {
    Box::pin(async move {
        let Some(rest) = tasks.checked_sub(1) else { return };
        let deferred = living.clone().one_more();
        defer(async {
            yield_now().await;
            drop(deferred);
        });
        let _cleaning = CleansUp(Some(living.clone()));
        let group = task_group(async |group: TaskGroup| {
            group.spawn_value(chain_with_clean_up(rest, living));
            pending::<()>().await;
        });
        let _ = group.await;
    })
}

struct CleansUp(Option<Living>);

impl Drop for CleansUp {
    fn drop(&mut self) {
        let life = self.0.take().map(|living| living.one_more());
        clean_up(async {
            yield_now().await;
            drop(life);
        });
    }
}

#[test]
fn cancelling_a_hundred_thousand_tasks_deep_is_linear_and_needs_no_stack() {
    on_a_small_stack(|| ends_in_linear_time(End::Cancel, TASKS, chain));
}

#[test]
fn dropping_a_hundred_thousand_tasks_deep_is_linear_and_needs_no_stack() {
    on_a_small_stack(|| ends_in_linear_time(End::Drop, TASKS, chain));
}

#[test]
fn aborting_a_chain_of_tasks_is_linear_and_needs_no_stack() {
    on_a_small_stack(|| ends_in_linear_time(End::Abort, TASKS / 4, chain));
}

#[test]
fn a_chain_that_cleans_up_at_every_link_is_linear_too() {
    on_a_small_stack(|| {
        ends_in_linear_time(End::Cancel, TASKS / 5, chain_with_clean_up);
        ends_in_linear_time(End::Drop, TASKS / 5, chain_with_clean_up);
    });
}

#[test]
fn a_task_of_a_chain_is_polled_as_often_in_a_long_one_as_in_a_short_one() {
    for end in [End::Cancel, End::Drop, End::Abort] {
        ends_in_linear_polls(end, chain);
    }
}

#[test]
fn dropping_a_runtime_with_a_whole_chain_in_it_is_linear_and_needs_no_stack() {
    on_a_small_stack(|| grows_linearly(TASKS / 2, time_to_drop_a_runtime));
}

/// The runtime drops the outermost task first, and no scope is left to wait for the others.
fn time_to_drop_a_runtime(tasks: usize) -> Duration {
    let living = Living::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.spawn(chain(tasks, living.clone()));
    runtime.block_on(living.reach(tasks));
    let begun = ThreadTime::now();
    drop(runtime);
    assert_eq!(living.count(), 0);
    begun.elapsed()
}
