//! Portals: synchronous code that starts and awaits tasks.

use crate::support::in_foreign_thread;
use arbour::thread::{self, CallError, Hold, OnCancel, Portal, PortalProvider, StartError};
use arbour::{CancelScope, Failure, catch_cancel, defer, task_group};
use futures::FutureExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use tokio::sync::oneshot;
use tokio::task::yield_now;

/// A future that never ends, says when it has begun, and notes when it is dropped.
fn until_dropped(noted: &Arc<AtomicBool>) -> (impl Future<Output = ()> + Send + 'static, mpsc::Receiver<()>) {
    struct Note(Arc<AtomicBool>);
    impl Drop for Note {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let note = Note(Arc::clone(noted));
    let (tell, begun) = mpsc::channel();
    let future = async move {
        let _note = note;
        tell.send(()).unwrap();
        std::future::pending::<()>().await;
    };
    (future, begun)
}

mod anyio_from_thread {
    use super::*;

    #[arbour::test]
    async fn blockingportal_call_corofunc() {
        let here = std::thread::current().id();
        let outcome = Portal::open(async |portal| {
            let called = in_foreign_thread(move || {
                portal.call(async {
                    yield_now().await;
                    std::thread::current().id()
                })
            });
            Ok::<_, Failure>(called.await.unwrap())
        });
        assert_eq!(outcome.await.unwrap(), here);
    }

    #[arbour::test]
    async fn blockingportal_call_async_corofunc() {
        let portal = Portal::start().unwrap();
        let theirs = portal.call(async { std::thread::current().id() }).unwrap();
        assert_ne!(theirs, std::thread::current().id());
        let called = portal.call_async(async { std::thread::current().id() }, OnCancel::Wait);
        assert_eq!(called.await.unwrap(), theirs);
        portal.finish();
    }

    #[arbour::test]
    async fn blockingportal_call_async_exception() {
        let portal = Portal::start().unwrap();
        let error = portal.call_async(async { "seven".parse::<u32>() }, OnCancel::Wait).await.unwrap();
        assert!(error.is_err());
        let panicking = portal.call_async(
            async {
                if true {
                    panic!("far away")
                }
            },
            OnCancel::Wait,
        );
        let payload = AssertUnwindSafe(panicking).catch_unwind().await.unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"far away"));
        portal.finish();
    }

    #[arbour::test]
    async fn blockingportal_call_async_cancellation() {
        let running = Portal::start().unwrap();
        let portal = Portal::clone(&running);
        let dropped = Arc::new(AtomicBool::new(false));
        let (remote, begun) = until_dropped(&dropped);
        let scope = CancelScope::new();
        let caller = scope.handle();
        let mut call = pin!(scope.run(portal.call_async(remote, OnCancel::Wait)));
        assert!(call.as_mut().now_or_never().is_none());
        begun.recv().unwrap();
        caller.cancel("not needed");
        assert_eq!(call.await.unwrap_err().to_string(), "cancelled: not needed");
        assert!(dropped.load(Ordering::SeqCst));
        running.finish();
    }

    #[arbour::test]
    async fn blockingportal_call_async_cancellation_cleanup() {
        let portal = Portal::start().unwrap();
        for on_cancel in [OnCancel::Wait, OnCancel::Abandon] {
            let (tell, begun) = mpsc::channel();
            let (cancelled, seen) = mpsc::channel();
            let (release, released) = oneshot::channel::<()>();
            let remote = async move {
                defer(async move {
                    cancelled.send(()).unwrap();
                    released.await.ok();
                });
                let caught = catch_cancel(async {
                    tell.send(()).unwrap();
                    std::future::pending::<()>().await;
                });
                assert!(caught.await.is_err());
                Err::<(), _>("from the clean-up")
            };
            let scope = CancelScope::new();
            let caller = scope.handle();
            let mut given = None;
            {
                let mut call = pin!(scope.run(async {
                    given = portal.call_async(remote, on_cancel).await.ok();
                    std::future::pending::<()>().await;
                }));
                assert!(call.as_mut().now_or_never().is_none());
                begun.recv().unwrap();
                caller.cancel("not needed");
                // The first of these polls passes the cancellation on.
                let first = call.as_mut().now_or_never();
                seen.recv().unwrap();
                if on_cancel == OnCancel::Wait {
                    assert!(first.is_none() && call.as_mut().now_or_never().is_none());
                    release.send(()).unwrap();
                    assert!(call.await.is_err());
                } else {
                    assert!(first.is_some_and(|outcome| outcome.is_err()), "it goes at once");
                    release.send(()).unwrap();
                }
            }
            let expected = (on_cancel == OnCancel::Wait).then_some(Err("from the clean-up"));
            assert_eq!(given, expected);
        }
        assert_eq!(portal.call(async { 42 }).unwrap(), 42);
        portal.finish();
    }

    #[arbour::test]
    async fn blockingportal_aexit_with_exception() {
        let dropped = Arc::new(AtomicBool::new(false));
        let (remote, begun) = until_dropped(&dropped);
        let (report, seen) = mpsc::channel();
        let outcome = Portal::open(async |portal| {
            let (tell, called) = oneshot::channel();
            std::thread::spawn(move || {
                let task = portal.spawn(remote).unwrap();
                tell.send(()).unwrap();
                report.send(task.join()).unwrap();
            });
            called.await.unwrap();
            yield_now().await;
            begun.recv().unwrap();
            Err::<(), _>(Failure::message("the body failed"))
        });
        assert!(outcome.await.unwrap_err().to_string().contains("the body failed"));
        assert!(dropped.load(Ordering::SeqCst));
        assert!(matches!(seen.recv().unwrap(), Err(CallError::Cancelled(_))));
    }

    #[arbour::test]
    async fn blockingportal_aexit_without_exception() {
        let (go, gate) = oneshot::channel();
        let ended = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&ended);
        let mut kept = None;
        {
            let mut open = pin!(Portal::open(async |portal| {
                let task = portal.spawn(async move {
                    gate.await.unwrap();
                    noted.store(true, Ordering::SeqCst);
                });
                drop(task.unwrap());
                kept = Some(portal);
                Ok::<_, Failure>(())
            }));
            for _ in 0..10 {
                assert!(open.as_mut().now_or_never().is_none(), "its task has not ended");
                yield_now().await;
            }
            go.send(()).unwrap();
            open.await.unwrap();
        }
        assert!(ended.load(Ordering::SeqCst));
        assert!(kept.unwrap().is_stopped());
    }

    #[arbour::test]
    async fn blockingportal_call_portal_from_event_loop_thread() {
        let outcome = Portal::open(async |portal| {
            assert!(matches!(portal.call(async {}), Err(CallError::WouldDeadlock)));
            assert!(matches!(portal.spawn(async {}).unwrap().join(), Err(CallError::WouldDeadlock)));
            let started = portal.start_task::<(), _, _>(async |_| {});
            assert!(matches!(started, Err(StartError::Call(CallError::WouldDeadlock))));
            let held = portal.hold(|hold: Hold<(), ()>| async move { hold.open(()).await });
            assert!(matches!(held, Err(StartError::Call(CallError::WouldDeadlock))));
            // A task outside of every scope is no other thread.
            tokio::spawn(
                async move { assert!(matches!(portal.call(async {}), Err(CallError::WouldDeadlock))) },
            )
            .await
            .unwrap();
            Ok::<_, Failure>(())
        });
        outcome.await.unwrap();
    }

    #[test]
    fn blockingportal_start_with_new_event_loop() {
        let portal = Portal::builder().name("harbour").start().unwrap();
        let thread = portal.call(async { std::thread::current().name().map(str::to_owned) }).unwrap();
        assert_eq!(thread.as_deref(), Some("harbour"));
        portal.finish();
    }

    #[test]
    fn blockingportal_call_stopped_portal() {
        let portal = Portal::start().unwrap();
        let kept = Portal::clone(&portal);
        portal.stop();
        assert!(matches!(kept.call(async {}), Err(CallError::Stopped)));
        portal.finish();
        assert!(matches!(kept.call(async {}), Err(CallError::Stopped)));
        assert!(matches!(kept.spawn(async {}), Err(CallError::Stopped)));
        assert!(matches!(
            kept.call_async(async {}, OnCancel::Wait).now_or_never(),
            Some(Err(CallError::Stopped))
        ));
    }

    #[arbour::test]
    async fn blockingportal_start_task_soon_cancel_immediately() {
        let polls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&polls);
        let outcome = Portal::open(async |portal| {
            let task = portal.spawn(std::future::poll_fn(move |_| {
                counted.fetch_add(1, Ordering::SeqCst);
                std::task::Poll::<()>::Pending
            }));
            let task = task.unwrap();
            task.cancel("at once");
            let joined = in_foreign_thread(move || task.join()).await;
            Ok::<_, Failure>(joined)
        });
        let joined = outcome.await.unwrap();
        assert!(matches!(joined, Err(CallError::Cancelled(cause)) if cause.to_string() == "at once"));
        assert_eq!(polls.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn blockingportal_async_context_manager_success() {
        let portal = Portal::start().unwrap();
        let open = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&open);
        let resource = portal.hold(|hold: Hold<_, ()>| async move {
            noted.store(true, Ordering::SeqCst);
            let closed = hold.open("opened").await;
            noted.store(false, Ordering::SeqCst);
            closed
        });
        let resource = resource.unwrap();
        assert_eq!((*resource, open.load(Ordering::SeqCst)), ("opened", true));
        assert_eq!(portal.call(async { 1 }).unwrap(), 1, "the portal serves others meanwhile");
        assert_eq!(resource.close(()).unwrap(), Some(()));
        assert!(!open.load(Ordering::SeqCst));
        portal.finish();
    }

    /// The resource hears of the error, and its own outcome is what counts; dropped, it hears of nothing.
    #[test]
    fn blockingportal_async_context_manager_error_ignore() {
        let portal = Portal::start().unwrap();
        let (report, seen) = mpsc::channel();
        let hold = || {
            let report = report.clone();
            portal.hold(|hold: Hold<_, Result<(), &'static str>>| async move {
                let how = hold.open(()).await;
                report.send(how).unwrap();
                Ok::<_, Failure>("ignored")
            })
        };
        let resource = hold().unwrap();
        assert_eq!(resource.close(Err("the block failed")).unwrap().unwrap(), "ignored");
        assert_eq!(seen.recv().unwrap(), Some(Err("the block failed")));
        drop(hold().unwrap());
        assert_eq!(seen.try_recv().unwrap(), None, "the drop waits until it is closed");
        portal.finish();
    }

    #[test]
    fn blockingportal_async_context_manager_exception_in_task_group() {
        let portal = Portal::start().unwrap();
        let closed = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&closed);
        let (fail, failing) = oneshot::channel::<()>();
        let resource = portal.hold(|hold: Hold<_, ()>| async move {
            let group = task_group(async |group| {
                group.spawn(async move {
                    failing.await.unwrap();
                    Err::<(), _>(Failure::message("in the background"))
                });
                hold.open(()).await
            });
            let outcome = group.await;
            noted.store(true, Ordering::SeqCst);
            outcome
        });
        let resource = resource.unwrap();
        fail.send(()).unwrap();
        while !closed.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        let outcome = resource.close(()).unwrap();
        assert!(outcome.unwrap_err().to_string().contains("in the background"));
        portal.finish();
    }

    #[test]
    fn blockingportal_start_with_value() {
        let portal = Portal::start().unwrap();
        let (go, gate) = oneshot::channel::<()>();
        let started = portal.start_task(|ready| async move {
            yield_now().await;
            ready.started("ready");
            gate.await.unwrap();
            "ended"
        });
        let (value, task) = started.unwrap();
        assert_eq!((value, task.is_finished()), ("ready", false));
        go.send(()).unwrap();
        assert_eq!(task.join().unwrap(), "ended");
        portal.finish();
    }

    #[test]
    fn blockingportal_start_no_started_call() {
        let portal = Portal::start().unwrap();
        let returned = portal.start_task::<(), _, _>(async |ready| {
            drop(ready);
            "seven".parse::<u32>()
        });
        assert!(matches!(returned, Err(StartError::Ended(Err(_)))), "its error is handed back");
        let stayed = portal.start_task::<(), _, _>(async |ready| {
            drop(ready);
            std::future::pending::<()>().await;
        });
        assert!(matches!(stayed, Err(StartError::TokenDropped)), "it was cancelled, and has ended");
        let panicked = portal.start_task::<(), _, _>(async |_ready| {
            if true {
                panic!("early")
            }
        });
        assert!(
            matches!(panicked, Err(StartError::Call(CallError::Panicked(failure))) if failure.to_string().contains("early"))
        );
        portal.finish();
    }

    /// What is fatal is a panic: it goes on in the thread that called, which leaves the portal by it.
    #[test]
    fn blockingportal_raise_baseexception_from_task() {
        let dropped = Arc::new(AtomicBool::new(false));
        let (remote, begun) = until_dropped(&dropped);
        let (give, given) = mpsc::channel();
        let program = move || {
            let portal = Portal::start().unwrap();
            give.send((portal.spawn(remote).unwrap(), Portal::clone(&portal))).unwrap();
            begun.recv().unwrap();
            portal
                .call(async {
                    if true {
                        panic!("fatal")
                    }
                })
                .unwrap();
        };
        let payload = catch_unwind(AssertUnwindSafe(program)).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"fatal"));
        assert!(dropped.load(Ordering::SeqCst), "the unwinding thread waited for the other task");
        let (other, kept) = given.recv().unwrap();
        assert!(matches!(other.join(), Err(CallError::Cancelled(_))));
        assert!(matches!(kept.call(async {}), Err(CallError::Stopped)));
    }

    #[arbour::test]
    async fn blockingportal_from_async() {
        let portal = Portal::start().unwrap();
        for turn in 0..200 {
            // More turns than the budget of this task's poll: the wait must not depend on it.
            assert_eq!(portal.call(async move { turn }).unwrap(), turn);
        }
        portal.finish();
    }

    #[test]
    fn blockingportalprovider_exception_passed_to_portal_cm() {
        let provider = PortalProvider::new();
        let dropped = Arc::new(AtomicBool::new(false));
        let (remote, begun) = until_dropped(&dropped);
        let (keep, kept) = mpsc::channel();
        let block = || {
            let portal = provider.portal().unwrap();
            keep.send(portal.spawn(remote).unwrap()).unwrap();
            begun.recv().unwrap();
            "seven".parse::<u32>()
        };
        assert!(block().is_err());
        assert!(dropped.load(Ordering::SeqCst));
        assert!(matches!(kept.recv().unwrap().join(), Err(CallError::Cancelled(_))));
    }
}

mod anyio_to_thread {
    use super::*;
    use std::io;
    use tokio::runtime::Builder;

    #[test]
    fn blockingportalprovider_single_thread_overlapping() {
        let provider = PortalProvider::new();
        let outer = provider.portal().unwrap();
        let inner = provider.portal().unwrap();
        let thread = || async { std::thread::current().id() };
        let theirs = outer.call(thread()).unwrap();
        assert_eq!(inner.call(thread()).unwrap(), theirs);
        inner.finish();
        assert_eq!(outer.call(thread()).unwrap(), theirs);
        let kept = Portal::clone(&outer);
        outer.finish();
        assert!(matches!(kept.call(thread()), Err(CallError::Stopped)));
        let anew = provider.portal().unwrap();
        assert!(anew.call(thread()).is_ok());
        anew.finish();
    }

    #[test]
    fn blockingportalprovider_multiple_threads() {
        let started = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&started);
        let provider = PortalProvider::with(Portal::builder().runtime(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Builder::new_current_thread().enable_all().build()
        }));
        let (entered, left) = (Arc::new(Barrier::new(8)), Arc::new(Barrier::new(8)));
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let (provider, entered, left) = (provider.clone(), Arc::clone(&entered), Arc::clone(&left));
                std::thread::spawn(move || {
                    entered.wait();
                    let portal = provider.portal().unwrap();
                    let theirs = portal.call(async { std::thread::current().id() }).unwrap();
                    left.wait();
                    portal.finish();
                    theirs
                })
            })
            .collect();
        let mut portals: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        portals.dedup();
        assert_eq!((portals.len(), started.load(Ordering::SeqCst)), (1, 1));
    }

    #[test]
    fn blockingportalprovider_retry_after_failed_enter() {
        let failed = AtomicBool::new(false);
        let provider = PortalProvider::with(Portal::builder().runtime(move || {
            if !failed.swap(true, Ordering::SeqCst) {
                return Err(io::Error::other("out of descriptors"));
            }
            Builder::new_current_thread().enable_all().build()
        }));
        assert_eq!(provider.portal().unwrap_err().to_string(), "out of descriptors");
        let portal = provider.portal().unwrap();
        assert_eq!(portal.call(async { 42 }).unwrap(), 42);
        portal.finish();
    }
}

fn is_seen(line: u32) -> bool {
    let tasks = arbour::tasks();
    tasks.iter().filter_map(|task| task.place).any(|place| place.file() == file!() && place.line() == line)
}

#[test]
fn a_task_of_a_portal_is_known_by_the_place_where_it_was_started() {
    let portal = Portal::start().unwrap();
    let (line, called) = (line!(), portal.call(async { is_seen(line!()) }));
    assert!(called.unwrap(), "line {line}");
    let (line, task) = (line!(), portal.spawn(std::future::pending::<()>()).unwrap());
    assert!(is_seen(line));
    task.cancel("seen");
    let (line, held) = (line!(), portal.hold(|hold: Hold<_, ()>| hold.open(())).unwrap());
    assert!(is_seen(line));
    held.close(()).unwrap();
    let called = portal.call_async(async { is_seen(line!()) }, OnCancel::Wait);
    assert!(arbour::testing::block_on(called).unwrap());
    portal.finish();
}

#[test]
fn the_failure_of_a_portals_task_names_it() {
    let portal = Portal::start().unwrap();
    let panicking = async {
        if true {
            panic!("out of ink")
        }
    };
    let (line, task) = (line!(), portal.spawn(panicking).unwrap());
    let Err(CallError::Panicked(failure)) = task.join() else { panic!("it panicked") };
    assert_eq!(failure.task(), Some(&*format!("task spawned at {}:{line}", file!())));
    portal.finish();
}

/// Opens a portal in a runtime, has a thread that nobody knows use it, and shuts the runtime down meanwhile.
fn shut_down_under<T: Send + 'static>(
    use_it: impl FnOnce(Portal, mpsc::Sender<()>) -> T + Send + 'static,
) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (give, given) = mpsc::channel();
    runtime.spawn(Portal::open(async move |portal: Portal| {
        give.send(portal.clone()).unwrap();
        portal.stopped().await;
        Ok::<_, Failure>(())
    }));
    let portal = given.recv().unwrap();
    let (tell, begun) = mpsc::channel();
    let foreign = std::thread::spawn(move || use_it(portal, tell));
    begun.recv().unwrap();
    drop(runtime);
    foreign.join().expect("it got an answer, not a panic")
}

/// Which of the two it is depends on who is dropped first: the task, or the group that then cancels it.
fn is_an_end(error: &CallError) -> bool {
    matches!(error, CallError::Stopped | CallError::Cancelled(_))
}

#[test]
fn a_thread_that_blocks_for_a_portal_gets_an_error_when_its_runtime_is_shut_down() {
    async fn endless(begun: mpsc::Sender<()>) {
        begun.send(()).unwrap();
        std::future::pending().await
    }
    let called = shut_down_under(|portal, begun| portal.call(endless(begun)));
    assert!(is_an_end(&called.unwrap_err()));
    let joined = shut_down_under(|portal, begun| portal.spawn(endless(begun)).unwrap().join());
    assert!(is_an_end(&joined.unwrap_err()));
    let started = shut_down_under(|portal, begun| {
        portal.start_task(|ready| async move {
            endless(begun).await;
            ready.started(());
        })
    });
    assert!(matches!(started, Err(StartError::Call(error)) if is_an_end(&error)));
    let closed = shut_down_under(|portal, begun| {
        let held = portal.hold(|hold: Hold<_, ()>| async move {
            hold.open(()).await;
            endless(begun).await;
        });
        held.unwrap().close(())
    });
    assert!(is_an_end(&closed.unwrap_err()));
}

#[test]
fn a_portal_that_a_blocking_function_of_its_own_ends_does_not_wait_for_that_function() {
    for end in [arbour::thread::PortalThread::finish, drop] {
        let running = Portal::start().unwrap();
        let portal = Portal::clone(&running);
        let ended = portal.call(async move { thread::run_sync(move || end(running)).await.is_ok() });
        assert!(ended.unwrap());
        assert!(portal.is_stopped());
    }
}
