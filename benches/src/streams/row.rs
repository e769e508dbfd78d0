//! What all rows do: senders and receivers, each in a task of its own, until the receivers have seen the end.

use super::cell::Cell;
use crate::harness::{Row, Stopwatch};
use std::hint::black_box;
use tokio::task::JoinSet;

/// A sending end of any channel. It panics where the channel refuses: the receivers take all items.
pub(super) trait Sends<T>: Send + 'static {
    fn send(&mut self, item: T) -> impl Future<Output = ()> + Send;
}

/// A receiving end of any channel; `None` is the end.
pub(super) trait Receives<T>: Send + 'static {
    fn recv(&mut self) -> impl Future<Output = Option<T>> + Send;
}

/// Why a send cannot fail here.
pub(super) const TAKEN: &str = "the receivers take all items";

/// A row whose ends live in tasks of tokio.
pub(super) fn row<const BYTES: usize, S, R>(
    cell: Cell,
    name: &'static str,
    open: impl Fn() -> (Vec<S>, Vec<R>) + 'static,
) -> Row
where
    S: Sends<[u8; BYTES]>,
    R: Receives<[u8; BYTES]>,
{
    Row::new(name, move |times, stopwatch| run(cell, times, stopwatch, || in_tasks(cell, open())))
}

/// Does the work so many times, each time with a stream of its own.
pub(super) fn run<Fut>(cell: Cell, times: u64, stopwatch: &mut Stopwatch, work: impl Fn() -> Fut)
where
    Fut: Future<Output = ()> + Send + 'static,
{
    let runtime = cell.workers.start();
    for _ in 0..times {
        let work = work();
        stopwatch.time(|| runtime.run(work));
    }
}

async fn in_tasks<const BYTES: usize, S, R>(cell: Cell, (senders, receivers): (Vec<S>, Vec<R>))
where
    S: Sends<[u8; BYTES]>,
    R: Receives<[u8; BYTES]>,
{
    let mut tasks = JoinSet::new();
    for sender in senders {
        tasks.spawn(pour(sender, cell.items_of_each_sender()));
    }
    for receiver in receivers {
        tasks.spawn(drain(receiver));
    }
    tasks.join_all().await;
}

/// What a sender does.
pub(super) async fn pour<const BYTES: usize>(mut sender: impl Sends<[u8; BYTES]>, items: u64) {
    for number in 0..items {
        sender.send([number as u8; BYTES]).await;
    }
}

/// What a receiver does.
pub(super) async fn drain<const BYTES: usize>(mut receiver: impl Receives<[u8; BYTES]>) {
    while let Some(item) = receiver.recv().await {
        black_box(&item);
    }
}
