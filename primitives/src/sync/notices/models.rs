//! Races for notices, beside the lock whose state they are about.

use super::{Notice, Notices};
use crate::loom::{Arc, Bounds, Mutex, block_on, model, thread};
use core::future::poll_fn;
use core::task::{Context, Waker};

/// A number of things under a lock, and who waits for one.
#[derive(Clone, Default)]
struct Shelf {
    things: Arc<Mutex<usize>>,
    notices: Notices,
}

impl Shelf {
    fn put(&self, count: usize, told: impl FnOnce(&Notices)) {
        let mut things = self.things.lock();
        *things += count;
        told(&self.notices);
    }

    /// What a condition does: looks, joins before it unlocks, looks again when told.
    fn take(&self) {
        while let Some(mut notice) = self.take_or_join() {
            block_on(poll_fn(|cx| notice.poll_told(cx)));
            notice.take();
        }
    }

    fn take_or_join(&self) -> Option<Notice> {
        let mut things = self.things.lock();
        if *things == 0 {
            return Some(self.notices.join());
        }
        *things -= 1;
        None
    }

    #[track_caller]
    fn assert_empty(&self) {
        assert_eq!((*self.things.lock(), self.notices.waiting()), (0, 0));
    }
}

#[test]
fn a_notice_races_a_wait() {
    model(Bounds::EXHAUSTIVE, || {
        let shelf = Shelf::default();
        let putter = shelf.clone();
        let putting = thread::spawn(move || putter.put(1, |notices| notices.tell(1)));
        shelf.take();
        putting.join().unwrap();
        shelf.assert_empty();
    });
}

/// One of two is told and dropped before it runs: the other takes what there is.
#[test]
fn a_notice_to_a_dropped_waiter_is_handed_on() {
    model(Bounds::preemptions(3), || {
        let shelf = Shelf::default();
        let dropper = shelf.notices.join();
        let dropping = thread::spawn(move || {
            let mut notice = dropper;
            let _ = notice.poll_told(&mut Context::from_waker(Waker::noop()));
        });
        let putter = shelf.clone();
        let putting = thread::spawn(move || putter.put(1, |notices| notices.tell(1)));
        shelf.take();
        dropping.join().unwrap();
        putting.join().unwrap();
        shelf.assert_empty();
    });
}

#[test]
fn a_notice_to_all_races_two_waits() {
    model(Bounds::preemptions(3), || {
        let shelf = Shelf::default();
        let taker = shelf.clone();
        let taking = thread::spawn(move || taker.take());
        let putter = shelf.clone();
        let putting = thread::spawn(move || putter.put(2, Notices::tell_all));
        shelf.take();
        taking.join().unwrap();
        putting.join().unwrap();
        shelf.assert_empty();
    });
}
