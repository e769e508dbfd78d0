//! Races of sending and receiving, and of futures that are dropped in between.

use super::{assert_at_rest, drain, item, memory_stream, poll_and_drop, stream};
use crate::loom::{Bounds, block_on, model, thread};
use core::pin::pin;
use core::task::Context;
use futures::task::noop_waker_ref;
use futures::{FutureExt, StreamExt};

fn send_and_receive_two(capacity: usize) {
    let (tx, rx) = stream(capacity);
    let sending = thread::spawn(move || {
        block_on(tx.send(item(1))).unwrap();
        block_on(tx.send(item(2))).unwrap();
        tx
    });
    assert_eq!(*block_on(rx.recv()).unwrap(), 1);
    assert_eq!(*block_on(rx.recv()).unwrap(), 2);
    assert_at_rest(&sending.join().unwrap());
}

#[test]
fn send_races_recv() {
    model(Bounds::EXHAUSTIVE, || send_and_receive_two(1));
}

#[test]
fn rendezvous_send_races_recv() {
    model(Bounds::EXHAUSTIVE, || send_and_receive_two(0));
}

fn two_senders_one_receiver(capacity: usize) {
    let (tx, rx) = stream(capacity);
    let other = tx.clone();
    let first = thread::spawn(move || block_on(other.send(item(1))).unwrap());
    let sending = tx.clone();
    let second = thread::spawn(move || block_on(sending.send(item(2))).unwrap());
    let received = *block_on(rx.recv()).unwrap() + *block_on(rx.recv()).unwrap();
    first.join().unwrap();
    second.join().unwrap();
    assert_eq!(received, 3);
    assert_at_rest(&tx);
}

#[test]
fn two_senders_race_for_one_place() {
    model(Bounds::preemptions(3), || two_senders_one_receiver(1));
}

#[test]
fn two_senders_race_for_one_receiver() {
    model(Bounds::preemptions(3), || two_senders_one_receiver(0));
}

#[test]
fn two_receivers_race_for_two_items() {
    model(Bounds::preemptions(3), || {
        let (tx, rx) = stream(1);
        let other = rx.clone();
        let receiving = thread::spawn(move || *block_on(other.recv()).unwrap());
        let sender = tx.clone();
        let sending = thread::spawn(move || {
            block_on(sender.send(item(1))).unwrap();
            block_on(sender.send(item(2))).unwrap();
        });
        let received = *block_on(rx.recv()).unwrap();
        sending.join().unwrap();
        assert_eq!(received + receiving.join().unwrap(), 3);
        assert_at_rest(&tx);
    });
}

/// Four threads: the ends come back from the threads, so that the sends and receives alone race.
#[test]
fn two_senders_race_two_receivers_at_a_rendezvous() {
    model(Bounds::preemptions(2), || {
        let (tx, rx) = memory_stream(0);
        let (first_tx, other) = (tx.clone(), rx.clone());
        let first = thread::spawn(move || (block_on(first_tx.send(1)).unwrap(), first_tx));
        let second = thread::spawn(move || (block_on(tx.send(2)).unwrap(), tx));
        let receiving = thread::spawn(move || (block_on(other.recv()).unwrap(), other));
        let received = block_on(rx.recv()).unwrap();
        let (also_received, _other) = receiving.join().unwrap();
        assert_eq!(received + also_received, 3);
        let (((), _first_tx), ((), tx)) = (first.join().unwrap(), second.join().unwrap());
        assert_at_rest(&tx);
    });
}

/// A receive that may have been woken is dropped; another one waits.
fn dropped_receiver(capacity: usize) {
    let (tx, rx) = stream(capacity);
    let other = rx.clone();
    let dropping = thread::spawn(move || poll_and_drop(other.recv()).is_some());
    let sender = tx.clone();
    let sending = thread::spawn(move || block_on(sender.send(item(1))).is_ok());
    let received = if dropping.join().unwrap() { 1 } else { usize::from(block_on(rx.recv()).is_ok()) };
    assert!(sending.join().unwrap());
    assert_eq!(received, 1);
    assert_eq!(drain(&rx), 0);
    assert_at_rest(&tx);
}

/// A wait of the end as a stream is dropped; what is awaited next gets the item that comes for it.
#[test]
fn receive_in_the_place_of_a_dropped_next_races_send() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, mut rx) = stream(1);
        assert!(rx.next().now_or_never().is_none());
        let sending = thread::spawn(move || {
            tx.try_send(item(1)).unwrap();
            tx
        });
        assert_eq!(*block_on(rx.recv()).unwrap(), 1);
        assert_at_rest(&sending.join().unwrap());
    });
}

#[test]
fn dropped_receiver_races_send() {
    model(Bounds::EXHAUSTIVE, || dropped_receiver(1));
}

#[test]
fn dropped_receiver_races_rendezvous_send() {
    model(Bounds::EXHAUSTIVE, || dropped_receiver(0));
}

/// Whoever is called and leaves calls the next: the other receiver waits at the same time.
#[test]
fn dropped_receiver_passes_its_wake_up_on() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(1);
        let other = rx.clone();
        let mut called = Box::pin(async move { other.recv().await });
        assert!(called.as_mut().poll(&mut Context::from_waker(noop_waker_ref())).is_pending());
        let sender = tx.clone();
        let sending = thread::spawn(move || block_on(sender.send(item(1))).unwrap());
        let dropping = thread::spawn(move || drop(called));
        assert_eq!(*block_on(rx.recv()).unwrap(), 1);
        sending.join().unwrap();
        dropping.join().unwrap();
        assert_at_rest(&tx);
    });
}

/// The same where the item is the sender's until it is taken.
#[test]
fn dropped_receiver_passes_its_wake_up_on_at_a_rendezvous() {
    model(Bounds::preemptions(3), || {
        let (tx, rx) = stream(0);
        let other = rx.clone();
        let mut called = Box::pin(async move { other.recv().await });
        assert!(called.as_mut().poll(&mut Context::from_waker(noop_waker_ref())).is_pending());
        let sender = tx.clone();
        let sending = thread::spawn(move || block_on(sender.send(item(1))).unwrap());
        let dropping = thread::spawn(move || drop(called));
        assert_eq!(*block_on(rx.recv()).unwrap(), 1);
        sending.join().unwrap();
        dropping.join().unwrap();
        assert_at_rest(&tx);
    });
}

/// The first sender withdraws in mid hand-over; the receiver it called takes from the second.
#[test]
fn dropped_rendezvous_sender_races_recv() {
    model(Bounds::preemptions(3), || {
        let (tx, rx) = stream(0);
        let dropped = tx.clone();
        let dropping = thread::spawn(move || poll_and_drop(dropped.send(item(1))).is_some());
        let sender = tx.clone();
        let sending = thread::spawn(move || block_on(sender.send(item(2))).is_ok());
        let first = *block_on(rx.recv()).unwrap();
        let knew = dropping.join().unwrap();
        assert!(!knew, "a rendezvous send is never ready at its first poll");
        if first == 1 {
            assert_eq!(*block_on(rx.recv()).unwrap(), 2);
        }
        assert!(sending.join().unwrap());
        assert_eq!(drain(&rx), 0);
        assert_at_rest(&tx);
    });
}

/// A send that waits for room is dropped while the room comes: sent or withdrawn, never both.
#[test]
fn dropped_sender_races_the_room_it_waits_for() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(1);
        tx.try_send(item(0)).unwrap();
        let dropped = tx.clone();
        let dropping = thread::spawn(move || poll_and_drop(dropped.send(item(1))));
        let sender = tx.clone();
        let sending = thread::spawn(move || block_on(sender.send(item(2))).is_ok());
        assert_eq!(*block_on(rx.recv()).unwrap(), 0);
        drop(dropping.join().unwrap());
        let next = *block_on(rx.recv()).unwrap();
        if next == 1 {
            assert_eq!(*block_on(rx.recv()).unwrap(), 2);
        }
        assert!(sending.join().unwrap());
        assert_eq!(drain(&rx), 0, "it entered before the other, or not at all");
        assert_at_rest(&tx);
    });
}

#[test]
fn try_recv_races_a_waiting_receiver() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(0);
        let newcomer = rx.clone();
        let trying = thread::spawn(move || usize::from(newcomer.try_recv().is_ok()));
        let sender = tx.clone();
        let sending = thread::spawn(move || {
            block_on(sender.send(item(1))).unwrap();
            usize::from(poll_and_drop(sender.send(item(2))).is_some())
        });
        let mut received = usize::from(poll_and_drop(rx.recv()).is_some());
        received += trying.join().unwrap();
        if received == 0 {
            received += usize::from(block_on(rx.recv()).is_ok());
        }
        sending.join().unwrap();
        assert!((1..=2).contains(&received));
        assert_eq!(drain(&rx), 0, "what a dropped sender offered went with it");
        assert_at_rest(&tx);
    });
}

#[test]
fn replaced_waker_races_wake() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(1);
        let sending = thread::spawn(move || {
            block_on(tx.send(item(1))).unwrap();
            tx
        });
        let mut receive = pin!(rx.recv());
        let polled = receive.as_mut().poll(&mut Context::from_waker(noop_waker_ref()));
        if polled.is_pending() {
            assert_eq!(*block_on(receive).unwrap(), 1);
        }
        assert_at_rest(&sending.join().unwrap());
    });
}

#[test]
fn force_send_races_recv() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(1);
        let forcing = thread::spawn(move || {
            let displaced = [1, 2].map(|n| tx.force_send(item(n)).unwrap());
            (displaced.iter().flatten().count(), tx)
        });
        let received = usize::from(block_on(rx.recv()).is_ok());
        let (displaced, tx) = forcing.join().unwrap();
        assert_eq!(received + displaced + drain(&rx), 2);
        assert_at_rest(&tx);
    });
}
