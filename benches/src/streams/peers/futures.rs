//! The mpsc channel of futures: one receiver, no rendezvous. Each of its senders has a place beside the
//! buffer, which is made that much smaller.

use super::super::cell::Cell;
use super::super::row::{Receives, Sends, TAKEN, row as row_of};
use crate::harness::Row;
use futures::channel::mpsc::{self, Receiver, Sender, UnboundedReceiver, UnboundedSender};
use futures::{SinkExt, StreamExt};

const NAME: &str = "futures mpsc";

pub(super) fn row<const BYTES: usize>(cell: Cell) -> Option<Row> {
    (cell.has_one_receiver() && cell.stores()).then(|| match cell.capacity {
        Some(capacity) => row_of::<BYTES, _, _>(cell, NAME, move || {
            cell.ends_of_one(mpsc::channel(capacity.saturating_sub(cell.senders as usize)))
        }),
        None => row_of::<BYTES, _, _>(cell, NAME, move || cell.ends_of_one(mpsc::unbounded())),
    })
}

impl<T: Send + 'static> Sends<T> for Sender<T> {
    async fn send(&mut self, item: T) {
        assert!(SinkExt::send(self, item).await.is_ok(), "{TAKEN}");
    }
}

impl<T: Send + 'static> Receives<T> for Receiver<T> {
    async fn recv(&mut self) -> Option<T> {
        self.next().await
    }
}

impl<T: Send + 'static> Sends<T> for UnboundedSender<T> {
    async fn send(&mut self, item: T) {
        assert!(self.unbounded_send(item).is_ok(), "{TAKEN}");
    }
}

impl<T: Send + 'static> Receives<T> for UnboundedReceiver<T> {
    async fn recv(&mut self) -> Option<T> {
        self.next().await
    }
}
