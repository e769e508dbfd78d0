//! Memory streams, one sender to one receiver, each in a task of its own.

use crate::harness::{Bench, Row};
use crate::workers::Workers;
use arbour::task_group;
use arbour_primitives::stream::memory_stream;
use tokio::sync::mpsc;

/// Items in one go.
const ITEMS: u64 = 10_000;

/// Every bench of the program `streams`.
#[must_use]
pub fn benches() -> Vec<Bench> {
    let mut benches = Vec::new();
    for workers in Workers::BOTH {
        for capacity in [0, 1, 128] {
            benches.push(bench::<8>(workers, capacity));
            benches.push(bench::<256>(workers, capacity));
        }
    }
    benches
}

fn bench<const BYTES: usize>(workers: Workers, capacity: usize) -> Bench {
    let name = format!("1 to 1/{}/capacity {capacity}/{BYTES} B", workers.name());
    let ours = row(workers, "arbour", move |items| arbour::<BYTES>(capacity, items));
    let mut rivals = vec![row(workers, "flume", move |items| flume::<BYTES>(capacity, items))];
    // Tokio's channel has no rendezvous.
    if capacity > 0 {
        rivals.push(row(workers, "tokio mpsc", move |items| tokio_mpsc::<BYTES>(capacity, items)));
    }
    Bench::new(name, ITEMS, ours, rivals).countable(workers == Workers::One)
}

fn row<Fut>(workers: Workers, name: &'static str, work: impl Fn(u64) -> Fut + 'static) -> Row
where
    Fut: Future<Output = ()> + Send + 'static,
{
    Row::new(name, move |times, stopwatch| {
        let runtime = workers.start();
        stopwatch.time(|| runtime.run(work(times * ITEMS)));
    })
}

fn item<const BYTES: usize>(number: u64) -> [u8; BYTES] {
    [number as u8; BYTES]
}

/// Both tasks are children of a group, as users write it: our awaits pass their gates.
async fn arbour<const BYTES: usize>(capacity: usize, items: u64) {
    let (tx, rx) = memory_stream::<[u8; BYTES]>(capacity);
    let group = task_group(async |group| {
        drop(group.spawn_value(async move {
            for number in 0..items {
                tx.send(item(number)).await.expect("the receiver takes them all");
            }
        }));
        drop(group.spawn_value(async move { while rx.recv().await.is_ok() {} }));
    });
    group.await.expect("no child fails");
}

async fn flume<const BYTES: usize>(capacity: usize, items: u64) {
    let (tx, rx) = ::flume::bounded::<[u8; BYTES]>(capacity);
    let sender = tokio::spawn(async move {
        for number in 0..items {
            tx.send_async(item(number)).await.expect("the receiver takes them all");
        }
    });
    let receiver = tokio::spawn(async move { while rx.recv_async().await.is_ok() {} });
    sender.await.expect("the sender does not panic");
    receiver.await.expect("the receiver does not panic");
}

async fn tokio_mpsc<const BYTES: usize>(capacity: usize, items: u64) {
    let (tx, mut rx) = mpsc::channel::<[u8; BYTES]>(capacity);
    let sender = tokio::spawn(async move {
        for number in 0..items {
            tx.send(item(number)).await.expect("the receiver takes them all");
        }
    });
    let receiver = tokio::spawn(async move { while rx.recv().await.is_some() {} });
    sender.await.expect("the sender does not panic");
    receiver.await.expect("the receiver does not panic");
}
