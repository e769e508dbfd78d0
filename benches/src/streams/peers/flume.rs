//! flume: every cell.

use super::super::cell::Cell;
use super::super::row::{Receives, Sends, TAKEN, row as row_of};
use crate::harness::Row;
use flume::{Receiver, Sender};

pub(super) fn row<const BYTES: usize>(cell: Cell) -> Option<Row> {
    Some(row_of::<BYTES, _, _>(cell, "flume", move || {
        cell.ends(cell.capacity.map_or_else(flume::unbounded, flume::bounded))
    }))
}

impl<T: Send + 'static> Sends<T> for Sender<T> {
    async fn send(&mut self, item: T) {
        assert!(self.send_async(item).await.is_ok(), "{TAKEN}");
    }
}

impl<T: Send + 'static> Receives<T> for Receiver<T> {
    async fn recv(&mut self) -> Option<T> {
        self.recv_async().await.ok()
    }
}
