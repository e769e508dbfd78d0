//! Code of others: wakers and drops that panic or come back, and very many waiters.

use super::super::{RecvError, SendStream, memory_stream};
use super::{StdArc, Task, check, now};
use core::task::{Context, Waker};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Wake;

struct PanickingWaker;

impl Wake for PanickingWaker {
    fn wake(self: StdArc<Self>) {
        panic!("a waker of somebody else panics");
    }
}

/// Comes back to the stream from its drop, and so would deadlock under the lock.
struct Visitor(SendStream<Self>, bool);

impl Drop for Visitor {
    fn drop(&mut self) {
        let _statistics = self.0.statistics();
        assert!(!self.1, "an item of somebody else panics");
    }
}

struct VisitingWaker(SendStream<()>);

impl Wake for VisitingWaker {
    fn wake(self: StdArc<Self>) {
        let _statistics = self.0.statistics();
    }
}

fn silently<R>(body: impl FnOnce() -> R) -> std::thread::Result<R> {
    catch_unwind(AssertUnwindSafe(body))
}

#[test]
fn a_waker_that_panics_costs_neither_the_caller_nor_the_others_anything() {
    let (tx, rx) = memory_stream::<()>(1);
    let mut first = Box::pin(rx.recv());
    let waker = Waker::from(StdArc::new(PanickingWaker));
    assert!(first.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let second = Task::waiting(rx.recv());
    drop(tx);
    assert_eq!(second.wakes(), 1);
    assert_eq!(second.finish(), Err(RecvError::EndOfStream));
    assert_eq!(now(first), Err(RecvError::EndOfStream));
}

#[test]
fn a_waker_that_panics_does_not_cost_a_receiver_its_item() {
    let (tx, rx) = memory_stream(0);
    let mut send = Box::pin(tx.send('a'));
    let waker = Waker::from(StdArc::new(PanickingWaker));
    assert!(send.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!(now(rx.recv()), Ok('a'));
    assert_eq!(now(send), Ok(()));
}

#[test]
fn a_waker_may_come_back_to_the_stream() {
    let (tx, rx) = memory_stream(1);
    let mut receive = Box::pin(rx.recv());
    let waker = Waker::from(StdArc::new(VisitingWaker(tx.clone())));
    assert!(receive.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    tx.try_send(()).unwrap();
    assert_eq!(now(receive), Ok(()));
}

#[test]
fn an_item_may_come_back_to_the_stream_from_its_drop() {
    let (tx, rx) = memory_stream(1);
    assert!(tx.try_send(Visitor(tx.clone(), false)).is_ok());
    let send = Task::waiting(tx.send(Visitor(tx.clone(), false)));
    drop(send);
    drop(rx);
    check(&tx);
}

#[test]
fn an_item_whose_drop_panics_leaves_the_stream_usable() {
    let (tx, rx) = memory_stream(1);
    let other = rx.clone();
    assert!(tx.try_send(Visitor(tx.clone(), false)).is_ok());
    let send = Task::waiting(tx.send(Visitor(tx.clone(), true)));
    assert!(silently(|| drop(send)).is_err());
    check(&tx);
    drop(rx.try_recv());
    assert!(tx.try_send(Visitor(tx.clone(), true)).is_ok());
    let closed = Task::waiting(tx.closed());
    drop(rx);
    assert!(silently(|| drop(other)).is_err());
    check(&tx);
    assert_eq!(closed.wakes(), 1, "waking comes before dropping");
    assert!(tx.is_closed());
}

/// A hundred thousand of each kind, dropped from the front, from the back and from both sides of the
/// middle. Were a drop to cost time in proportion to the number that wait, this would take minutes.
#[test]
fn a_hundred_thousand_waiters_leave_in_any_order() {
    const WAITERS: usize = 100_000;
    for order in ORDERS {
        let (tx, rx) = &memory_stream(0);
        let receives: Vec<_> = (0..WAITERS)
            .map(|_| {
                Task::waiting(async {
                    let _ended = rx.recv().await;
                })
            })
            .collect();
        tx.try_send(0).unwrap();
        order(receives);
        assert_eq!(rx.try_recv(), Ok(0));
        let sends: Vec<_> = (0..WAITERS)
            .map(|n| {
                Task::waiting(async move {
                    let _sent = tx.send(n).await;
                })
            })
            .collect();
        order(sends);
        assert_eq!(rx.statistics().waiting_senders, 0);
        check(tx);
    }
}

#[test]
fn a_hundred_thousand_called_receivers_and_offering_senders_leave_in_any_order() {
    const WAITERS: usize = 100_000;
    for order in ORDERS {
        let (tx, rx) = &memory_stream(0);
        let receives: Vec<_> = (0..WAITERS)
            .map(|_| {
                Task::waiting(async {
                    let _ended = rx.recv().await;
                })
            })
            .collect();
        let sends: Vec<_> = (0..WAITERS)
            .map(|n| {
                Task::waiting(async move {
                    let _sent = tx.send(n).await;
                })
            })
            .collect();
        assert_eq!(receives.iter().map(Task::wakes).sum::<usize>(), WAITERS);
        order(sends);
        order(receives);
        check(tx);
    }
}

const ORDERS: [fn(Vec<Task<'_, ()>>); 3] = [in_order, in_reverse, from_the_middle];

fn in_order(waiters: Vec<Task<'_, ()>>) {
    drop(waiters);
}

fn in_reverse(mut waiters: Vec<Task<'_, ()>>) {
    while waiters.pop().is_some() {}
}

fn from_the_middle(mut waiters: Vec<Task<'_, ()>>) {
    while !waiters.is_empty() {
        waiters.swap_remove(waiters.len() / 2);
    }
}
