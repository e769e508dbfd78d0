//! kanal: every cell; receiving in batches.

use super::super::cell::Cell;
use super::super::row::{Receives, Sends, TAKEN, row as row_of};
use crate::harness::Row;
use kanal::{AsyncReceiver, AsyncSender};
use std::vec::IntoIter;

pub(super) fn row<const BYTES: usize>(cell: Cell) -> Option<Row> {
    Some(row_of::<BYTES, _, _>(cell, "kanal", move || {
        cell.ends(cell.capacity.map_or_else(kanal::unbounded_async, kanal::bounded_async))
    }))
}

/// Receives as many items as there are, with the call that kanal has for it.
pub(super) fn row_of_batches<const BYTES: usize>(cell: Cell) -> Option<Row> {
    Some(row_of::<BYTES, _, _>(cell, "kanal drain_into", move || {
        let ends = cell.ends(cell.capacity.map_or_else(kanal::unbounded_async, kanal::bounded_async));
        (
            ends.0,
            ends.1.into_iter().map(|receiver| Drains { receiver, taken: Vec::new().into_iter() }).collect(),
        )
    }))
}

struct Drains<T> {
    receiver: AsyncReceiver<T>,
    taken: IntoIter<T>,
}

impl<T: Send + 'static> Receives<T> for Drains<T> {
    async fn recv(&mut self) -> Option<T> {
        if let Some(item) = self.taken.next() {
            return Some(item);
        }
        let mut more = vec![self.receiver.recv().await.ok()?];
        // After the end there is nothing to drain, and the next receive says so.
        let _ = self.receiver.drain_into(&mut more);
        self.taken = more.into_iter();
        self.taken.next()
    }
}

impl<T: Send + 'static> Sends<T> for AsyncSender<T> {
    async fn send(&mut self, item: T) {
        assert!(Self::send(self, item).await.is_ok(), "{TAKEN}");
    }
}

impl<T: Send + 'static> Receives<T> for AsyncReceiver<T> {
    async fn recv(&mut self) -> Option<T> {
        Self::recv(self).await.ok()
    }
}
