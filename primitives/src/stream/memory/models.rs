//! The stream's races, one a model: two or three threads at one stream, explored by loom.
//!
//! Payloads are loom's `Arc`s where an item could be lost: loom fails a model that leaks one.

mod ahead;
mod batching;
mod closing;
mod handing_over;
mod reading;
mod reserving;
mod upgrading;

use super::{Capacity, ReceiveStream, RecvError, SendStream, memory_stream};
use crate::loom::{Arc, block_on};
use core::pin::pin;
use core::task::{Context, Poll};
use futures::task::noop_waker_ref;

/// An item whose loss loom notices.
type Item = Arc<u32>;

fn stream(capacity: impl Into<Capacity>) -> (SendStream<Item>, ReceiveStream<Item>) {
    memory_stream(capacity)
}

fn item(number: u32) -> Item {
    Arc::new(number)
}

/// Polls a future once and drops it, as a cancellation does.
fn poll_and_drop<R>(future: impl Future<Output = R>) -> Option<R> {
    match pin!(future).poll(&mut Context::from_waker(noop_waker_ref())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

/// Takes all that is left, without waiting.
fn drain(rx: &ReceiveStream<Item>) -> usize {
    core::iter::from_fn(|| rx.try_recv().ok()).count()
}

/// Nobody is left waiting, and the numbered invariants hold.
#[track_caller]
fn assert_at_rest<T>(tx: &SendStream<T>) {
    tx.parts().0.lock().assert_invariants();
    let told = tx.statistics();
    assert_eq!((told.waiting_senders, told.waiting_receivers), (0, 0));
}

/// The next receive finds the end.
#[track_caller]
fn assert_ended(rx: &ReceiveStream<Item>) {
    assert_eq!(block_on(rx.recv()).map(|item| *item), Err(RecvError::EndOfStream));
}
