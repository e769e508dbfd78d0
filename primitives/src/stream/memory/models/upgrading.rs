//! Races of a weak end's upgrade with the end of its side.

use super::{assert_at_rest, assert_ended, drain, item, stream};
use crate::loom::{Bounds, block_on, model, thread};

/// An item of an upgraded sender arrives; once the end was told, nobody is upgraded any more.
fn upgrade_sender_against_last_drop(capacity: usize) {
    let (tx, rx) = stream(capacity);
    let weak = tx.downgrade();
    let late = weak.clone();
    let dropping = thread::spawn(move || drop(tx));
    let upgrading = thread::spawn(move || match weak.upgrade() {
        Some(tx) => {
            block_on(tx.send(item(1))).unwrap();
            1
        }
        None => 0,
    });
    let received = core::iter::from_fn(|| block_on(rx.recv()).ok()).count();
    assert!(late.upgrade().is_none(), "the end was told");
    dropping.join().unwrap();
    assert_eq!(upgrading.join().unwrap(), received);
    assert_ended(&rx);
    assert_eq!(rx.statistics().open_senders, 0);
}

#[test]
fn sender_upgrade_races_last_drop() {
    model(Bounds::preemptions(3), || upgrade_sender_against_last_drop(1));
}

#[test]
fn sender_upgrade_races_last_drop_at_a_rendezvous() {
    model(Bounds::preemptions(3), || upgrade_sender_against_last_drop(0));
}

/// An upgraded receiver finds what was sent; once a sender was told of the break, nobody is upgraded.
#[test]
fn receiver_upgrade_races_last_drop() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(1);
        let weak = rx.downgrade();
        let late = weak.clone();
        let dropping = thread::spawn(move || drop(rx));
        let upgrading = thread::spawn(move || weak.upgrade());
        let sent = tx.try_send(item(1)).is_ok();
        assert!(sent || late.upgrade().is_none(), "the break was told");
        dropping.join().unwrap();
        if let Some(rx) = upgrading.join().unwrap() {
            assert!(sent, "there was a receiver all the time");
            assert_eq!(drain(&rx), 1);
        }
        assert_eq!((tx.len(), tx.statistics().open_receivers), (0, 0));
        assert_at_rest(&tx);
    });
}

/// The stream is closed and taken up again: an end upgraded meanwhile sends, or gets its item back.
#[test]
fn sender_upgrade_races_reopen() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(1);
        tx.close();
        let weak = tx.downgrade();
        let upgrading = thread::spawn(move || {
            let tx = weak.upgrade().expect("a closed stream has its ends");
            tx.try_send(item(1)).is_ok()
        });
        rx.reopen();
        assert_eq!(upgrading.join().unwrap(), drain(&rx) == 1);
        assert_eq!(tx.statistics().open_senders, 1);
        assert_at_rest(&tx);
    });
}
