//! Code of others: closures, clones, wakers and drops that panic or come back.

use super::super::WatchSender;
use super::{StdArc, Task, now, watch};
use core::task::{Context, Waker};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Wake;

/// Comes back to the watch from its clone and its drop, and so would deadlock under the lock.
struct Visitor(Option<WatchSender<Self>>);

impl Clone for Visitor {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        let _statistics = self.0.as_ref().map(WatchSender::statistics);
    }
}

struct PanickingWaker(WatchSender<i32>);

impl Wake for PanickingWaker {
    fn wake(self: StdArc<Self>) {
        panic!("a waker of somebody else panics at {}", self.0.latest());
    }
}

#[test]
fn a_value_may_come_back_to_the_watch_from_its_clone_and_its_drop() {
    let (tx, rx) = watch(Visitor(None));
    tx.send(Visitor(Some(tx.clone())));
    tx.send_modify(|value| drop(value.0.as_ref().map(WatchSender::latest)));
    tx.send(Visitor(None));
    assert_eq!(rx.statistics().open_senders, 1);
}

#[test]
fn a_closure_that_panics_has_changed_nothing() {
    let (tx, mut rx) = watch(vec![1]);
    let torn = catch_unwind(AssertUnwindSafe(|| {
        tx.send_modify(|value| {
            value.clear();
            panic!("a closure of somebody else panics");
        });
    }));
    assert!(torn.is_err());
    assert_eq!((rx.has_changed(), &*rx.peek()), (false, &vec![1]));
    tx.send_modify(|value| value.push(2));
    assert!(catch_unwind(AssertUnwindSafe(|| now(rx.wait_for(|_| panic!("so does this"))))).is_err());
    assert_eq!(now(rx.changed()).as_deref(), Ok(&vec![1, 2]));
    assert_eq!(tx.statistics().waiting_receivers, 0);
}

#[test]
fn a_waker_may_come_back_to_the_watch_and_panic() {
    let (tx, mut rx) = watch(0);
    let mut other = rx.clone();
    let mut first = Box::pin(rx.changed());
    let waker = Waker::from(StdArc::new(PanickingWaker(tx.clone())));
    assert!(first.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let second = Task::waiting(other.changed());
    tx.send(1);
    assert_eq!((second.wakes(), second.finish().as_deref()), (1, Ok(&1)));
    assert_eq!(now(first).as_deref(), Ok(&1));
}
