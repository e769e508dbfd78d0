//! The stream's promises, one situation a test, polled by hand.

mod adapters;
mod ahead;
mod batches;
mod batching_sink;
mod closing;
mod conservation;
mod foreign;
mod order;
mod permits;
mod reading;
mod rendezvous;
mod sweep;
mod telling;
mod weak;

use super::{ReceiveStream, SendStream};
use crate::tests::{StdArc, Task, now};

#[track_caller]
fn check<T>(tx: &SendStream<T>) {
    tx.parts().0.lock().assert_invariants();
}

#[track_caller]
fn assert_nobody_waits<T>(rx: &ReceiveStream<T>) {
    let told = rx.statistics();
    assert_eq!((told.waiting_senders, told.waiting_receivers), (0, 0));
}
