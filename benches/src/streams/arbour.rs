//! Our rows: the ends in children of a group, as users write it, and in bare tasks as those of the peers.

use super::cell::Cell;
use super::row::{Receives, Sends, TAKEN, drain, pour, row, run};
use crate::harness::Row;
use arbour::task_group;
use arbour_primitives::stream::{Capacity, ReceiveStream, SendStream, memory_stream};

type Ends<const BYTES: usize> = (Vec<SendStream<[u8; BYTES]>>, Vec<ReceiveStream<[u8; BYTES]>>);

/// Each await passes the gate of its scope, and each poll that of its task.
pub(super) fn in_a_group<const BYTES: usize>(cell: Cell) -> Row {
    Row::new("arbour", move |times, stopwatch| {
        run(cell, times, stopwatch, || group(cell, open::<BYTES>(cell)));
    })
}

/// What is left without the scopes: no peer knows them.
pub(super) fn in_bare_tasks<const BYTES: usize>(cell: Cell) -> Row {
    row(cell, "arbour in bare tasks", move || open::<BYTES>(cell))
}

fn open<const BYTES: usize>(cell: Cell) -> Ends<BYTES> {
    cell.ends(memory_stream(cell.capacity.map_or(Capacity::Unbounded, Capacity::Bounded)))
}

async fn group<const BYTES: usize>(cell: Cell, (senders, receivers): Ends<BYTES>) {
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

impl<T: Send + 'static> Sends<T> for SendStream<T> {
    async fn send(&mut self, item: T) {
        Self::send(self, item).await.expect(TAKEN);
    }
}

impl<T: Send + 'static> Receives<T> for ReceiveStream<T> {
    async fn recv(&mut self) -> Option<T> {
        Self::recv(self).await.ok()
    }
}
