//! Races of closing, of the last clone, and of the end.

use super::super::{RecvError, SendError};
use super::{assert_at_rest, assert_ended, drain, item, poll_and_drop, stream};
use crate::loom::{Bounds, block_on, model, thread};
use core::task::Context;
use futures::task::noop_waker_ref;

fn close_against_send(capacity: usize) {
    let (tx, rx) = stream(capacity);
    let sender = tx.clone();
    let sending = thread::spawn(move || {
        [1, 2].map(|n| match block_on(sender.send(item(n))) {
            Ok(()) => 1,
            Err(SendError::Closed(back)) => {
                assert_eq!(*back, n, "the item comes back");
                0
            }
            Err(other) => panic!("{other}"),
        })
    });
    let closer = rx.clone();
    let closing = thread::spawn(move || closer.close());
    let mut received = 0;
    while block_on(rx.recv()).is_ok() {
        received += 1;
    }
    closing.join().unwrap();
    assert_eq!(sending.join().unwrap().iter().sum::<usize>(), received);
    assert_eq!(drain(&rx), 0);
    assert_at_rest(&tx);
}

#[test]
fn close_races_send() {
    model(Bounds::preemptions(3), || close_against_send(1));
}

#[test]
fn close_races_rendezvous_send() {
    model(Bounds::preemptions(3), || close_against_send(0));
}

#[test]
fn close_races_recv() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(1);
        let closing = thread::spawn(move || {
            let sent = tx.try_send(item(1)).is_ok();
            tx.close();
            (sent, tx)
        });
        let received = block_on(rx.recv()).is_ok();
        assert_ended(&rx);
        let (sent, tx) = closing.join().unwrap();
        assert_eq!(sent, received);
        assert_at_rest(&tx);
    });
}

/// A receiver is called for the last item and dropped: the other one must find the item, not the end.
#[test]
fn end_is_never_announced_early() {
    model(Bounds::preemptions(3), || {
        let (tx, rx) = stream(1);
        let other = rx.clone();
        let mut called = Box::pin(async move { other.recv().await });
        assert!(called.as_mut().poll(&mut Context::from_waker(noop_waker_ref())).is_pending());
        let sending = thread::spawn(move || {
            block_on(tx.send(item(1))).unwrap();
            drop(tx);
        });
        let dropping = thread::spawn(move || drop(called));
        assert_eq!(*block_on(rx.recv()).unwrap(), 1);
        assert_ended(&rx);
        sending.join().unwrap();
        dropping.join().unwrap();
    });
}

/// Two receivers go on to the end: one gets the item, both get the end.
#[test]
fn last_sender_drop_races_two_receivers() {
    model(Bounds::preemptions(3), || {
        let (tx, rx) = stream(1);
        let other = rx.clone();
        let receiving = thread::spawn(move || core::iter::from_fn(|| block_on(other.recv()).ok()).count());
        let sending = thread::spawn(move || block_on(tx.send(item(1))).unwrap());
        let received = core::iter::from_fn(|| block_on(rx.recv()).ok()).count();
        assert_eq!(received + receiving.join().unwrap(), 1);
        sending.join().unwrap();
        assert_eq!(rx.statistics().waiting_receivers, 0);
    });
}

#[test]
fn last_receiver_drop_races_send() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(1);
        let dropping = thread::spawn(move || drop(rx));
        for n in [1, 2] {
            if let Err(refused) = block_on(tx.send(item(n))) {
                assert!(matches!(refused, SendError::Broken(back) if *back == n));
            }
        }
        dropping.join().unwrap();
        assert_eq!(tx.len(), 0);
        assert_at_rest(&tx);
    });
}

#[test]
fn last_receiver_drop_races_rendezvous_send() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(0);
        let receiving = thread::spawn(move || usize::from(poll_and_drop(rx.recv()).is_some()));
        let sent = block_on(tx.send(item(1)));
        assert_eq!(receiving.join().unwrap(), usize::from(sent.is_ok()));
        assert_at_rest(&tx);
    });
}

#[test]
fn sender_clone_races_drop_of_another() {
    model(Bounds::preemptions(3), || {
        let (tx, rx) = stream(1);
        let other = tx.clone();
        let dropping = thread::spawn(move || drop(other));
        let cloning = thread::spawn(move || {
            let clone = tx.clone();
            drop(tx);
            block_on(clone.send(item(1))).unwrap();
        });
        assert_eq!(*block_on(rx.recv()).unwrap(), 1);
        assert_ended(&rx);
        dropping.join().unwrap();
        cloning.join().unwrap();
        assert_eq!(rx.statistics().open_senders, 0);
    });
}

#[test]
fn receiver_clone_races_drop_of_another() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(1);
        let other = rx.clone();
        let dropping = thread::spawn(move || drop(other));
        let cloning = thread::spawn(move || {
            let clone = rx.clone();
            drop(rx);
            *block_on(clone.recv()).unwrap()
        });
        block_on(tx.send(item(1))).unwrap();
        dropping.join().unwrap();
        assert_eq!(cloning.join().unwrap(), 1);
        assert_eq!(block_on(tx.send(item(2))).map_err(|why| *why.into_item()), Err(2));
        assert_eq!(tx.statistics().open_receivers, 0);
        assert_at_rest(&tx);
    });
}

/// A receive through an end that another thread closes: its item or a refusal, and no loss.
#[test]
fn close_of_one_receive_end_races_send() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(1);
        let mine = crate::loom::Arc::new(rx.clone());
        let closer = mine.clone();
        let closing = thread::spawn(move || closer.close_end());
        let sender = tx.clone();
        let sending = thread::spawn(move || block_on(sender.send(item(1))).unwrap());
        let received = match block_on(mine.recv()) {
            Ok(_item) => 1,
            Err(why) => {
                assert_eq!(why, RecvError::Closed);
                0
            }
        };
        closing.join().unwrap();
        sending.join().unwrap();
        assert_eq!(received + drain(&rx), 1);
        assert_at_rest(&tx);
    });
}

/// A rendezvous send through an end that another thread closes: taken or handed back.
#[test]
fn close_of_one_send_end_races_recv() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(0);
        let mine = crate::loom::Arc::new(tx.clone());
        let closer = mine.clone();
        let closing = thread::spawn(move || closer.close_end());
        let receiving = thread::spawn(move || (usize::from(poll_and_drop(rx.recv()).is_some()), rx));
        let (received, rx) = match poll_and_drop(mine.send(item(1))) {
            Some(refused) => {
                assert_eq!(refused.map_err(|why| *why.into_item()), Err(1));
                receiving.join().unwrap()
            }
            None => receiving.join().unwrap(),
        };
        closing.join().unwrap();
        assert_eq!(drain(&rx), 0);
        assert!(received <= 1);
        assert_at_rest(&tx);
    });
}

#[test]
fn watch_for_the_last_receiver_races_its_drop() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(1);
        let other = rx.clone();
        let first = thread::spawn(move || drop(rx));
        let second = thread::spawn(move || drop(other));
        block_on(tx.closed());
        assert!(tx.is_closed());
        first.join().unwrap();
        second.join().unwrap();
    });
}
