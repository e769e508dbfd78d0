//! The broadcast stream's promises, one situation a test, polled by hand.

mod adapters;
mod closing;
mod foreign;
mod order;
mod slow;
mod sweep;
mod telling;

use super::{
    BroadcastReceiver, BroadcastRecvError, BroadcastSender, BroadcastTryRecvError, SlowReceiver, broadcast,
};
use crate::tests::{StdArc, Task, now};

const ALL: [SlowReceiver; 4] =
    [SlowReceiver::Wait, SlowReceiver::Lag, SlowReceiver::Drop, SlowReceiver::Disconnect];

fn stream<T: Clone>(capacity: usize, slow: SlowReceiver) -> BroadcastSender<T> {
    broadcast(capacity, slow).unwrap()
}

/// The invariants hold, for all receivers there are.
#[track_caller]
fn check<T>(tx: &BroadcastSender<T>, receivers: &[&BroadcastReceiver<T>]) {
    let cursors: Vec<_> = receivers.iter().map(|rx| rx.cursor()).collect();
    tx.shared().lock().assert_invariants(&cursors);
}

/// Takes all that can be taken now.
fn drain<T: Clone>(rx: &mut BroadcastReceiver<T>) -> Vec<T> {
    core::iter::from_fn(|| rx.try_recv().ok()).collect()
}

const fn lagged(missed: u64) -> BroadcastTryRecvError {
    BroadcastTryRecvError::Refused(BroadcastRecvError::Lagged { missed })
}
