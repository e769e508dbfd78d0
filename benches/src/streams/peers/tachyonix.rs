//! tachyonix: one receiver, bounded, no rendezvous.

use super::super::cell::Cell;
use super::super::row::{Receives, Sends, TAKEN, row as row_of};
use crate::harness::Row;
use tachyonix::{Receiver, Sender};

pub(super) fn row<const BYTES: usize>(cell: Cell) -> Option<Row> {
    let capacity = cell.capacity.filter(|_| cell.has_one_receiver() && cell.stores())?;
    Some(row_of::<BYTES, _, _>(cell, "tachyonix", move || cell.ends_of_one(tachyonix::channel(capacity))))
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
