//! async-channel: every cell but the rendezvous.

use super::super::cell::Cell;
use super::super::row::{Receives, Sends, TAKEN, row as row_of};
use crate::harness::Row;
use async_channel::{Receiver, Sender};

pub(super) fn row<const BYTES: usize>(cell: Cell) -> Option<Row> {
    cell.stores().then(|| {
        row_of::<BYTES, _, _>(cell, "async-channel", move || {
            cell.ends(cell.capacity.map_or_else(async_channel::unbounded, async_channel::bounded))
        })
    })
}

impl<T: Send + 'static> Sends<T> for Sender<T> {
    async fn send(&mut self, item: T) {
        assert!(Self::send(self, item).await.is_ok(), "{TAKEN}");
    }
}

impl<T: Send + 'static> Receives<T> for Receiver<T> {
    async fn recv(&mut self) -> Option<T> {
        Self::recv(self).await.ok()
    }
}
