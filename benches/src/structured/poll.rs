//! What a scope costs each poll of its body: the same loop bare, in one scope, in four.

use crate::harness::{Bench, Row};
use crate::workers::Workers;
use arbour::{CancelScope, Scope};
use tokio::sync::mpsc;
use tokio::task::yield_now;

/// Polls in one go.
const POLLS: u64 = 10_000;

const UNCANCELLED: &str = "nobody cancels";

pub(super) fn benches() -> Vec<Bench> {
    [bench("yield_now", yields), bench("tokio mpsc recv", receives)].into_iter().flatten().collect()
}

/// One task's polls are the same on each worker, so one thread says it all.
fn bench<Fut>(name: &str, work: fn(u64) -> Fut) -> [Bench; 2]
where
    Fut: Future<Output = ()> + Send + 'static,
{
    let bare = || vec![row("bare", move |polls| async move { work(polls).await })];
    let one = row("one scope", move |polls| async move { scope(work(polls)).await.expect(UNCANCELLED) });
    let four = row("four scopes", move |polls| async move {
        let nested = scope(scope(scope(scope(work(polls))))).await;
        nested.flatten().flatten().flatten().expect(UNCANCELLED);
    });
    [
        Bench::new(format!("poll in one scope/{name}"), POLLS, one, bare()),
        Bench::new(format!("poll in four scopes/{name}"), POLLS, four, bare()),
    ]
}

fn row<Fut>(name: &'static str, work: impl Fn(u64) -> Fut + 'static) -> Row
where
    Fut: Future<Output = ()> + Send + 'static,
{
    Row::new(name, move |times, stopwatch| {
        let runtime = Workers::One.start();
        stopwatch.time(|| runtime.run(work(times * POLLS)));
    })
}

fn scope<F: Future>(body: F) -> Scope<F> {
    CancelScope::new().run(body)
}

async fn yields(polls: u64) {
    for _ in 0..polls {
        yield_now().await;
    }
}

/// A channel with one place and the sender in a bare task: each item costs the receiver one poll.
async fn receives(items: u64) {
    let (sender, mut receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        for item in 0..items {
            sender.send(item).await.expect("the receiver takes them all");
        }
    });
    while receiver.recv().await.is_some() {}
}
