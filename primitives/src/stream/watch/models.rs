//! The watch's races, one a model, explored by loom.

use super::{WatchClosed, WatchReceiver, watch};
use crate::loom::{Bounds, block_on, model, thread};
use core::pin::pin;
use core::task::Context;
use futures::task::noop_waker_ref;

fn next(rx: &mut WatchReceiver<u32>) -> Result<u32, WatchClosed> {
    block_on(rx.changed()).map(|value| *value)
}

/// The latest value is seen, whatever came between.
#[test]
fn send_races_changed() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, mut rx) = watch(0);
        let sending = thread::spawn(move || {
            tx.send(1);
            tx.send(2);
            tx
        });
        let mut seen = next(&mut rx).unwrap();
        if seen == 1 {
            seen = next(&mut rx).unwrap();
        }
        assert_eq!((seen, rx.has_changed()), (2, false));
        assert_eq!(sending.join().unwrap().statistics().waiting_receivers, 0);
    });
}

/// The last value is seen before the end, and the end is heard.
#[test]
fn drop_of_the_last_sender_races_changed() {
    model(Bounds::preemptions(3), || {
        let (tx, mut rx) = watch(0);
        let other = tx.clone();
        let dropping = thread::spawn(move || drop(other));
        let sending = thread::spawn(move || tx.send(1));
        assert_eq!((next(&mut rx), next(&mut rx)), (Ok(1), Err(WatchClosed)));
        dropping.join().unwrap();
        sending.join().unwrap();
    });
}

#[test]
fn two_changes_in_place_race() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = watch(0);
        let other = tx.clone();
        let changing = thread::spawn(move || other.send_modify(|value| *value += 1));
        tx.send_modify(|value| *value += 2);
        changing.join().unwrap();
        assert_eq!((*rx.peek(), tx.statistics().changes), (3, 2));
    });
}

#[test]
fn wait_for_races_send() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, mut rx) = watch(0);
        let sending = thread::spawn(move || [1, 2].map(|value| tx.send(value)));
        assert_eq!(block_on(rx.wait_for(|value| *value == 2)).map(|value| *value), Ok(2));
        sending.join().unwrap();
    });
}

#[test]
fn subscribe_races_send() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, _rx) = watch(0);
        let sender = tx.clone();
        let sending = thread::spawn(move || sender.send(1));
        let mut newcomer = tx.subscribe();
        sending.join().unwrap();
        drop(tx);
        let changed = next(&mut newcomer);
        assert!(changed.is_err() || changed == Ok(1));
        assert_eq!(*newcomer.latest(), 1);
    });
}

/// The wait moves to another task while the value changes: the waker of its latest poll is woken.
#[test]
fn a_replaced_waker_races_send() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, mut rx) = watch(0);
        let sending = thread::spawn(move || {
            tx.send(1);
            tx
        });
        let mut changed = pin!(rx.changed());
        if changed.as_mut().poll(&mut Context::from_waker(noop_waker_ref())).is_pending() {
            assert!(block_on(changed).is_ok());
        }
        sending.join().unwrap();
    });
}
