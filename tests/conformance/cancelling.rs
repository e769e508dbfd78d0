//! What a cancellation reaches, what it costs, who catches it.

use crate::support::{Journal, MS, Polls, SECOND, never, poll_once, turns};
use arbour::{
    CancelScope, Cancelled, Cause, GroupError, ScopeHandle, TaskError, TaskState, catch_cancel, defer,
    move_on_after, shield, task_group,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

/// A waker that counts its wakes.
#[derive(Debug, Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

mod anyio_taskgroups {
    use super::*;

    /// Delivery is one wake per node, so nothing is polled while the shield holds.
    #[arbour::test]
    async fn cancel_with_nested_task_groups() {
        let begin = Instant::now();
        let (body, child, grandchild) = (Polls::default(), Polls::default(), Polls::default());
        let (of_body, of_child, of_grandchild) = (body.clone(), child.clone(), grandchild.clone());
        let outcome = task_group(async move |group| {
            let nested = task_group(async |inner| {
                inner.spawn_value(of_grandchild.of(shield(sleep(SECOND))));
            });
            group.spawn_value(of_child.of(nested));
            turns(3).await;
            group.cancel("the outer one");
            of_body.of(never::<()>()).await;
        });
        assert!(outcome.await.is_err());
        assert_eq!(begin.elapsed(), SECOND);
        let polls = [body.count(), child.count(), grandchild.count()];
        assert!(polls.iter().all(|count| (1..10).contains(count)), "{polls:?}");
    }

    #[arbour::test]
    async fn no_spin_on_done_task_in_cancel_scope() {
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let scope = CancelScope::new();
        let handle = scope.handle();
        let (done, wait) = oneshot::channel();
        let mut owner = Box::pin(scope.run(wait));
        let mut cx = Context::from_waker(&waker);
        assert!(owner.as_mut().poll(&mut cx).is_pending());
        done.send(()).unwrap();
        assert!(owner.as_mut().poll(&mut cx).is_ready());
        let before = wakes.0.load(Ordering::Relaxed);
        handle.cancel("nobody is left to hear it");
        turns(5).await;
        assert_eq!(wakes.0.load(Ordering::Relaxed), before);
        assert!(!handle.is_cancelled());
    }

    #[arbour::test]
    async fn level_cancellation() {
        let journal = Journal::default();
        let child = journal.clone();
        let outcome = task_group(async move |group| {
            group.spawn_value(async move {
                child.note("begins");
                sleep(MS).await;
                child.note("behind its first await");
            });
            group.cancel("before it ran");
        });
        outcome.await.unwrap();
        journal.is(["begins"]);
    }

    #[arbour::test]
    async fn cancel() {
        for by_scope in [false, true] {
            let journal = Journal::default();
            let child = journal.clone();
            let outcome = task_group(async move |group| {
                group.spawn_value(async move {
                    child.note("begins");
                    sleep(MS).await;
                    child.note("behind its first await");
                });
                if by_scope {
                    group.scope().cancel("enough")
                } else {
                    group.cancel("enough")
                }
                never::<()>().await;
            });
            assert!(matches!(outcome.await, Err(GroupError::Cancelled(cause)) if cause == "enough".into()));
            journal.is(["begins"]);
        }
    }

    /// The await itself is dropped; whoever catches there reads the cause.
    #[arbour::test]
    async fn cancel_with_reason() {
        let (put, take) = oneshot::channel();
        let outcome = task_group(async |group| {
            group.spawn_value(async { put.send(catch_cancel(never::<()>()).await).unwrap() });
            turns(1).await;
            group.cancel("the lease is lost");
        });
        outcome.await.unwrap();
        let Cancelled { cause, .. } = take.await.unwrap().unwrap_err();
        assert_eq!(cause, Cause::Explicit("the lease is lost".into()));
    }

    #[arbour::test]
    async fn cancel_scope_in_another_task() {
        let journal = Journal::default();
        let owner = journal.clone();
        let outcome = task_group(async move |group| {
            let scope = CancelScope::new();
            let handle = scope.handle();
            let owner = group.spawn_value(async move {
                let inside = scope.run(async {
                    sleep(SECOND).await;
                    owner.note("the section inside");
                });
                let outcome = inside.await;
                sleep(MS).await;
                owner.note("what follows it");
                outcome
            });
            group.spawn_value(async move { handle.cancel("by another task") });
            owner.await.unwrap()
        });
        assert_eq!(outcome.await.unwrap().unwrap_err().cause, "by another task".into());
        journal.is(["what follows it"]);
    }

    #[arbour::test]
    async fn cancel_propagation() {
        let journal = Journal::default();
        let child = journal.clone();
        let outcome = task_group(async move |group| {
            group.spawn_value(async move {
                turns(5).await;
                task_group(async |_| child.note("the empty group")).await.unwrap();
                sleep(MS).await;
                child.note("what comes after it");
            });
            turns(1).await;
            group.cancel("outer");
        });
        outcome.await.unwrap();
        journal.is([]);
    }

    #[arbour::test]
    async fn cancel_twice() {
        let journal = Journal::default();
        for round in ["first", "second"] {
            let behind = journal.clone();
            let outcome = task_group(async move |group| {
                let own = group.clone();
                group.spawn_value(async move { own.cancel(round) });
                sleep(SECOND).await;
                behind.note("behind the sleep");
            });
            assert!(matches!(outcome.await, Err(GroupError::Cancelled(cause)) if cause == round.into()));
            assert!(!ScopeHandle::current().unwrap().is_cancelled());
            sleep(MS).await;
            journal.note(format!("after the {round}"));
        }
        journal.is(["after the first", "after the second"]);
    }

    #[arbour::test]
    async fn cancel_exiting_task_group() {
        let journal = Journal::default();
        let begin = Instant::now();
        let child = journal.clone();
        let scope = CancelScope::new();
        let outer = scope.handle();
        let nested = task_group(async |inner| {
            inner.spawn_value(async move {
                let _guard = child.at_drop("the child ends");
                shield(sleep(SECOND)).await;
                child.note("its shield is over");
                never::<()>().await;
            });
        });
        let canceller = async {
            sleep(MS).await;
            outer.cancel("while the group waits for its child");
        };
        let outcome = scope.run(async { tokio::join!(nested, canceller).0 });
        assert_eq!(outcome.await.unwrap().unwrap(), (), "the body had given its value");
        journal.is(["its shield is over", "the child ends"]);
        assert_eq!(begin.elapsed(), SECOND);
    }

    #[arbour::test]
    async fn cancel_before_entering_scope() {
        let journal = Journal::default();
        let scope = CancelScope::new();
        scope.handle().cancel("before it was entered");
        let outcome = scope.run(async {
            journal.note("inside");
            sleep(MS).await;
            journal.note("behind the first await");
        });
        assert_eq!(outcome.await.unwrap_err().cause, "before it was entered".into());
        journal.is(["inside"]);
    }

    #[arbour::test]
    async fn cancelled_not_caught() {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            handle.cancel("no await follows");
            ("its value", handle.is_cancelled())
        });
        assert_eq!(outcome.await, Ok(("its value", true)));
    }

    #[arbour::test]
    async fn cancelled_scope_based_checkpoint() {
        let journal = Journal::default();
        let outer = CancelScope::new();
        outer.handle().cancel("outer");
        let outcome = outer.run(async {
            let inner = CancelScope::new();
            inner.handle().cancel("inner");
            let caught = inner.run(sleep(MS)).await;
            journal.note(format!("the inner one caught: {caught:?}"));
        });
        assert_eq!(outcome.await.unwrap_err().cause, "outer".into());
        journal.is([]);
    }

    #[arbour::test]
    async fn cancel_cascade() {
        let journal = Journal::default();
        let child = journal.clone();
        let outcome = task_group(async move |group| {
            group.spawn_value(task_group(async move |nested| {
                for name in ["first", "second"] {
                    let guard = child.at_drop(name);
                    nested.spawn_value(async move {
                        let _guard = guard;
                        never::<()>().await;
                    });
                }
            }));
            turns(5).await;
            group.cancel("outer");
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        let mut ended = journal.entries();
        ended.sort();
        assert_eq!(ended, ["first", "second"]);
    }

    #[arbour::test]
    async fn cancelled_parent() {
        let journal = Journal::default();
        let child = journal.clone();
        let outcome = task_group(async move |group| {
            let own = group.clone();
            group.spawn_value(async move {
                own.clone().spawn_value(async move {
                    let section = CancelScope::new().run(async {
                        child.note("in a scope of its own");
                        sleep(MS).await;
                        child.note("behind its first await");
                    });
                    let _ = section.await;
                    child.note("behind the scope");
                });
                never::<()>().await;
            });
            group.cancel("before either ran");
        });
        outcome.await.unwrap();
        journal.is(["in a scope of its own"]);
    }

    #[arbour::test]
    async fn cancel_propagation_with_inner_spawn() {
        let journal = Journal::default();
        let notes = journal.clone();
        let outcome = task_group(async move |group| {
            group.spawn_value(task_group(async move |inner| {
                let guard = notes.at_drop("the sleeping child");
                inner.spawn_value(async move {
                    let _guard = guard;
                    sleep(SECOND).await;
                });
                let _host = notes.at_drop("the sleeping host");
                sleep(SECOND).await;
                notes.note("behind the host's sleep");
            }));
            turns(5).await;
            group.cancel("outer");
        });
        let begin = Instant::now();
        outcome.await.unwrap();
        let mut ended = journal.entries();
        ended.sort();
        assert_eq!(ended, ["the sleeping child", "the sleeping host"]);
        assert_eq!(begin.elapsed(), std::time::Duration::ZERO);
    }

    #[arbour::test]
    async fn escaping_cancelled_error_from_cancelled_task() {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let late = move_on_after(MS, never::<()>()).await;
            handle.cancel("with no await left");
            late.unwrap_err().cause
        });
        assert_eq!(outcome.await, Ok(Cause::Deadline));
        sleep(MS).await;
    }

    /// A scope is a future and ends where it is polled. Sent to another task it moves there as a whole:
    /// its old place has no hold on it any more, its new place has.
    #[arbour::test]
    async fn cancelscope_exit_in_wrong_task() {
        let (send, receive) = oneshot::channel();
        let (old, new) = (CancelScope::new(), CancelScope::new());
        let (cancel_old, cancel_new) = (old.handle(), new.handle());
        let entered = old.run(async {
            let mut section = Box::pin(CancelScope::new().run(never::<()>()));
            assert!(poll_once(&mut section).await.is_pending());
            send.send(section).ok().unwrap();
            never::<()>().await;
        });
        let left = tokio::spawn(async move {
            let mut section = receive.await.unwrap();
            let inside = new.run(async move {
                assert!(poll_once(&mut section).await.is_pending());
                cancel_old.cancel("where it was entered");
                turns(3).await;
                assert!(poll_once(&mut section).await.is_pending());
                cancel_new.cancel("where it is now");
                section.await
            });
            inside.await
        });
        assert_eq!(entered.await.unwrap_err().cause, "where it was entered".into());
        assert_eq!(left.await.unwrap().unwrap_err().cause, "where it is now".into());
    }

    /// The outer scope gives its `Cancelled`, and nothing of the group's own type is in between.
    #[arbour::test]
    async fn single_cancellation_exc() {
        let scope = CancelScope::new();
        let outer = scope.handle();
        let journal = Journal::default();
        let outcome = scope.run(async {
            let group = task_group(async |group| {
                group.spawn_value(never::<()>());
                group.spawn_value(never::<()>());
                outer.cancel("outer");
                never::<()>().await;
            });
            journal.note(format!("{:?}", group.await));
        });
        assert_eq!(outcome.await, Err(Cancelled::new("outer".into())));
        journal.is([]);
    }

    /// An abort of the tokio task around a scope wins over the scope's own cancellation: the task ends
    /// as killed, and does not go on behind the scope.
    #[arbour::test]
    async fn uncancel_native_cancel_after_scope_cancel_same_cycle() {
        let journal = Journal::default();
        let behind = journal.clone();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let task = tokio::spawn(async move {
            let _ = scope.run(never::<()>()).await;
            behind.note("behind the scope");
        });
        turns(2).await;
        handle.cancel("in the same step");
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        journal.is([]);
    }

    #[arbour::test]
    async fn uncancel_native_cancel_after_scope_cancel_task_cancelled() {
        let journal = Journal::default();
        let behind = journal.clone();
        let task = tokio::spawn(async move {
            let _ = move_on_after(10 * MS, never::<()>()).await;
            behind.note("behind the scope");
        });
        // The body of the test runs first in the pass in which both timers fire.
        turns(2).await;
        sleep(10 * MS).await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        journal.is([]);
    }

    /// What a foreign task held outside of every scope is finished all the same.
    #[arbour::test]
    async fn cleanup_after_native_cancel() {
        let journal = Journal::default();
        let inside = journal.clone();
        let (begins, begun) = oneshot::channel();
        let (ends, ended) = oneshot::channel();
        let task = tokio::spawn(CancelScope::new().run(async move {
            let last = inside.both("the finalizer that had not begun");
            defer(async {
                last.await;
                ends.send(()).unwrap();
            });
            defer(async move {
                begins.send(()).unwrap();
                inside.both("the running finalizer").await;
            });
        }));
        begun.await.unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        ended.await.unwrap();
        journal.is([
            "the running finalizer begins",
            "the running finalizer ends",
            "the finalizer that had not begun begins",
            "the finalizer that had not begun ends",
        ]);
    }

    /// The host waits under a shield; the child is the group's, and the group is not shielded.
    #[arbour::test]
    async fn cancel_child_task_when_host_is_shielded() {
        let scope = CancelScope::new();
        let outer = scope.handle();
        let outcome = scope.run(task_group(async |group| {
            let child = group.spawn_value(never::<()>());
            let waited = shield(async {
                turns(2).await;
                outer.cancel("the parent scope");
                assert_eq!(child.state(), TaskState::Cancelling);
                child.await
            });
            waited.await
        }));
        let Err(TaskError::Cancelled(cause)) = outcome.await.unwrap().unwrap() else {
            panic!("it was cancelled")
        };
        assert_eq!(cause, "the parent scope".into());
    }
}
