//! Threads that call back into the runtime, and ask whether anybody still wants their value.

use crate::support::in_foreign_thread;
use arbour::thread::{self, CallError, OnCancel, RuntimeHandle};
use arbour::{CancelScope, Cause, fail_after};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::sleep;

mod anyio_from_thread {
    use super::*;

    /// What a thread sees before and after its caller is cancelled.
    fn until_cancelled(begun: oneshot::Sender<()>) -> impl FnOnce() -> CallError {
        move || {
            thread::check_cancelled().unwrap();
            assert!(!thread::is_cancelled());
            begun.send(()).unwrap();
            loop {
                if let Err(error) = thread::check_cancelled() {
                    assert!(thread::is_cancelled());
                    return error;
                }
                std::thread::yield_now();
            }
        }
    }

    fn is_cancelled_for(error: &CallError, why: &str) -> bool {
        matches!(error, CallError::Cancelled(cause) if cause.to_string() == why)
    }

    #[arbour::test]
    async fn thread_cancelled() {
        let (tell, begun) = oneshot::channel();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let call = scope.run(thread::run_sync(until_cancelled(tell)));
        let cancel = async {
            begun.await.unwrap();
            handle.cancel("enough");
        };
        let (seen, ()) = tokio::join!(call, cancel);
        assert!(is_cancelled_for(&seen.unwrap().unwrap(), "enough"));
    }

    #[arbour::test]
    async fn thread_cancelled_and_abandoned() {
        let (tell, begun) = oneshot::channel();
        let (report, seen) = oneshot::channel();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let function = until_cancelled(tell);
        let (release, released) = mpsc::channel();
        let call = thread::call().on_cancel(OnCancel::Abandon).run_sync(move || {
            report.send(function()).unwrap();
            // A function that returned before its caller looks again would not be abandoned.
            released.recv().unwrap();
        });
        let cancel = async {
            begun.await.unwrap();
            handle.cancel("enough");
        };
        let (outcome, ()) = tokio::join!(scope.run(call), cancel);
        assert!(outcome.is_err());
        assert!(is_cancelled_for(&seen.await.unwrap(), "enough"));
        release.send(()).unwrap();
    }

    #[arbour::test]
    async fn thread_cancelled_not_in_worker_thread() {
        assert!(matches!(thread::check_cancelled(), Err(CallError::NoRuntime)));
        let foreign = in_foreign_thread(|| (thread::check_cancelled(), RuntimeHandle::current()));
        assert!(matches!(foreign.await, (Err(CallError::NoRuntime), Err(CallError::NoRuntime))));
        assert!(matches!(in_foreign_thread(|| thread::block_on(async {})).await, Err(CallError::NoRuntime)));
    }

    #[arbour::test]
    async fn cancelscope_propagation() {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let mut seen = None;
        let outcome = scope.run(async {
            let call = thread::run_sync(move || {
                thread::block_on(async move {
                    handle.cancel("a time bomb");
                    sleep(Duration::from_secs(3)).await;
                })
            });
            seen = call.await.ok();
            std::future::pending::<()>().await;
        });
        assert_eq!(outcome.await.unwrap_err().to_string(), "cancelled: a time bomb");
        assert!(is_cancelled_for(&seen.unwrap().unwrap_err(), "a time bomb"));
    }

    #[arbour::test]
    async fn cancelscope_propagation_when_abandoned() {
        let (host_gone, gone) = oneshot::channel::<()>();
        let (complete, completed) = oneshot::channel();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let call = thread::call().on_cancel(OnCancel::Abandon).run_sync(move || {
            let finished = thread::block_on(async move {
                handle.cancel("a time bomb");
                gone.await.unwrap();
                "finished"
            });
            complete.send(finished).unwrap();
        });
        assert!(scope.run(call).await.is_err());
        host_gone.send(()).unwrap();
        assert_eq!(completed.await.unwrap().unwrap(), "finished");
    }

    #[arbour::test]
    async fn runasyncfromthread_run_corofunc_from_thread() {
        let here = std::thread::current().id();
        let call = thread::run_sync(move || {
            assert_ne!(std::thread::current().id(), here);
            thread::block_on(async {
                yield_now().await;
                std::thread::current().id()
            })
        });
        assert_eq!(call.await.unwrap().unwrap(), here);
    }

    #[arbour::test]
    async fn runasyncfromthread_run_sync_from_thread() {
        let here = std::thread::current().id();
        let call = thread::run_sync(|| {
            thread::run_in_runtime(|| {
                (std::thread::current().id(), tokio::runtime::Handle::try_current().is_ok())
            })
        });
        assert_eq!(call.await.unwrap().unwrap(), (here, true));
    }

    #[arbour::test]
    async fn runasyncfromthread_run_async_from_unclaimed_thread() {
        let here = std::thread::current().id();
        let runtime = RuntimeHandle::current().unwrap();
        let answer = in_foreign_thread(move || {
            runtime.block_on(async {
                yield_now().await;
                std::thread::current().id()
            })
        });
        assert_eq!(answer.await.unwrap(), here);
    }

    /// The threads are those of tokio's pool, here of one: it serves every call, and ends with the runtime.
    #[test]
    fn runasyncfromthread_run_sync_from_thread_pooling() {
        let (stop, stopped) = mpsc::channel();
        let stop = std::sync::Mutex::new(stop);
        let mut builder = Builder::new_current_thread();
        builder.max_blocking_threads(1);
        builder.on_thread_stop(move || stop.lock().unwrap().send(std::thread::current().id()).unwrap());
        let runtime = builder.build().unwrap();
        let threads: HashSet<_> = runtime.block_on(async {
            let mut threads = HashSet::new();
            for _ in 0..5 {
                threads.insert(thread::run_sync(|| std::thread::current().id()).await.unwrap());
            }
            threads
        });
        assert_eq!(threads.len(), 1);
        assert!(stopped.try_recv().is_err());
        drop(runtime);
        assert!(threads.contains(&stopped.recv().unwrap()));
    }

    #[arbour::test]
    async fn runasyncfromthread_run_async_from_thread_exception() {
        let call = thread::run_sync(|| thread::block_on(async { "seven".parse::<u32>() }));
        assert!(call.await.unwrap().unwrap().is_err());

        let call = thread::run_sync(|| {
            let panicking = || {
                thread::block_on(async {
                    if true {
                        panic!("in the runtime")
                    }
                })
            };
            *std::panic::catch_unwind(panicking).unwrap_err().downcast::<&str>().unwrap()
        });
        assert_eq!(call.await.unwrap(), "in the runtime");
    }

    #[arbour::test]
    async fn runasyncfromthread_run_sync_from_thread_exception() {
        let call = thread::run_sync(|| thread::run_in_runtime(|| "seven".parse::<u32>()));
        assert!(call.await.unwrap().unwrap().is_err());

        let call = thread::run_sync(|| {
            let panicking = || {
                thread::run_in_runtime(|| {
                    if true {
                        panic!("in the runtime")
                    }
                })
            };
            *std::panic::catch_unwind(panicking).unwrap_err().downcast::<&str>().unwrap()
        });
        assert_eq!(call.await.unwrap(), "in the runtime");
    }

    #[arbour::test]
    async fn runasyncfromthread_run_anyio_async_func_from_thread() {
        let call = thread::run_sync(|| {
            thread::block_on(async {
                let (sender, receiver) = arbour::stream::memory_stream(1);
                let deadline = fail_after(Duration::ZERO, std::future::pending::<()>());
                let group = arbour::task_group(async |group| {
                    group.spawn_value(async move { sender.send("from a child").await });
                    receiver.recv().await.unwrap()
                });
                (group.await.unwrap(), deadline.await.is_err())
            })
        });
        assert_eq!(call.await.unwrap().unwrap(), ("from a child", true));
    }

    #[arbour::test]
    async fn runsyncfromthread_run_sync_from_unclaimed_thread() {
        let here = std::thread::current().id();
        let runtime = RuntimeHandle::current().unwrap();
        let answer = in_foreign_thread(move || runtime.run(|| std::thread::current().id()));
        assert_eq!(answer.await.unwrap(), here);
    }

    /// The run is the scope in which the handle was taken, or the runtime where there was no scope.
    #[test]
    fn run_sync_soon_closed_event_loop() {
        let runtime = Builder::new_current_thread().build().unwrap();
        let (outside, inside, ran_inside) = runtime.block_on(async {
            let outside = RuntimeHandle::current().unwrap();
            let (inside, ran) = CancelScope::new()
                .run(async {
                    let handle = RuntimeHandle::current().unwrap();
                    let (tell, told) = oneshot::channel();
                    handle.spawn(async move { tell.send(()).unwrap() }).unwrap();
                    (handle, told.await.is_ok())
                })
                .await
                .unwrap();
            (outside, inside, ran)
        });
        assert!(ran_inside);
        let begun = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&begun);
        let begin = move || {
            let noted = Arc::clone(&noted);
            async move { noted.store(true, Ordering::SeqCst) }
        };
        assert!(matches!(inside.spawn(begin()), Err(CallError::Finished)));
        assert!(matches!(inside.block_on(begin()), Err(CallError::Finished)));
        drop(runtime);
        assert!(matches!(outside.spawn(begin()), Err(CallError::Finished)));
        assert!(matches!(outside.run(|| ()), Err(CallError::Finished)));
        assert!(!begun.load(Ordering::SeqCst));
    }

    #[arbour::test]
    async fn a_thread_whose_caller_was_dropped_is_told_and_waited_for() {
        let (tell, begun) = oneshot::channel();
        let (report, mut seen) = oneshot::channel();
        let function = until_cancelled(tell);
        let scope = CancelScope::new().run(async {
            let call =
                thread::run_sync(move || report.send((function(), thread::block_on(async {}))).unwrap());
            tokio::select! {
                biased;
                _ = call => unreachable!("it runs until it is told"),
                begun = begun => begun.unwrap(),
            }
        });
        scope.await.unwrap();
        let (asked, called_back) = seen.try_recv().expect("the scope waits for the thread");
        assert!(matches!(asked, CallError::Cancelled(Cause::Dropped)), "{asked}");
        assert!(matches!(called_back, Ok(()) | Err(CallError::Cancelled(Cause::Dropped))));
    }
}

#[test]
fn a_thread_that_blocks_for_a_runtime_gets_an_error_when_that_is_shut_down() {
    async fn endless(begun: mpsc::Sender<()>) {
        begun.send(()).unwrap();
        std::future::pending().await
    }
    for in_scope in [false, true] {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (give, given) = mpsc::channel();
        let here = async move {
            give.send(RuntimeHandle::current().unwrap()).unwrap();
            std::future::pending::<()>().await;
        };
        if in_scope {
            runtime.spawn(CancelScope::new().run(here));
        } else {
            runtime.spawn(here);
        }
        let handle = given.recv().unwrap();
        let (tell, begun) = mpsc::channel();
        let foreign = std::thread::spawn(move || handle.block_on(endless(tell)));
        begun.recv().unwrap();
        drop(runtime);
        let error = foreign.join().expect("it got an answer, not a panic").unwrap_err();
        let expected =
            matches!(error, CallError::Finished) || in_scope && matches!(error, CallError::Cancelled(_));
        assert!(expected, "{error}");
    }
}

#[arbour::test]
async fn in_a_scope_that_a_function_in_a_thread_runs_itself_that_scope_is_the_way_back() {
    let call = thread::run_sync(|| {
        let runtime = Builder::new_current_thread().build().unwrap();
        let own = CancelScope::new().run(async {
            let (tell, told) = oneshot::channel();
            let spawned = RuntimeHandle::current().unwrap();
            spawned.spawn(async move { tell.send(std::thread::current().id()).unwrap() }).unwrap();
            told.await.unwrap()
        });
        (runtime.block_on(own).unwrap(), std::thread::current().id())
    });
    let (ran_in, function_in) = call.await.unwrap();
    assert_eq!(ran_in, function_in);
}

#[arbour::test]
async fn what_a_thread_runs_on_the_runtime_is_known_by_the_place_of_the_call() {
    fn is_seen(line: u32) -> bool {
        let tasks = arbour::tasks();
        tasks
            .iter()
            .filter_map(|task| task.place)
            .any(|place| place.file() == file!() && place.line() == line)
    }
    let seen = thread::run_sync(|| {
        let blocked = thread::block_on(async { is_seen(line!()) });
        let run = thread::run_in_runtime(|| is_seen(line!()));
        let runtime = RuntimeHandle::current().unwrap();
        [blocked, run, runtime.block_on(async { is_seen(line!()) }), runtime.run(|| is_seen(line!()))]
    });
    assert!(seen.await.unwrap().into_iter().all(|seen| seen.unwrap()));
}
