//! Cancels many parked tasks, and waits until the last has ended.

use super::TASKS;
use crate::harness::{Bench, Row, Stopwatch};
use crate::workers::{Started, Workers};
use arbour::{TaskGroup, task_group};
use futures::stream::{FuturesUnordered, StreamExt};
use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use tokio::sync::Notify;
use tokio::task::{JoinSet, yield_now};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(super) fn bench(workers: Workers) -> Bench {
    let rivals = vec![
        row(workers, "JoinSet", join_set),
        row(workers, "TaskTracker and token", task_tracker),
        row(workers, "moro", moro),
        row(workers, "FuturesUnordered", futures_unordered),
    ];
    Bench::new(format!("cancel+join/{}", workers.name()), TASKS, row(workers, "arbour", arbour), rivals)
        .countable(workers == Workers::One)
}

fn row(workers: Workers, name: &'static str, once: fn(&Started, &mut Stopwatch)) -> Row {
    Row::new(name, move |times, stopwatch| {
        let runtime = workers.start();
        for _ in 0..times {
            once(&runtime, stopwatch);
        }
    })
}

/// Counts the tasks that have been polled, so that the clock starts when all are parked.
#[derive(Clone, Default)]
struct Parked(Arc<AtomicU64>);

impl Parked {
    async fn park(self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        pending().await
    }

    async fn all(self) {
        while self.0.load(Ordering::Relaxed) < TASKS {
            yield_now().await;
        }
    }
}

fn arbour(runtime: &Started, stopwatch: &mut Stopwatch) {
    let parked = Parked::default();
    let children = parked.clone();
    let (group, ended) = runtime.run(async {
        let (tell, told) = tokio::sync::oneshot::channel::<TaskGroup>();
        let ended = tokio::spawn(task_group(async move |group: TaskGroup| {
            for _ in 0..TASKS {
                drop(group.spawn_value(children.clone().park()));
            }
            let _ = tell.send(group);
        }));
        (told.await.expect("the body tells its group"), ended)
    });
    runtime.run(parked.all());
    let outcome = stopwatch.time(|| {
        runtime.run(async move {
            group.cancel("measured");
            ended.await
        })
    });
    outcome.expect("the group does not panic").expect("its body gave a value");
}

fn join_set(runtime: &Started, stopwatch: &mut Stopwatch) {
    let parked = Parked::default();
    let tasks = parked.clone();
    let mut set = runtime.run(async move {
        let mut set = JoinSet::new();
        for _ in 0..TASKS {
            set.spawn(tasks.clone().park());
        }
        set
    });
    runtime.run(parked.all());
    stopwatch.time(|| {
        runtime.run(async move {
            set.abort_all();
            while set.join_next().await.is_some() {}
        })
    });
}

fn task_tracker(runtime: &Started, stopwatch: &mut Stopwatch) {
    let (tracker, token, parked) = (TaskTracker::new(), CancellationToken::new(), Parked::default());
    let (tasks, of, until) = (parked.clone(), tracker.clone(), token.clone());
    runtime.run(async move {
        for _ in 0..TASKS {
            let (tasks, token) = (tasks.clone(), until.clone());
            of.spawn(async move { token.run_until_cancelled(tasks.park()).await });
        }
    });
    runtime.run(parked.all());
    stopwatch.time(|| {
        runtime.run(async move {
            token.cancel();
            tracker.close();
            tracker.wait().await;
        })
    });
}

/// All in one task, which drops what it has not finished.
fn moro(runtime: &Started, stopwatch: &mut Stopwatch) {
    let (parked, over) = (Parked::default(), Arc::new(Notify::new()));
    let (jobs, told) = (parked.clone(), Arc::clone(&over));
    let scope = moro::scope_fn::<(), _>(move |scope| {
        Box::pin(async move {
            for _ in 0..TASKS {
                drop(scope.spawn(jobs.clone().park()));
            }
            told.notified().await;
            scope.terminate(()).await
        })
    });
    let (ended,) = runtime.run(async move { (tokio::spawn(scope),) });
    runtime.run(parked.all());
    let outcome = stopwatch.time(|| {
        runtime.run(async move {
            over.notify_one();
            ended.await
        })
    });
    outcome.expect("no job panics");
}

/// No task at all: the set is dropped where it is.
fn futures_unordered(runtime: &Started, stopwatch: &mut Stopwatch) {
    let parked = Parked::default();
    let set = runtime.run(async move {
        let mut set: FuturesUnordered<_> = (0..TASKS).map(|_| parked.clone().park()).collect();
        poll_fn(|cx| match set.poll_next_unpin(cx) {
            Poll::Pending if parked.0.load(Ordering::Relaxed) == TASKS => Poll::Ready(()),
            _ => Poll::Pending,
        })
        .await;
        set
    });
    stopwatch.time(|| runtime.run(async move { drop::<FuturesUnordered<_>>(set) }));
}
