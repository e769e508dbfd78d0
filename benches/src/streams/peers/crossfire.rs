//! crossfire: every cell but the rendezvous, with the type it has for each shape.

use super::super::cell::Cell;
use super::super::row::{Receives, Sends, TAKEN, row as row_of};
use crate::harness::Row;
use crossfire::flavor::Flavor;
use crossfire::{AsyncRx, AsyncTx, MAsyncRx, MAsyncTx, MTx, Tx, mpmc, mpsc, spsc};

const NAME: &str = "crossfire";

pub(super) fn row<const BYTES: usize>(cell: Cell) -> Option<Row> {
    cell.stores().then(|| match (cell.senders, cell.receivers) {
        (1, 1) => one_to_one::<BYTES>(cell),
        (_, 1) => many_to_one::<BYTES>(cell),
        (_, _) => many_to_many::<BYTES>(cell),
    })
}

fn one_to_one<const BYTES: usize>(cell: Cell) -> Row {
    match cell.capacity {
        Some(capacity) => row_of::<BYTES, _, _>(cell, NAME, move || alone(spsc::bounded_async(capacity))),
        None => row_of::<BYTES, _, _>(cell, NAME, || alone(spsc::unbounded_async())),
    }
}

fn alone<S, R>((sender, receiver): (S, R)) -> (Vec<S>, Vec<R>) {
    (vec![sender], vec![receiver])
}

fn many_to_one<const BYTES: usize>(cell: Cell) -> Row {
    match cell.capacity {
        Some(capacity) => {
            row_of::<BYTES, _, _>(cell, NAME, move || cell.ends_of_one(mpsc::bounded_async(capacity)))
        }
        None => row_of::<BYTES, _, _>(cell, NAME, move || cell.ends_of_one(mpsc::unbounded_async())),
    }
}

fn many_to_many<const BYTES: usize>(cell: Cell) -> Row {
    match cell.capacity {
        Some(capacity) => row_of::<BYTES, _, _>(cell, NAME, move || cell.ends(mpmc::bounded_async(capacity))),
        None => row_of::<BYTES, _, _>(cell, NAME, move || cell.ends(mpmc::unbounded_async())),
    }
}

impl<F: Flavor<Item: Send + Unpin> + 'static> Sends<F::Item> for AsyncTx<F> {
    async fn send(&mut self, item: F::Item) {
        assert!(Self::send(self, item).await.is_ok(), "{TAKEN}");
    }
}

impl<F: Flavor<Item: Send + Unpin> + 'static> Sends<F::Item> for MAsyncTx<F> {
    async fn send(&mut self, item: F::Item) {
        assert!(AsyncTx::send(self, item).await.is_ok(), "{TAKEN}");
    }
}

/// The sender of an unbounded channel, which never waits.
impl<F: Flavor<Item: Send> + 'static> Sends<F::Item> for Tx<F> {
    async fn send(&mut self, item: F::Item) {
        assert!(Self::send(self, item).is_ok(), "{TAKEN}");
    }
}

/// The same with clones.
impl<F: Flavor<Item: Send> + 'static> Sends<F::Item> for MTx<F> {
    async fn send(&mut self, item: F::Item) {
        assert!(Tx::send(self, item).is_ok(), "{TAKEN}");
    }
}

impl<F: Flavor<Item: Send> + 'static> Receives<F::Item> for AsyncRx<F> {
    async fn recv(&mut self) -> Option<F::Item> {
        Self::recv(self).await.ok()
    }
}

impl<F: Flavor<Item: Send> + 'static> Receives<F::Item> for MAsyncRx<F> {
    async fn recv(&mut self) -> Option<F::Item> {
        AsyncRx::recv(self).await.ok()
    }
}
