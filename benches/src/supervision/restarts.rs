//! Restarts of one child, and of several with it.

use super::plan::{How, Plan};
use super::{arbour, erlang, hand_written, kameo};
use crate::harness::{Bench, Row};
use crate::workers::{Started, Workers};
use futures::future::BoxFuture;
use std::sync::Arc;

/// Supervises what the plan says until it is over.
type System = fn(Arc<Plan>) -> BoxFuture<'static, ()>;

pub(super) fn benches() -> Vec<Bench> {
    let alone = [How::Error, How::Panic].into_iter().flat_map(|how| {
        [500, 20_000].map(|crashes| {
            let what = if how == How::Error { "error" } else { "panic" };
            bench(format!("restart on {what}/{crashes} in the window"), how, crashes, 0)
        })
    });
    let groups = [(10, 100), (1_000, 4)].into_iter().map(|(children, crashes)| {
        bench(format!("one for all/{children} children"), How::Error, crashes, children - 1)
    });
    alone.chain(groups).collect()
}

/// An operation is the restart of one child.
fn bench(name: String, how: How, crashes: u64, siblings: usize) -> Bench {
    let row = |name, system| row(name, system, (how, crashes, siblings));
    let mut rivals = vec![row("hand-written", hand_written::crashing), row("kameo", kameo::crashing)];
    rivals.extend(erlang::restarts(how, crashes, siblings));
    Bench::new(name, crashes * (siblings as u64 + 1), row("arbour", arbour::crashing), rivals)
}

fn row(name: &'static str, system: System, (how, crashes, siblings): (How, u64, usize)) -> Row {
    Row::new(name, move |times, stopwatch| {
        let runtime = Workers::One.start();
        for _ in 0..times {
            let plan = Arc::new(Plan::new(how, crashes, siblings));
            let (supervisor,) = begin(&runtime, system(Arc::clone(&plan)), Arc::clone(&plan));
            let clocked = Arc::clone(&plan);
            stopwatch.time(|| {
                runtime.run(async move {
                    clocked.go.notify_one();
                    clocked.done.notified().await;
                })
            });
            plan.over.notify_one();
            runtime.run(supervisor).expect("no supervisor panics");
        }
    })
}

/// Runs the supervisor until the window is filled.
fn begin(
    runtime: &Started,
    system: BoxFuture<'static, ()>,
    plan: Arc<Plan>,
) -> (tokio::task::JoinHandle<()>,) {
    runtime.run(async move {
        let supervisor = tokio::spawn(system);
        plan.filled.notified().await;
        (supervisor,)
    })
}
