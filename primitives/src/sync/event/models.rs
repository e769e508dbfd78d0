//! Races for an event.

use super::Event;
use crate::loom::{Bounds, block_on, model, thread};
use core::pin::pin;
use core::task::{Context, Waker};

#[track_caller]
fn assert_set_and_at_rest(event: &Event) {
    let told = event.statistics();
    assert_eq!((told.is_set, told.waiting), (true, 0));
}

#[test]
fn set_races_wait() {
    model(Bounds::EXHAUSTIVE, || {
        let event = Event::new();
        let setter = event.clone();
        let setting = thread::spawn(move || setter.set());
        block_on(event.wait());
        assert!(event.is_set(), "who passes finds it set");
        setting.join().unwrap();
        assert_set_and_at_rest(&event);
    });
}

#[test]
fn set_wakes_everybody() {
    model(Bounds::preemptions(3), || {
        let event = Event::new();
        let waiter = event.clone();
        let waiting = thread::spawn(move || block_on(waiter.wait()));
        let setter = event.clone();
        let setting = thread::spawn(move || setter.set());
        block_on(event.wait());
        waiting.join().unwrap();
        setting.join().unwrap();
        assert_set_and_at_rest(&event);
    });
}

#[test]
fn set_races_the_drop_of_a_wait_and_another_set() {
    model(Bounds::preemptions(3), || {
        let event = Event::new();
        let others = [1, 2].map(|_| {
            let event = event.clone();
            thread::spawn(move || event.set())
        });
        let _ = pin!(event.wait()).poll(&mut Context::from_waker(Waker::noop()));
        for other in others {
            other.join().unwrap();
        }
        assert_set_and_at_rest(&event);
    });
}

/// The wait moves to another task while the event happens: the waker of its latest poll is woken.
#[test]
fn a_replaced_waker_races_set() {
    model(Bounds::EXHAUSTIVE, || {
        let event = Event::new();
        let setter = event.clone();
        let setting = thread::spawn(move || setter.set());
        let mut wait = pin!(event.wait());
        if wait.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            block_on(wait);
        }
        setting.join().unwrap();
    });
}
