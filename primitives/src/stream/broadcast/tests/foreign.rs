//! Code of others: clones, wakers and drops that panic or come back.

use super::super::{BroadcastSender, SlowReceiver};
use super::{ALL, StdArc, Task, check, drain, now, stream};
use core::task::{Context, Waker};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Wake;

/// Comes back to the stream from its clone and its drop, and so would deadlock under the lock.
struct Visitor(BroadcastSender<Self>);

impl Clone for Visitor {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        let _statistics = self.0.statistics();
    }
}

struct VisitingWaker(BroadcastSender<()>, bool);

impl Wake for VisitingWaker {
    fn wake(self: StdArc<Self>) {
        let _statistics = self.0.statistics();
        assert!(!self.1, "a waker of somebody else panics");
    }
}

#[test]
fn an_item_may_come_back_to_the_stream_from_its_clone_and_its_drop() {
    for slow in ALL {
        let tx = stream(1, slow);
        let (mut one, other) = (tx.subscribe(), tx.subscribe());
        assert!(tx.try_send(Visitor(tx.clone())).is_ok());
        drop(one.try_recv());
        drop(tx.try_send(Visitor(tx.clone())));
        drop((one, other));
        check(&tx, &[]);
    }
    let tx = stream(1, SlowReceiver::Wait);
    let rx = tx.subscribe();
    assert!(tx.try_send(Visitor(tx.clone())).is_ok());
    drop(Task::waiting(tx.send(Visitor(tx.clone()))));
    check(&tx, &[&rx]);
}

#[test]
fn a_waker_may_come_back_to_the_stream_and_panic() {
    let tx = stream(1, SlowReceiver::Wait);
    let (mut one, mut other) = (tx.subscribe(), tx.subscribe());
    let mut first = Box::pin(one.recv());
    let waker = Waker::from(StdArc::new(VisitingWaker(tx.clone(), true)));
    assert!(first.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let second = Task::waiting(other.recv());
    tx.try_send(()).unwrap();
    assert_eq!((second.wakes(), second.finish(), now(first)), (1, Ok(()), Ok(())));
}

#[test]
fn a_clone_that_panics_costs_its_receiver_that_item_and_nobody_else_anything() {
    #[derive(Debug, PartialEq)]
    struct Fragile(u8);
    impl Clone for Fragile {
        fn clone(&self) -> Self {
            assert!(self.0 > 0, "an item of somebody else panics");
            Self(self.0)
        }
    }
    for slow in ALL {
        let tx = stream(2, slow);
        let (mut one, mut other) = (tx.subscribe(), tx.subscribe());
        (0..2).for_each(|n| tx.try_send(Fragile(n)).unwrap());
        assert!(catch_unwind(AssertUnwindSafe(|| one.try_recv())).is_err());
        check(&tx, &[&one, &other]);
        assert_eq!(drain(&mut one), [Fragile(1)]);
        assert_eq!(drain(&mut other), [Fragile(0), Fragile(1)], "{slow:?}");
    }
}

/// Were a drop to cost time in proportion to the number that wait, this would take minutes.
#[test]
fn a_hundred_thousand_waiters_leave_in_any_order() {
    const WAITERS: usize = 100_000;
    let tx = stream(1, SlowReceiver::Wait);
    let rx = tx.subscribe();
    tx.try_send(0).unwrap();
    for order in [0, 1, 2] {
        let mut sends: Vec<_> = (0..WAITERS).map(|n| Task::waiting(tx.send(n))).collect();
        while !sends.is_empty() {
            sends.swap_remove((sends.len() - 1) * order / 2);
        }
        assert_eq!(tx.statistics().waiting_senders, 0);
    }
    check(&tx, &[&rx]);
}
