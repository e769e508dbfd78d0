//! tokio's mpsc channel: one receiver, no rendezvous; receiving in batches.

use super::super::cell::Cell;
use super::super::row::{Receives, Sends, TAKEN, row as row_of};
use crate::harness::Row;
use tokio::sync::mpsc::{self, Receiver, Sender, UnboundedReceiver, UnboundedSender};

const NAME: &str = "tokio mpsc";

pub(super) fn row<const BYTES: usize>(cell: Cell) -> Option<Row> {
    (cell.has_one_receiver() && cell.stores()).then(|| match cell.capacity {
        Some(capacity) => {
            row_of::<BYTES, _, _>(cell, NAME, move || cell.ends_of_one(mpsc::channel(capacity)))
        }
        None => row_of::<BYTES, _, _>(cell, NAME, move || cell.ends_of_one(mpsc::unbounded_channel())),
    })
}

/// How many items at a time: as ours.
const BATCH: usize = 64;

/// Receives with `recv_many`.
pub(super) fn row_of_batches<const BYTES: usize>(cell: Cell) -> Option<Row> {
    let name = "tokio mpsc recv_many";
    let in_batches = |(senders, receivers): (_, Vec<_>)| {
        (senders, receivers.into_iter().map(|receiver| InBatches { receiver, taken: Vec::new() }).collect())
    };
    cell.capacity.filter(|_| cell.has_one_receiver()).map(|capacity| {
        row_of::<BYTES, _, _>(cell, name, move || in_batches(cell.ends_of_one(mpsc::channel(capacity))))
    })
}

struct InBatches<T> {
    receiver: Receiver<T>,
    taken: Vec<T>,
}

/// From the end of a batch to its front: the order is nothing to this row, and costs it nothing.
impl<T: Send + 'static> Receives<T> for InBatches<T> {
    async fn recv(&mut self) -> Option<T> {
        if self.taken.is_empty() {
            self.receiver.recv_many(&mut self.taken, BATCH).await;
        }
        self.taken.pop()
    }
}

impl<T: Send + 'static> Sends<T> for Sender<T> {
    async fn send(&mut self, item: T) {
        assert!(Self::send(self, item).await.is_ok(), "{TAKEN}");
    }
}

impl<T: Send + 'static> Receives<T> for Receiver<T> {
    async fn recv(&mut self) -> Option<T> {
        Self::recv(self).await
    }
}

impl<T: Send + 'static> Sends<T> for UnboundedSender<T> {
    async fn send(&mut self, item: T) {
        assert!(Self::send(self, item).is_ok(), "{TAKEN}");
    }
}

impl<T: Send + 'static> Receives<T> for UnboundedReceiver<T> {
    async fn recv(&mut self) -> Option<T> {
        Self::recv(self).await
    }
}
