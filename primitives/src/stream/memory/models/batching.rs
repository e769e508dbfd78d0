//! Races of sending and receiving many items at a time.

use super::{assert_at_rest, drain, item, poll_and_drop, stream};
use crate::loom::{Bounds, block_on, model, thread};
use core::pin::pin;
use core::task::{Context, Poll};
use futures::task::noop_waker_ref;

#[test]
fn send_many_races_recv_many() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(2);
        let sending = thread::spawn(move || {
            block_on(tx.send_many(&mut [1, 2, 3].map(item).into())).unwrap();
            tx
        });
        let mut received = Vec::new();
        while received.len() < 3 {
            block_on(rx.recv_many(&mut received, 8)).unwrap();
        }
        assert!(received.iter().map(|item| **item).eq(1..=3), "in their order");
        assert_at_rest(&sending.join().unwrap());
    });
}

#[test]
fn send_many_races_recv_many_at_a_rendezvous() {
    model(Bounds::preemptions(5), || {
        let (tx, rx) = stream(0);
        let sending = thread::spawn(move || {
            block_on(tx.send_many(&mut [1, 2].map(item).into())).unwrap();
            tx
        });
        let mut received = Vec::new();
        while received.len() < 2 {
            block_on(rx.recv_many(&mut received, 8)).unwrap();
        }
        assert_at_rest(&sending.join().unwrap());
    });
}

#[test]
fn dropped_send_many_races_the_room_it_waits_for() {
    model(Bounds::preemptions(3), || {
        let (tx, rx) = stream(1);
        tx.try_send(item(1)).unwrap();
        let dropping = tx.clone();
        let leaving = thread::spawn(move || {
            let mut items = [2, 3].map(item).into();
            poll_and_drop(dropping.send_many(&mut items));
            items.len()
        });
        let other = tx.clone();
        let waiting = thread::spawn(move || block_on(other.send(item(4))).unwrap());
        let mut received = usize::from(block_on(rx.recv()).is_ok());
        received += usize::from(block_on(rx.recv()).is_ok());
        let left = leaving.join().unwrap();
        while received + left < 4 {
            received += usize::from(block_on(rx.recv()).is_ok());
        }
        waiting.join().unwrap();
        assert_at_rest(&tx);
    });
}

#[test]
fn dropped_recv_many_passes_its_wake_up_on() {
    model(Bounds::preemptions(3), || {
        let (tx, rx) = stream(1);
        let dropping = rx.clone();
        let leaving = thread::spawn(move || {
            let mut items = Vec::new();
            poll_and_drop(dropping.recv_many(&mut items, 2));
            items.len()
        });
        let sender = tx.clone();
        let sending = thread::spawn(move || {
            block_on(sender.send(item(1))).unwrap();
            block_on(sender.send(item(2))).unwrap();
        });
        assert!(block_on(rx.recv()).is_ok());
        let taken = leaving.join().unwrap();
        sending.join().unwrap();
        assert_eq!(1 + taken + drain(&rx), 2);
        assert_at_rest(&tx);
    });
}

/// The only item belongs to whoever waits, from when it enters the stream.
#[test]
fn try_recv_many_races_a_waiting_receiver() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(2);
        let mut cx = Context::from_waker(noop_waker_ref());
        let mut receiving = pin!(rx.recv());
        assert!(receiving.as_mut().poll(&mut cx).is_pending());
        let newcomer = rx.clone();
        let trying = thread::spawn(move || newcomer.try_recv_many(&mut Vec::new(), 2).is_ok());
        let sender = tx.clone();
        let sending = thread::spawn(move || sender.try_send_many(&mut [item(1)].into()).is_ok());
        assert!(!trying.join().unwrap());
        assert!(sending.join().unwrap());
        assert!(matches!(receiving.as_mut().poll(&mut cx), Poll::Ready(Ok(_))));
        assert_at_rest(&tx);
    });
}

#[test]
fn close_races_send_many() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(1);
        let sending = thread::spawn(move || {
            let mut items = [1, 2].map(item).into();
            let sent = block_on(tx.send_many(&mut items));
            assert_eq!(sent.is_ok(), items.is_empty());
            items.len()
        });
        let mut received = usize::from(rx.try_recv().is_ok());
        rx.close();
        let left = sending.join().unwrap();
        received += drain(&rx);
        assert_eq!(received + left, 2);
        super::assert_ended(&rx);
    });
}
