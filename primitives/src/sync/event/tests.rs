//! The event's promises, polled by hand.

use super::Event;
use crate::scope::{CancelScope, ScopeHandle};
use crate::tests::{Task, now};
use core::task::Poll;
use futures::executor::block_on;
use std::future::pending;

#[track_caller]
fn told(event: &Event) -> (bool, usize) {
    let told = event.statistics();
    (told.is_set, told.waiting)
}

#[test]
fn set_lets_everybody_pass_in_order_and_stays() {
    let event = Event::new();
    let waits: Vec<_> = (0..3).map(|_| Task::waiting(event.wait())).collect();
    assert_eq!(told(&event), (false, 3));
    event.set();
    assert_eq!(told(&event), (true, 0));
    assert!(waits.iter().all(|wait| wait.wakes() == 1));
    waits.into_iter().for_each(Task::finish);
    event.set();
    now(event.wait());
    assert_eq!(told(&event), (true, 0));
}

#[test]
fn a_wait_that_is_dropped_leaves_no_trace() {
    let event = Event::new();
    let (dropped, kept) = (Task::waiting(event.wait()), Task::waiting(event.wait()));
    drop(dropped);
    assert_eq!(told(&event), (false, 1));
    event.set();
    kept.finish();
    assert_eq!(told(&event), (true, 0));
}

#[test]
fn a_woken_wait_passes_although_its_scope_is_cancelled_in_the_same_step() {
    let event = Event::new();
    let scope = CancelScope::new();
    let handle = scope.handle();
    let mut passed = false;
    let mut body = Task::waiting(scope.run(async {
        event.wait().await;
        passed = true;
        pending::<()>().await;
    }));
    event.set();
    handle.cancel("a test");
    assert!(matches!(body.poll(), Poll::Ready(Err(_))));
    drop(body);
    assert!(passed);
}

#[test]
fn a_wait_that_begins_in_a_cancelled_scope_does_not_pass_a_set_event() {
    let event = Event::new();
    event.set();
    let outcome = block_on(CancelScope::new().run(async {
        ScopeHandle::current().unwrap().cancel("a test");
        event.wait().await;
        unreachable!("the await has not begun before the cancellation");
    }));
    assert!(outcome.is_err());
}

#[test]
#[should_panic(expected = "`Wait` was polled after it was ready")]
fn polling_it_again_is_a_mistake_that_is_named() {
    let event = Event::new();
    event.set();
    let mut wait = Task::new(event.wait());
    assert!(wait.poll().is_ready());
    let _ = wait.poll();
}
