//! Races of permits and reservations.

use super::{assert_at_rest, assert_ended, drain, item, poll_and_drop, stream};
use crate::loom::{Bounds, block_on, model, thread};
use core::future::poll_fn;
use core::pin::Pin;
use futures::Sink;

#[test]
fn permit_drop_races_waiting_sender() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(1);
        let permit = tx.try_reserve().unwrap();
        let dropping = thread::spawn(move || drop(permit));
        block_on(tx.send(item(1))).unwrap();
        dropping.join().unwrap();
        assert_eq!(drain(&rx), 1);
        assert_at_rest(&tx);
    });
}

#[test]
fn permit_drop_races_waiting_reservation() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(1);
        let permit = tx.try_reserve().unwrap();
        let dropping = thread::spawn(move || drop(permit));
        block_on(tx.reserve()).unwrap().send(item(1)).unwrap();
        dropping.join().unwrap();
        assert_eq!(drain(&rx), 1);
        assert_at_rest(&tx);
    });
}

/// A reservation that may just have been granted is dropped; a sender waits behind it.
#[test]
fn dropped_reservation_passes_its_place_on() {
    model(Bounds::preemptions(3), || {
        let (tx, rx) = stream(1);
        tx.try_send(item(0)).unwrap();
        let reserver = tx.clone();
        let dropping = thread::spawn(move || drop(poll_and_drop(reserver.reserve())));
        let receiver = rx.clone();
        let receiving = thread::spawn(move || *block_on(receiver.recv()).unwrap());
        block_on(tx.send(item(1))).unwrap();
        dropping.join().unwrap();
        receiving.join().unwrap();
        assert_eq!(drain(&rx), 1);
        assert_at_rest(&tx);
    });
}

/// The senders are gone: the end waits for the permit, used or not.
#[test]
fn permit_use_races_the_end() {
    model(Bounds::preemptions(3), || {
        let (tx, rx) = stream(2);
        let (used, unused) = (tx.try_reserve().unwrap(), tx.try_reserve().unwrap());
        let using = thread::spawn(move || used.send(item(1)).unwrap());
        let dropping = thread::spawn(move || {
            drop(tx);
            drop(unused);
        });
        assert_eq!(*block_on(rx.recv()).unwrap(), 1);
        assert_ended(&rx);
        using.join().unwrap();
        dropping.join().unwrap();
    });
}

#[test]
fn permit_use_races_last_receiver_drop() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(1);
        let permit = tx.try_reserve().unwrap();
        let dropping = thread::spawn(move || drop(rx));
        if let Err(refused) = permit.send(item(1)) {
            assert_eq!(*refused.into_item(), 1);
        }
        dropping.join().unwrap();
        assert_eq!(tx.len(), 0);
        assert_at_rest(&tx);
    });
}

/// The receiver that a rendezvous permit was granted for leaves: the item waits for the next.
#[test]
fn rendezvous_permit_races_drop_of_its_receiver() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(0);
        let receiver = rx.clone();
        let receiving = thread::spawn(move || usize::from(poll_and_drop(receiver.recv()).is_some()));
        let sent = match poll_and_drop(tx.reserve()) {
            Some(permit) => usize::from(permit.unwrap().send(item(1)).is_ok()),
            None => 0,
        };
        let received = receiving.join().unwrap();
        assert_eq!(received + drain(&rx), sent);
        assert_at_rest(&tx);
    });
}

/// A sink holds a place and is dropped; a sender waits for that place.
#[test]
fn sink_drop_races_waiting_sender() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(1);
        let mut sink = tx.clone();
        let dropping = thread::spawn(move || {
            let ready = poll_and_drop(poll_fn(|cx| Pin::new(&mut sink).poll_ready(cx)));
            drop(sink);
            ready.is_some()
        });
        block_on(tx.send(item(1))).unwrap();
        dropping.join().unwrap();
        assert_eq!(drain(&rx), 1);
        assert_at_rest(&tx);
    });
}
