//! Scopes and streams without a runtime: what they promise holds under any executor.
//!
//! Nothing is installed here, so there is no clock and no spawner. Each scenario is polled by
//! `futures::executor`, alone and in a pool, and by smol, as its main future and as a task on its own
//! threads.
#![cfg(not(arbour_loom))]

use arbour_primitives::scope::task::Host;
use arbour_primitives::scope::{
    CancelScope, Cancelled, Ended, ScopeHandle, cancelled, catch_cancel, clean_up, defer, shield,
};
use arbour_primitives::stream::{Capacity, RecvError, memory_stream};
use futures::executor::LocalPool;
use smol::future::yield_now;
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;

fn under_each_executor<F>(scenario: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    futures::executor::block_on(scenario());
    LocalPool::new().run_until(scenario());
    smol::block_on(scenario());
    smol::block_on(smol::spawn(scenario()));
    smol::block_on(smol::LocalExecutor::new().run(scenario()));
}

#[derive(Debug, Clone, Default)]
struct Journal(Arc<Mutex<Vec<&'static str>>>);

impl Journal {
    fn note(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }

    /// A future that makes a note after some turns.
    fn later(&self, what: &'static str) -> impl Future<Output = ()> + Send + use<> {
        let journal = self.clone();
        async move {
            turns(3).await;
            journal.note(what);
        }
    }

    #[track_caller]
    fn is<const N: usize>(&self, expected: [&str; N]) {
        assert_eq!(*self.0.lock().unwrap(), expected);
    }
}

async fn turns(count: usize) {
    for _ in 0..count {
        yield_now().await;
    }
}

async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx))).await
}

#[test]
fn a_scope_cancelled_from_another_thread_wakes_and_drops_its_body() {
    under_each_executor(|| async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let canceller = thread::spawn(move || handle.cancel("from another thread"));
        let outcome = scope.run(pending::<()>()).await;
        assert_eq!(outcome, Err(Cancelled::new("from another thread".into())));
        canceller.join().unwrap();
    });
}

#[test]
fn the_outermost_cancelled_scope_catches() {
    under_each_executor(|| async {
        let journal = Journal::default();
        let outer = CancelScope::new();
        let handle = outer.handle();
        let outcome = outer.run(async {
            let inner = CancelScope::new();
            inner.handle().cancel("inner");
            handle.cancel("outer");
            let _ = inner.run(pending::<()>()).await;
            journal.note("behind the inner scope");
        });
        assert_eq!(outcome.await.unwrap_err().cause, "outer".into());
        journal.is([]);
    });
}

#[test]
fn a_cancellation_is_heard_and_caught_in_place() {
    under_each_executor(|| async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let caught = catch_cancel(async {
                yield_now().await;
                handle.cancel("in place");
                pending::<()>().await;
            });
            let caught = caught.await.unwrap_err().cause;
            cancelled().await;
            caught
        });
        assert_eq!(outcome.await, Ok("in place".into()));
    });
}

#[test]
fn a_shield_is_finished_in_a_cancelled_scope() {
    under_each_executor(|| async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            handle.cancel("before the shield");
            shield(journal.later("the shield")).await;
            yield_now().await;
            journal.note("behind the shield");
        });
        assert!(outcome.await.is_err());
        journal.is(["the shield"]);
    });
}

#[test]
fn clean_ups_and_finalizers_end_before_their_scope_newest_first() {
    under_each_executor(|| async {
        let journal = Journal::default();
        let outcome = CancelScope::new().run(async {
            defer(journal.later("first finalizer"));
            defer(journal.later("second finalizer"));
            clean_up(journal.later("clean-up"));
            ScopeHandle::current().unwrap().cancel("enough");
            pending::<()>().await;
        });
        assert!(outcome.await.is_err());
        journal.note("the scope ended");
        journal.is(["clean-up", "second finalizer", "first finalizer", "the scope ended"]);
    });
}

#[test]
fn what_foreign_code_drops_is_adopted_and_finished_by_the_scope_around_it() {
    under_each_executor(|| async {
        let journal = Journal::default();
        let outcome = CancelScope::new().run(async {
            let finalizer = journal.later("finalizer of the dropped scope");
            let mut dropped = Box::pin(CancelScope::new().run(async {
                defer(finalizer);
                pending::<()>().await;
            }));
            assert!(poll_once(&mut dropped).await.is_pending());
            drop(dropped);
            journal.note("dropped");
        });
        outcome.await.unwrap();
        journal.note("the scope around it ended");
        journal.is(["dropped", "finalizer of the dropped scope", "the scope around it ended"]);
    });
}

#[test]
fn a_scope_waits_for_a_child_task_that_another_thread_runs() {
    under_each_executor(|| async {
        let journal = Journal::default();
        let child = journal.clone();
        let host = Host::new(|handle| {
            let body = async move {
                let seat = handle.seat().unwrap();
                let section = async move {
                    shield(child.later("the child's shield")).await;
                    pending::<()>().await;
                };
                let child = seat.child(section, ());
                let runs = thread::spawn(|| futures::executor::block_on(child));
                handle.cancel("with its child");
                runs
            };
            (body, ())
        });
        let Ended::Value(runs) = host.await else { panic!("the body gave a value") };
        journal.is(["the child's shield"]);
        assert!(matches!(runs.join().unwrap(), Ended::Cancelled(_)));
    });
}

#[test]
fn items_arrive_once_and_in_order_at_every_capacity() {
    for capacity in [Capacity::Bounded(0), Capacity::Bounded(1), Capacity::Unbounded] {
        under_each_executor(move || async move {
            let (tx, rx) = memory_stream(capacity);
            let sender = thread::spawn(move || {
                futures::executor::block_on(async {
                    for item in 0..200 {
                        tx.send(item).await.unwrap();
                    }
                });
            });
            for expected in 0..200 {
                assert_eq!(rx.recv().await, Ok(expected));
            }
            assert_eq!(rx.recv().await, Err(RecvError::EndOfStream));
            sender.join().unwrap();
        });
    }
}

#[test]
fn a_receive_in_a_scope_that_is_cancelled_takes_nothing() {
    under_each_executor(|| async {
        let (tx, rx) = memory_stream(1);
        let scope = CancelScope::new();
        let handle = scope.handle();
        let mut receive = Box::pin(scope.run(rx.recv()));
        assert!(poll_once(&mut receive).await.is_pending());
        handle.cancel("while it waits");
        assert!(receive.await.is_err());
        tx.try_send("stays").unwrap();
        assert_eq!(rx.recv().await, Ok("stays"));
    });
}

#[test]
fn a_dropped_receive_passes_its_wake_up_on() {
    under_each_executor(|| async {
        let (tx, rx) = memory_stream(0);
        let (mut first, mut second) = (rx.recv(), rx.recv());
        assert!(poll_once(&mut first).await.is_pending() && poll_once(&mut second).await.is_pending());
        tx.try_send("item").unwrap();
        drop(first);
        assert_eq!(second.await, Ok("item"));
    });
}
