//! Races for a promise.

use super::PromiseCell;
use crate::loom::{Arc, Bounds, block_on, model, thread};
use core::future::poll_fn;
use core::task::{Context, Poll, Waker};

fn wait(cell: &PromiseCell<u8>) -> Result<u8, u8> {
    block_on(poll_fn(|cx| cell.poll(cx)))
}

#[test]
fn keeping_races_the_wait() {
    model(Bounds::EXHAUSTIVE, || {
        let cell = Arc::new(PromiseCell::new(1));
        let giver = Arc::clone(&cell);
        let giving = thread::spawn(move || {
            giver.keep(7).unwrap();
            giver.leave();
        });
        assert_eq!(wait(&cell), Ok(7));
        giving.join().unwrap();
    });
}

/// One drops the promise, the other says what became of it: whoever is last breaks it.
#[test]
fn two_givers_leave_while_one_waits() {
    model(Bounds::preemptions(3), || {
        let cell = Arc::new(PromiseCell::new(2));
        let (holder, witness) = (Arc::clone(&cell), Arc::clone(&cell));
        let holding = thread::spawn(move || holder.leave());
        let witnessing = thread::spawn(move || {
            witness.because(3);
            witness.leave();
        });
        assert_eq!(wait(&cell), Err(3));
        holding.join().unwrap();
        witnessing.join().unwrap();
    });
}

/// Of a beginning and a giving up that meet, both sides know which came first.
#[test]
fn beginning_races_giving_up() {
    model(Bounds::EXHAUSTIVE, || {
        let cell = Arc::new(PromiseCell::<u8>::new(1));
        let handler = Arc::clone(&cell);
        let handling = thread::spawn(move || handler.begin());
        let had_begun = cell.give_up();
        assert_eq!(handling.join().unwrap(), had_begun);
    });
}

/// The wait moves to another task while the promise is kept: the waker of its latest poll is woken.
#[test]
fn a_replaced_waker_races_keeping() {
    model(Bounds::EXHAUSTIVE, || {
        let cell = Arc::new(PromiseCell::new(1));
        let giver = Arc::clone(&cell);
        let giving = thread::spawn(move || giver.keep(7).unwrap());
        let kept = match cell.poll(&Context::from_waker(Waker::noop())) {
            Poll::Ready(kept) => kept,
            Poll::Pending => wait(&cell),
        };
        assert_eq!(kept, Ok(7));
        giving.join().unwrap();
    });
}
