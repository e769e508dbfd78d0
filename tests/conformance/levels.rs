//! Cancellation as a level: where it is met, what keeps it off, who is told why.

use crate::support::{Journal, MS, Polls, SECOND, never, poll_once, soon, turns};
use arbour::{
    CancelScope, Cancelled, Cause, Failure, ScopeHandle, catch_cancel, checkpoint, checkpoint_if_cancelled,
    current_deadline, defer, fail_after, move_on_after, shield, task_group, try_task_group,
};
use std::io;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

mod trio_run {
    use super::*;
    use arbour::stream::memory_stream;
    use arbour::{TimedOut, cancel_shielded_checkpoint, move_on_at};
    use futures::future::{BoxFuture, LocalBoxFuture, ready};
    use std::sync::{Arc, Weak};
    use std::time::Duration;
    use tokio::runtime::Handle;

    /// Whether an await lets a body pass in a scope that is cancelled, or in one that is not.
    async fn passes(cancelled: bool, point: LocalBoxFuture<'_, ()>) -> bool {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            if cancelled {
                handle.cancel("before the await");
            }
            point.await;
        });
        outcome.await.is_ok()
    }

    #[arbour::test]
    async fn cancel_points() {
        type Point = fn() -> LocalBoxFuture<'static, ()>;
        let points: [(&str, bool, Point); 6] = [
            ("a check", true, || Box::pin(checkpoint_if_cancelled())),
            ("a full checkpoint", true, || Box::pin(checkpoint())),
            ("a wait", true, || Box::pin(sleep(MS))),
            ("a shielded yield", false, || Box::pin(cancel_shielded_checkpoint())),
            ("a shielded wait", false, || Box::pin(shield(sleep(MS)))),
            ("foreign code that is ready", false, || Box::pin(ready(()))),
        ];
        for (name, is_point, point) in points {
            assert!(passes(false, point()).await, "{name} must pass where nothing is cancelled");
            assert_eq!(passes(true, point()).await, !is_point, "{name} in a cancelled scope");
        }
        let (send, receive) = memory_stream(1);
        send.try_send("item").unwrap();
        let taking = Box::pin(async { panic!("it must not begin: {:?}", receive.recv().await) });
        assert!(!passes(true, taking).await, "an await of ours is a point though it is ready");
        assert_eq!(receive.recv().await, Ok("item"), "and takes nothing");
    }

    #[arbour::test]
    async fn cancel_edge_cases() {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            handle.cancel("first");
            handle.cancel("second");
            assert_eq!(handle.cause(), Some("first".into()));
            handle.set_deadline(Some(Instant::now().into_std()));
            checkpoint().await;
            journal.note("behind the first checkpoint");
        });
        assert_eq!(outcome.await, Err(Cancelled::new("first".into())));
        handle.cancel("after its end");
        checkpoint().await;

        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let waits = async {
                handle.cancel("caught once");
                never::<()>().await;
            };
            let caught = catch_cancel(waits).await.unwrap_err();
            journal.note(caught.to_string());
            let _guard = journal.at_drop("ended at the second checkpoint");
            checkpoint().await;
            journal.note("behind the second checkpoint");
        });
        assert!(outcome.await.is_err());
        journal.is(["cancelled: caught once", "ended at the second checkpoint"]);
    }

    /// Whether a checkpoint would end the body here. One that is refused has no effect, and the body goes on
    /// until its poll ends.
    async fn would_end() -> bool {
        poll_once(&mut Box::pin(checkpoint_if_cancelled())).await.is_pending()
    }

    #[arbour::test]
    async fn cancel_shielding() {
        let journal = Journal::default();
        let (outer, inner) = (CancelScope::new(), CancelScope::new());
        let (outside, inside) = (outer.handle(), inner.handle());
        let outcome = outer.run(async {
            let section = inner.run(async {
                assert!(!would_end().await, "nothing is cancelled");
                outside.cancel("outer");
                assert!(would_end().await, "no shield");
                for round in 0..2 {
                    inside.set_shield(true);
                    assert!(!would_end().await, "shield on, round {round}");
                    sleep(MS).await;
                    let innermost = CancelScope::new();
                    innermost.handle().cancel("innermost");
                    let caught = innermost.run(checkpoint()).await.unwrap_err();
                    assert_eq!(caught.cause, "innermost".into(), "the shield is outside of it");
                    inside.set_shield(false);
                    assert!(would_end().await, "shield off, round {round}");
                }
                inside.set_shield(true);
                inside.cancel("its own");
                assert!(would_end().await, "a shield does not stop its own cancel");
                journal.note("the end of the table");
                checkpoint().await;
                journal.note("behind a cancelled checkpoint");
            });
            journal.note(format!("inner: {}", section.await.unwrap_err().cause));
            assert!(would_end().await, "the shield ended with its scope");
            checkpoint().await;
            journal.note("behind a checkpoint in the outer scope");
        });
        assert_eq!(outcome.await, Err(Cancelled::new("outer".into())));
        journal.is(["the end of the table", "inner: its own"]);
    }

    #[arbour::test]
    async fn cancel_scope_nesting() {
        for (cancel_inner, cancel_outer) in [(true, true), (false, true), (true, false)] {
            let journal = Journal::default();
            let (outer, inner) = (CancelScope::new(), CancelScope::new());
            let (outside, inside) = (outer.handle(), inner.handle());
            let outcome = outer.run(async {
                let section = inner.run(async {
                    if cancel_inner {
                        inside.cancel("inner");
                    }
                    if cancel_outer {
                        outside.cancel("outer");
                    }
                    checkpoint().await;
                });
                journal.note(format!("{:?}", section.await.map_err(|caught| caught.cause)));
                checkpoint().await;
            });
            let outcome = outcome.await.map_err(|caught| caught.cause);
            if cancel_outer {
                assert_eq!(outcome, Err("outer".into()), "the outermost catches");
                journal.is([]);
            } else {
                assert_eq!(outcome, Ok(()));
                journal.is(["Err(Explicit(\"inner\"))"]);
            }
        }
        let (outer, inner) = (CancelScope::new(), CancelScope::new());
        let handles = [outer.handle(), inner.handle()];
        let left = outer.run(inner.run(async { handles.iter().for_each(|scope| scope.cancel("too late")) }));
        assert_eq!(left.await, Ok(Ok(())), "both were left before the next checkpoint");
        checkpoint().await;
    }

    /// Scopes are futures: the inner one can be left after the outer one by whoever carries it out. It is
    /// then a scope of the place where it is polled, and the cancellation of its old place is none of its own.
    #[arbour::test]
    async fn cancel_scope_misnesting_2() {
        for own in [false, true] {
            let journal = Journal::default();
            let (outer, inner) = (CancelScope::new(), CancelScope::new());
            let (outside, inside) = (outer.handle(), inner.handle());
            let mut section = Box::pin(inner.run(async {
                defer(journal.both("its finalizer"));
                never::<()>().await;
            }));
            let outcome = outer.run(async {
                assert!(poll_once(&mut section).await.is_pending());
                outside.cancel("while the inner one is open");
                if own {
                    inside.cancel("both");
                }
            });
            assert_eq!(outcome.await, Ok(()), "the outer one is left first");
            assert_eq!(inside.is_cancelled(), own);
            if !own {
                assert!(poll_once(&mut section).await.is_pending(), "its place is here now");
                inside.cancel("both");
            }
            assert_eq!(soon(section).await, Err(Cancelled::new("both".into())));
            journal.is(["its finalizer begins", "its finalizer ends"]);
            assert!(!ScopeHandle::current().unwrap().is_cancelled());
            checkpoint().await;
        }
    }

    /// A child that opens a group and does not leave it ends no earlier than what it started there, whether it
    /// forgot the group or was cancelled half-way.
    #[arbour::test]
    async fn nursery_nested_child_misnest() {
        for cancelled in [false, true] {
            let journal = Journal::default();
            let (child, grandchild) = (journal.clone(), journal.clone());
            let outcome = task_group(async move |group| {
                let child = group.spawn_value(async move {
                    let mut open = Box::pin(task_group(async |nested| {
                        nested.spawn_value(async move {
                            let _ = catch_cancel(never::<()>()).await;
                            shield(sleep(SECOND)).await;
                            grandchild.note("the grandchild ends");
                        });
                        never::<()>().await;
                    }));
                    assert!(poll_once(&mut open).await.is_pending());
                    sleep(MS).await;
                    child.note("the child leaves");
                    if cancelled {
                        ScopeHandle::current().unwrap().cancel("with the group open");
                        never::<()>().await;
                    }
                });
                assert_eq!(child.await.is_err(), cancelled);
                journal.note("the child has ended");
                journal
            });
            let journal = outcome.await.unwrap();
            journal.is(["the child leaves", "the grandchild ends", "the child has ended"]);
        }
    }

    #[arbour::test]
    async fn failed_abort() {
        let journal = Journal::default();
        let begin = Instant::now();
        let outcome = move_on_after(MS, async {
            let (put, take) = oneshot::channel();
            let refuses = shield(async {
                sleep(SECOND).await;
                put.send("its value").unwrap();
                take.await.unwrap()
            });
            journal.note(refuses.await);
            assert!(ScopeHandle::current().unwrap().is_cancelled());
            checkpoint().await;
            journal.note("behind the next checkpoint");
        });
        assert_eq!(outcome.await, Err(Cancelled::new(Cause::Deadline)));
        assert_eq!(begin.elapsed(), SECOND);
        journal.is(["its value"]);
    }

    #[arbour::test]
    async fn slow_abort_basic() {
        for by_finalizer in [false, true] {
            let journal = Journal::default();
            let begin = Instant::now();
            let last = journal.clone();
            let outcome = move_on_after(MS, async {
                let _guard = journal.at_drop("the body ends");
                let hold = async move {
                    sleep(SECOND).await;
                    last.note("the hold ends");
                };
                if by_finalizer {
                    defer(hold);
                } else {
                    shield(hold).await;
                }
                never::<()>().await;
            });
            assert_eq!(outcome.await, Err(Cancelled::new(Cause::Deadline)));
            if by_finalizer {
                assert_eq!(begin.elapsed(), MS + SECOND, "it begins when the body has ended");
                journal.is(["the body ends", "the hold ends"]);
            } else {
                assert_eq!(begin.elapsed(), SECOND);
                journal.is(["the hold ends", "the body ends"]);
            }
        }
    }

    /// What has been ended stays ended: a shield put on while its finalizer runs keeps off what comes later,
    /// and lets the scope say that it was cancelled. (A shield put on before anything was ended lifts the
    /// cancellation: `cancel_shielding`.)
    #[arbour::test]
    async fn slow_abort_edge_cases() {
        let journal = Journal::default();
        let (outer, middle) = (CancelScope::new(), CancelScope::new());
        let (outside, between) = (outer.handle(), middle.handle());
        let polls = Polls::default();
        let counted = polls.clone();
        let begin = Instant::now();
        let canceller = tokio::spawn(async move {
            sleep(MS).await;
            outside.cancel("outer");
            turns(3).await;
            let before = counted.count();
            assert_ne!(before, 0, "the finalizer runs");
            for _ in 0..100 {
                outside.cancel("again");
                turns(1).await;
            }
            assert_eq!(counted.count(), before, "only the first cancel is heard");
            between.set_shield(true);
        });
        let cancelled = outer.run(middle.run(async {
            let inner = CancelScope::new().run(async {
                let _guard = journal.at_drop("the body ends");
                defer(polls.of(async { sleep(SECOND).await }));
                never::<()>().await;
            });
            let caught = inner.await.unwrap_err();
            journal.note(format!("the inner one: {}", caught.cause));
            sleep(MS).await;
            journal.note("the shield keeps the rest");
        }));
        assert_eq!(cancelled.await, Ok(Ok(())));
        canceller.await.unwrap();
        assert_eq!(begin.elapsed(), MS + SECOND + MS);
        journal.is(["the body ends", "the inner one: outer", "the shield keeps the rest"]);
    }

    /// A cancelled scope keeps the deadline that it has: a time says when, and `is_cancelled` says whether.
    #[arbour::test]
    async fn current_effective_deadline() {
        let at = |after: Duration| (Instant::now() + after).into_std();
        assert_eq!(current_deadline(), None);
        let outer = CancelScope::new().deadline(at(10 * SECOND));
        let inner = CancelScope::new().deadline(at(20 * SECOND));
        let (outside, inside) = (outer.handle(), inner.handle());
        let body = outer.run(inner.run(async {
            assert_eq!(current_deadline(), Some(at(10 * SECOND)), "the outer one is earlier");
            inside.set_deadline(Some(at(5 * SECOND)));
            assert_eq!(current_deadline(), Some(at(5 * SECOND)), "the inner one is earlier");
            inside.set_deadline(None);
            assert_eq!(current_deadline(), Some(at(10 * SECOND)), "only the outer one has any");
            inside.set_shield(true);
            assert_eq!(current_deadline(), None, "the shield cuts it off");
            inside.set_deadline(Some(at(30 * SECOND)));
            assert_eq!(current_deadline(), Some(at(30 * SECOND)), "and not its own scope's");
            inside.set_shield(false);
            assert_eq!(current_deadline(), Some(at(10 * SECOND)));
            outside.cancel("now");
            assert_eq!((current_deadline(), inside.is_cancelled()), (Some(at(10 * SECOND)), true));
        }));
        assert_eq!(body.await, Ok(Ok(())));
        assert_eq!(current_deadline(), None);
    }

    fn nested(depth: usize, journal: Journal) -> BoxFuture<'static, ()> {
        if depth == 0 {
            let guard = journal.at_drop("the innermost is dropped");
            return Box::pin(async move {
                let _guard = guard;
                never::<()>().await;
            });
        }
        Box::pin(async move {
            let _ = CancelScope::new().run(nested(depth - 1, journal.clone())).await;
            journal.note("behind a scope that was not the outermost");
        })
    }

    /// Polling goes through every body, so the depth is bounded by what a main thread has as its stack;
    /// cancelling and dropping need no more of it.
    #[test]
    fn very_deep_cancel_scope_nesting() {
        let deep = || {
            arbour::testing::block_on(async {
                let journal = Journal::default();
                let scope = CancelScope::new();
                let handle = scope.handle();
                let mut running = Box::pin(scope.run(nested(5_000, journal.clone())));
                assert!(poll_once(&mut running).await.is_pending());
                handle.cancel("from outside");
                assert_eq!(running.await, Err(Cancelled::new("from outside".into())));
                journal.is(["the innermost is dropped"]);
            });
        };
        std::thread::Builder::new().stack_size(32 << 20).spawn(deep).unwrap().join().unwrap();
    }

    /// A timer that were left behind by any of the changes would wake the scope when its time comes.
    #[arbour::test]
    async fn cancel_scope_deadline_duplicates() {
        const CHANGES: u32 = 5_000;
        let begin = Instant::now();
        let at = |after: Duration| Some((begin + after).into_std());
        let scope = CancelScope::new();
        let handle = scope.handle();
        let polls = Polls::default();
        let counted = polls.clone();
        let running = tokio::spawn(counted.of(scope.run(never::<()>())));
        turns(1).await;
        let tasks = Handle::current().metrics().num_alive_tasks();
        for change in 1..=CHANGES {
            handle.set_deadline(at(SECOND + change * MS));
            turns(1).await;
            handle.set_deadline(None);
            turns(1).await;
        }
        handle.set_deadline(at(60 * SECOND));
        turns(1).await;
        assert_eq!(begin.elapsed(), Duration::ZERO);
        assert_eq!(Handle::current().metrics().num_alive_tasks(), tasks);
        let before = polls.count();
        assert!(before > CHANGES as usize, "each change reached the timer: {before} polls");
        assert_eq!(running.await.unwrap(), Err(Cancelled::new(Cause::Deadline)));
        assert_eq!(begin.elapsed(), 60 * SECOND);
        assert!(polls.count() - before <= 2, "{} timers fired", polls.count() - before);
    }

    /// Whoever has begun, whoever has not, and the body; a handle that is kept keeps nothing of them alive.
    #[arbour::test]
    async fn locals_destroyed_promptly_on_cancel() {
        let owned: [Arc<()>; 3] = Default::default();
        let seen: [Weak<()>; 3] = owned.each_ref().map(Arc::downgrade);
        let [of_body, of_begun, of_late] = owned;
        let mut kept = Vec::new();
        let handles = &mut kept;
        let outcome = task_group(async move |group| {
            let _of_body = of_body;
            handles.push(group.spawn_value(async move {
                let _of_begun = of_begun;
                never::<()>().await;
            }));
            turns(2).await;
            handles.push(group.spawn_value(async move {
                let _of_late = of_late;
                never::<()>().await;
            }));
            group.cancel("enough");
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        assert_eq!(seen.each_ref().map(Weak::strong_count), [0, 0, 0]);
        assert!(kept.iter().all(arbour::TaskHandle::is_finished));
    }

    /// A deadline is an absolute time and a limit a length, each with a call of its own; neither has a
    /// not-a-number, and a length is never negative. What is left: a time that has passed ends the body at its first
    /// unready await, one beyond the clock is no limit, and of two the earlier counts.
    #[arbour::test]
    async fn cancel_scope_validation() {
        let begin = Instant::now();
        sleep(SECOND).await;
        let past = begin.into_std();
        assert_eq!(move_on_at(past, never::<()>()).await, Err(Cancelled::new(Cause::Deadline)));
        assert_eq!(move_on_at(past, async { "ready" }).await, Ok("ready"));
        assert_eq!(move_on_after(Duration::ZERO, never::<()>()).await, Err(Cancelled::new(Cause::Deadline)));
        assert_eq!(begin.elapsed(), SECOND, "none of them waited");
        let unlimited = fail_after(Duration::MAX, async {
            sleep(1_000 * SECOND).await;
            current_deadline()
        });
        assert_eq!(unlimited.await, Ok(None));
        for (relative, absolute) in [(1, 2), (2, 1)] {
            let begin = Instant::now();
            let at = (begin + absolute * SECOND).into_std();
            let limited = fail_after(relative * SECOND, move_on_at(at, never::<()>()));
            let by_the_outer = matches!(limited.await, Err(TimedOut { cause: Cause::Deadline, .. }));
            assert_eq!((begin.elapsed(), by_the_outer), (SECOND, relative < absolute));
        }
    }
}

mod trio_cancelled {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("disk is full")]
    struct DiskFull;

    fn culprit() -> Cause {
        Cause::SiblingFailed("the culprit".into())
    }

    fn the_body() -> Cause {
        Cause::SiblingFailed("the group's body".into())
    }

    /// What a task is told when it is cancelled.
    async fn told() -> Cause {
        catch_cancel(never::<()>()).await.unwrap_err().cause
    }

    /// The cause is small and names who failed; the failure itself, with its task, is in the group's error.
    #[arbour::test]
    async fn cancel_reason_nursery() {
        let (put, take) = oneshot::channel();
        let outcome = task_group(async |group| {
            let culprit_runs = async {
                let failed: Result<(), _> = Err(DiskFull);
                failed
            };
            group.task().name("the culprit").spawn(culprit_runs);
            group.spawn_value(async {
                let at_its_first_poll = ScopeHandle::current().unwrap().cause();
                put.send(at_its_first_poll).unwrap();
                never::<()>().await;
            });
            assert_eq!(told().await, culprit());
        });
        let error = outcome.await.unwrap_err();
        assert_eq!(take.await.unwrap(), Some(culprit()), "before the sibling had begun");
        assert_eq!(error.failures().len(), 1);
        assert_eq!(error.failures()[0].task(), Some("the culprit"));
        assert!(error.find::<DiskFull>().is_some());
    }

    #[arbour::test]
    async fn cancel_reason_nursery3() {
        let (put, take) = oneshot::channel();
        let outcome = try_task_group(async |group| {
            group.spawn_value(async { put.send(told().await).unwrap() });
            turns(1).await;
            let start =
                group.start(|_kept: arbour::Ready<()>| async { Err::<(), _>(io::Error::other("no lease")) });
            let started = start.await;
            assert!(!group.scope().is_cancelled(), "a failed start alone fails nobody");
            started.map(|_| ())
        });
        let error = outcome.await.unwrap_err();
        assert_eq!(take.await.unwrap(), the_body());
        assert_eq!(error.failures().len(), 1);
        assert!(error.find::<arbour::StartError>().is_some());
        assert!(error.to_string().contains("no lease"), "{error}");
    }

    #[arbour::test]
    async fn cancel_reason_not_overwritten_2() {
        let journal = Journal::default();
        let scope = CancelScope::new().deadline((Instant::now() + MS).into_std());
        let handle = scope.handle();
        let outcome = scope.run(async {
            journal.note(told().await.to_string());
            handle.cancel("an explicit one, later");
            assert_eq!(handle.cause(), Some(Cause::Deadline));
            checkpoint().await;
            journal.note("behind a cancelled checkpoint");
        });
        assert_eq!(outcome.await, Err(Cancelled::new(Cause::Deadline)));
        journal.is(["deadline passed"]);
    }

    #[arbour::test]
    async fn nested_child_source() {
        let (put, take) = oneshot::channel();
        let outcome = try_task_group(async |group| {
            group.spawn_value(async {
                let nested = task_group(async |nested| {
                    let child = nested.spawn_value(told());
                    shield(child).await.unwrap()
                });
                put.send(nested.await.unwrap()).unwrap();
            });
            turns(3).await;
            Err::<(), _>(Failure::from(DiskFull))
        });
        let error = outcome.await.unwrap_err();
        assert_eq!(take.await.unwrap(), the_body(), "the child of a child is told too");
        assert_eq!(error.failures().len(), 1);
        assert_eq!(error.failures()[0].task(), None, "the body is no task of the group");
    }
}
