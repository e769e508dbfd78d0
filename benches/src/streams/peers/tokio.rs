//! tokio's mpsc channel: one receiver, no rendezvous.

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
