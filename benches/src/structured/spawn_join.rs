//! Spawns many tasks that end at once, and waits for them all.

use super::TASKS;
use crate::harness::{Bench, Row};
use crate::workers::Workers;
use arbour::task_group;
use futures::stream::{FuturesUnordered, StreamExt};
use std::hint::black_box;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(super) fn bench(workers: Workers) -> Bench {
    let rivals = vec![
        row(workers, "JoinSet", join_set),
        row(workers, "TaskTracker and token", task_tracker),
        row(workers, "tokio::spawn", tokio_spawn),
        row(workers, "moro", moro),
        row(workers, "FuturesUnordered", futures_unordered),
    ];
    Bench::new(format!("spawn+join/{}", workers.name()), TASKS, row(workers, "arbour", arbour), rivals)
        .countable(workers == Workers::One)
}

fn row<Fut>(workers: Workers, name: &'static str, work: fn() -> Fut) -> Row
where
    Fut: Future<Output = ()> + Send + 'static,
{
    Row::new(name, move |times, stopwatch| {
        let runtime = workers.start();
        for _ in 0..times {
            stopwatch.time(|| runtime.run(work()));
        }
    })
}

async fn trivial() {
    black_box(());
}

async fn arbour() {
    let group = task_group(async |group| {
        for _ in 0..TASKS {
            drop(group.spawn_value(trivial()));
        }
    });
    group.await.expect("no child fails");
}

async fn join_set() {
    let mut set = JoinSet::new();
    for _ in 0..TASKS {
        set.spawn(trivial());
    }
    while let Some(ended) = set.join_next().await {
        ended.expect("no task panics");
    }
}

async fn task_tracker() {
    let (tracker, token) = (TaskTracker::new(), CancellationToken::new());
    for _ in 0..TASKS {
        let token = token.clone();
        tracker.spawn(async move { token.run_until_cancelled(trivial()).await });
    }
    tracker.close();
    tracker.wait().await;
}

/// All in one task, as in `FuturesUnordered`, which it is made of.
async fn moro() {
    let scope = moro::scope_fn::<(), _>(|scope| {
        Box::pin(async move {
            for _ in 0..TASKS {
                drop(scope.spawn(trivial()));
            }
        })
    });
    scope.await;
}

async fn futures_unordered() {
    let mut set: FuturesUnordered<_> = (0..TASKS).map(|_| trivial()).collect();
    while set.next().await.is_some() {}
}

async fn tokio_spawn() {
    let handles: Vec<JoinHandle<()>> = (0..TASKS).map(|_| tokio::spawn(trivial())).collect();
    for handle in handles {
        handle.await.expect("no task panics");
    }
}
