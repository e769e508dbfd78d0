//! Waiting until every task is blocked, and moving the clock.

use arbour::stream::memory_stream;
use arbour::testing::{
    advance, block_on, cancel_at_every_await, drop_at_every_await, wait_all_tasks_blocked,
};
use arbour::{Failure, task_group};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

/// A chain of tasks, each woken by the one before after some turns.
async fn everything_that_can_run_has_run() {
    let came = Arc::new(AtomicU32::new(0));
    let (first, mut last) = memory_stream::<()>(0);
    let group = task_group(async |group| {
        for _ in 0..5 {
            let (tx, rx) = memory_stream::<()>(0);
            let (before, came) = (std::mem::replace(&mut last, rx), Arc::clone(&came));
            group.spawn(async move {
                before.recv().await?;
                for _ in 0..20 {
                    yield_now().await;
                }
                came.fetch_add(1, Ordering::Relaxed);
                tx.send(()).await.map_err(|_| Failure::message("the chain is broken"))
            });
        }
        let begin = Instant::now();
        group.spawn_value(sleep(Duration::from_secs(1)));
        wait_all_tasks_blocked().await;
        assert_eq!(came.load(Ordering::Relaxed), 0);
        first.send(()).await.unwrap();
        wait_all_tasks_blocked().await;
        assert_eq!(came.load(Ordering::Relaxed), 5);
        assert_eq!(begin.elapsed(), Duration::ZERO, "the clock must not move");
        last.recv().await.unwrap();
    });
    group.await.unwrap();
}

#[test]
fn on_one_thread_everything_that_can_run_has_run() {
    block_on(everything_that_can_run_has_run());
}

#[arbour::test(seeds = 100)]
async fn in_a_simulation_everything_that_can_run_has_run() {
    everything_that_can_run_has_run().await;
}

#[arbour::test]
async fn tasks_of_the_runtime_are_waited_for_too() {
    let came = Arc::new(AtomicU32::new(0));
    let counting = Arc::clone(&came);
    tokio::spawn(async move {
        for _ in 0..500 {
            yield_now().await;
            counting.fetch_add(1, Ordering::Relaxed);
        }
    });
    wait_all_tasks_blocked().await;
    assert_eq!(came.load(Ordering::Relaxed), 500);
}

#[arbour::test]
async fn all_who_wait_are_woken_together() {
    let group = task_group(async |group| {
        let waiting: Vec<_> = (0..3).map(|_| group.spawn_value(wait_all_tasks_blocked())).collect();
        wait_all_tasks_blocked().await;
        yield_now().await;
        assert!(waiting.iter().all(|task| task.is_finished()));
    });
    group.await.unwrap();
}

#[arbour::test]
async fn who_stops_waiting_is_not_waited_for() {
    let group = task_group(async |group| {
        let given_up = group.spawn_value(wait_all_tasks_blocked());
        yield_now().await;
        given_up.cancel("it is not needed");
        wait_all_tasks_blocked().await;
        assert!(given_up.is_finished());
    });
    group.await.unwrap();
}

#[test]
#[should_panic(expected = "needs the runtime of `#[arbour::test]` on one thread")]
fn on_a_runtime_of_somebody_else_it_is_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(wait_all_tasks_blocked());
}

#[arbour::test]
async fn what_becomes_due_has_run_when_the_clock_was_moved() {
    let came = Arc::new(AtomicU32::new(0));
    let counting = Arc::clone(&came);
    let group = task_group(async |group| {
        let ticking = group.spawn_value(async move {
            for _ in 0..3 {
                sleep(Duration::from_secs(10)).await;
                yield_now().await;
                counting.fetch_add(1, Ordering::Relaxed);
            }
        });
        for second in [9, 1, 9, 1] {
            advance(Duration::from_secs(second)).await;
        }
        assert_eq!(came.load(Ordering::Relaxed), 2);
        assert!(!ticking.is_finished());
    });
    group.await.unwrap();
}

#[test]
fn dropped_or_cancelled_at_any_poll_it_leaves_nothing() {
    let make = || async {
        let group = task_group(async |group| {
            group.spawn_value(wait_all_tasks_blocked());
            advance(Duration::from_secs(1)).await;
        });
        group.await.is_ok()
    };
    assert!(drop_at_every_await(make, |run| assert_ne!(run.output, Some(false))) > 2);
    assert!(cancel_at_every_await(make, |run| assert_ne!(run.output, Some(false))) > 2);
}
