//! kanal: every cell.

use super::super::cell::Cell;
use super::super::row::{Receives, Sends, TAKEN, row as row_of};
use crate::harness::Row;
use kanal::{AsyncReceiver, AsyncSender};

pub(super) fn row<const BYTES: usize>(cell: Cell) -> Option<Row> {
    Some(row_of::<BYTES, _, _>(cell, "kanal", move || {
        cell.ends(cell.capacity.map_or_else(kanal::unbounded_async, kanal::bounded_async))
    }))
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
