//! Our rows: the ends in children of a group, as users write it, and in bare tasks as those of the peers.

use super::cell::Cell;
use super::row::{Receives, Sends, TAKEN, drain, pour, row, run};
use crate::harness::Row;
use arbour::task_group;
use arbour_primitives::stream::{Capacity, ReadAhead, ReceiveStream, SendStream, memory_stream};
use std::collections::VecDeque;
use std::hint::black_box;

type Ends<const BYTES: usize> = (Vec<SendStream<[u8; BYTES]>>, Vec<ReceiveStream<[u8; BYTES]>>);

/// Each await passes the gate of its scope, and each poll that of its task.
pub(super) fn in_a_group<const BYTES: usize>(cell: Cell) -> Row {
    Row::new("arbour", move |times, stopwatch| {
        run(cell, times, stopwatch, || {
            let (senders, receivers) = open::<BYTES>(cell);
            group(cell, senders, receivers)
        });
    })
}

/// What is left without the scopes: no peer knows them.
pub(super) fn in_bare_tasks<const BYTES: usize>(cell: Cell) -> Row {
    row(cell, "arbour in bare tasks", move || open::<BYTES>(cell))
}

/// The same at a rendezvous, where a permit's item is sent as soon as a receiver waits for it, as peers do it.
pub(super) fn by_permits<const BYTES: usize>(cell: Cell) -> Row {
    Row::new("arbour by permits", move |times, stopwatch| {
        run(cell, times, stopwatch, || {
            let (senders, receivers) = open::<BYTES>(cell);
            group(cell, senders.into_iter().map(ByPermit), receivers)
        });
    })
}

struct ByPermit<T>(SendStream<T>);

impl<T: Send + 'static> Sends<T> for ByPermit<T> {
    async fn send(&mut self, item: T) {
        self.0.reserve().await.expect(TAKEN).send(item).expect(TAKEN);
    }
}

/// The same with a receiver that reads ahead. Half of the capacity is the stream's and half is the receiver's, so
/// that no more items are on their way than with a peer.
pub(super) fn reading_ahead<const BYTES: usize>(cell: Cell) -> Row {
    let ahead = cell.capacity.map_or(AHEAD, |capacity| capacity / 2);
    let stored = Cell { capacity: cell.capacity.map(|capacity| capacity - ahead), ..cell };
    Row::new("arbour", move |times, stopwatch| {
        run(cell, times, stopwatch, || {
            let (senders, receivers) = open::<BYTES>(stored);
            group(cell, senders, receivers.into_iter().map(move |receiver| receiver.read_ahead(ahead)))
        });
    })
}

/// How far ahead of an unbounded stream.
const AHEAD: usize = 64;

/// The same ends in a group, which send and receive many items at a time.
pub(super) fn in_batches<const BYTES: usize>(cell: Cell) -> Row {
    Row::new("arbour in batches", move |times, stopwatch| {
        run(cell, times, stopwatch, || group_of_batches(cell, open::<BYTES>(cell)));
    })
}

fn open<const BYTES: usize>(cell: Cell) -> Ends<BYTES> {
    cell.ends(memory_stream(cell.capacity.map_or(Capacity::Unbounded, Capacity::Bounded)))
}

async fn group<const BYTES: usize>(
    cell: Cell,
    senders: impl IntoIterator<Item = impl Sends<[u8; BYTES]>> + Send,
    receivers: impl IntoIterator<Item = impl Receives<[u8; BYTES]>> + Send,
) {
    let group = task_group(async |group| {
        for sender in senders {
            drop(group.spawn_value(pour(sender, cell.items_of_each_sender())));
        }
        for receiver in receivers {
            drop(group.spawn_value(drain(receiver)));
        }
    });
    group.await.expect("no child fails");
}

async fn group_of_batches<const BYTES: usize>(cell: Cell, (senders, receivers): Ends<BYTES>) {
    let group = task_group(async |group| {
        for sender in senders {
            drop(group.spawn_value(pour_many(sender, cell.items_of_each_sender())));
        }
        for receiver in receivers {
            drop(group.spawn_value(drain_many(receiver)));
        }
    });
    group.await.expect("no child fails");
}

/// So many items at a time.
const BATCH: u64 = 64;

async fn pour_many<const BYTES: usize>(sender: SendStream<[u8; BYTES]>, items: u64) {
    let mut batch = VecDeque::new();
    for first in (0..items).step_by(BATCH as usize) {
        batch.extend((first..items.min(first + BATCH)).map(|number| [number as u8; BYTES]));
        sender.send_many(&mut batch).await.expect(TAKEN);
    }
}

async fn drain_many<const BYTES: usize>(receiver: ReceiveStream<[u8; BYTES]>) {
    let mut batch = Vec::new();
    while receiver.recv_many(&mut batch, BATCH as usize).await.is_ok() {
        for item in batch.drain(..) {
            black_box(&item);
        }
    }
}

impl<T: Send + 'static> Sends<T> for SendStream<T> {
    async fn send(&mut self, item: T) {
        Self::send(self, item).await.expect(TAKEN);
    }
}

impl<T: Send + 'static> Receives<T> for ReadAhead<T> {
    async fn recv(&mut self) -> Option<T> {
        Self::recv(self).await.ok()
    }
}

impl<T: Send + 'static> Receives<T> for ReceiveStream<T> {
    async fn recv(&mut self) -> Option<T> {
        Self::recv(self).await.ok()
    }
}
