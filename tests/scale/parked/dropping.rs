//! Waiters go in any order, and each at the same price.

use super::super::measure::grows_linearly;
use super::crowd::Crowd;
use super::{WAITERS, shuffled};
use arbour::stream::{Capacity, memory_stream};
use cpu_time::ThreadTime;
use std::time::Duration;

/// In which order so many go.
type Order = fn(usize) -> Vec<usize>;

const ORDERS: [Order; 3] =
    [|count| (0..count).collect(), |count| (0..count).rev().collect(), |count| shuffled(count)];

fn time_to_leave<F: Future + Unpin>(crowd: &mut Crowd<F>, order: &[usize]) -> Duration {
    let begun = ThreadTime::now();
    order.iter().for_each(|&number| crowd.leave(number));
    begun.elapsed()
}

#[test]
fn receivers_go_in_any_order_in_linear_time() {
    for order in ORDERS {
        grows_linearly(WAITERS, |count| {
            let (_tx, rx) = memory_stream::<u64>(1);
            let mut crowd = Crowd::park((0..count).map(|_| rx.recv()));
            time_to_leave(&mut crowd, &order(count))
        });
    }
}

/// Those that were called hand their calls on, as long as there is somebody.
#[test]
fn receivers_that_were_called_go_in_any_order_in_linear_time() {
    for order in ORDERS {
        grows_linearly(WAITERS, |count| {
            let (tx, rx) = memory_stream(Capacity::Unbounded);
            let mut crowd = Crowd::park((0..count).map(|_| rx.recv()));
            (0..count / 2).for_each(|item| tx.try_send(item).unwrap());
            let took = time_to_leave(&mut crowd, &order(count));
            assert_eq!(rx.len(), count / 2);
            took
        });
    }
}

#[test]
fn senders_go_in_any_order_in_linear_time() {
    for (order, capacity) in ORDERS.into_iter().flat_map(|order| [(order, 0), (order, 1)]) {
        grows_linearly(WAITERS, |count| {
            let (tx, rx) = memory_stream(capacity);
            (0..capacity).for_each(|_| tx.try_send(0).unwrap());
            let mut crowd = Crowd::park((0..count).map(|item| tx.send(item)));
            let took = time_to_leave(&mut crowd, &order(count));
            assert_eq!(rx.len(), capacity);
            took
        });
    }
}

/// Half of them have a place, which goes from hand to hand.
#[test]
fn reservations_go_in_any_order_in_linear_time() {
    for order in ORDERS {
        grows_linearly(WAITERS, |count| {
            let (tx, rx) = memory_stream::<u64>(0);
            let mut crowd = Crowd::park((0..count).map(|_| tx.reserve()));
            let receivers = Crowd::park((0..count / 2).map(|_| rx.recv()));
            assert_eq!(crowd.woken().len(), count / 2);
            let took = time_to_leave(&mut crowd, &order(count));
            assert_eq!((rx.statistics().waiting_senders, receivers.woken()), (0, vec![]));
            took
        });
    }
}
