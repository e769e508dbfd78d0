//! Races of an end that takes items ahead of their use.

use super::{assert_ended, block_on, item, poll_and_drop, stream};
use crate::loom::{Bounds, model, thread};

#[test]
fn read_ahead_races_send() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(2);
        let sending = thread::spawn(move || {
            for number in 1..=3 {
                block_on(tx.send(item(number))).unwrap();
            }
        });
        let mut ahead = rx.read_ahead(2);
        for number in 1..=3 {
            assert_eq!(*block_on(ahead.recv()).unwrap(), number);
        }
        sending.join().unwrap();
        assert!(block_on(ahead.recv()).is_err());
    });
}

/// What was taken ahead comes back, and nobody has been told the end before.
#[test]
fn dropped_read_ahead_races_the_end() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(2);
        tx.try_send_many(&mut [1, 2].map(item).into()).unwrap();
        drop(tx);
        let mut ahead = rx.clone().read_ahead(2);
        assert_eq!(*ahead.try_recv().unwrap(), 1);
        let leaving = thread::spawn(move || drop(ahead));
        assert_eq!(*block_on(rx.recv()).unwrap(), 2);
        leaving.join().unwrap();
        assert_ended(&rx);
    });
}

/// Who waits beside an end that has used up what it took hears of the end when that one goes.
#[test]
fn drop_of_a_used_up_read_ahead_races_a_receiver_that_waits_for_the_end() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, rx) = stream(2);
        tx.try_send_many(&mut [1, 2].map(item).into()).unwrap();
        drop(tx);
        let mut ahead = rx.clone().read_ahead(2);
        assert!(ahead.try_recv().is_ok());
        let using = thread::spawn(move || assert!(block_on(ahead.recv()).is_ok()));
        assert_ended(&rx);
        using.join().unwrap();
    });
}

#[test]
fn dropped_receive_of_a_read_ahead_passes_its_wake_up_on() {
    model(Bounds::preemptions(3), || {
        let (tx, rx) = stream(2);
        let mut ahead = rx.clone().read_ahead(2);
        let leaving =
            thread::spawn(move || usize::from(poll_and_drop(ahead.recv()).is_some_and(|item| item.is_ok())));
        let sending = thread::spawn(move || tx.try_send_many(&mut [1, 2].map(item).into()).unwrap());
        let mut received = 0;
        while block_on(rx.recv()).is_ok() {
            received += 1;
        }
        assert_eq!(sending.join().unwrap(), 2);
        assert_eq!(leaving.join().unwrap() + received, 2);
    });
}
