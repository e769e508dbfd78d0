//! Blocking functions in threads: their limiter, and what becomes of them when the caller is cancelled.

use arbour::sync::CapacityLimiter;
use arbour::thread::{self, OnCancel, ThreadError};
use arbour::{CancelScope, task_group};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::yield_now;

/// A function that says when it has begun and returns on a word; dropping the word is one too.
fn gated<T>(value: T) -> (impl FnOnce() -> T, oneshot::Receiver<()>, mpsc::Sender<()>) {
    let (tell, begun) = oneshot::channel();
    let (go, gate) = mpsc::channel();
    let function = move || {
        tell.send(()).unwrap();
        gate.recv().ok();
        value
    };
    (function, begun, go)
}

/// Tells when it is dropped.
#[derive(Debug)]
struct Dropped(Option<oneshot::Sender<()>>);

impl Dropped {
    fn new() -> (Self, oneshot::Receiver<()>) {
        let (sender, receiver) = oneshot::channel();
        (Self(Some(sender)), receiver)
    }
}

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.take().unwrap().send(()).ok();
    }
}

fn one_blocking_thread() -> Runtime {
    Builder::new_current_thread().max_blocking_threads(1).enable_all().build().unwrap()
}

fn is_abandoned(line: u32) -> bool {
    thread::abandoned().iter().any(|call| call.place.file() == file!() && call.place.line() == line)
}

mod anyio_synchronization {
    use super::*;

    #[test]
    fn capacitylimiter_current_default_thread_limiter() {
        assert_eq!(thread::default_limiter().total(), 40);
    }
}

mod anyio_to_thread {
    use super::*;

    #[arbour::test]
    async fn run_in_thread_cancelled() {
        let (captured, dropped) = Dropped::new();
        let begun = Arc::new(AtomicBool::new(false));
        let scope = CancelScope::new();
        scope.handle().cancel("before the call");
        let noted = Arc::clone(&begun);
        let call = thread::run_sync(move || {
            noted.store(true, Ordering::SeqCst);
            drop(captured);
        });
        assert_eq!(scope.run(call).await.unwrap_err().to_string(), "cancelled: before the call");
        dropped.await.unwrap();
        assert!(!begun.load(Ordering::SeqCst));
    }

    /// A panic is the other kind of error: it goes on in the caller.
    #[arbour::test]
    async fn run_in_thread_exception() {
        let error = thread::run_sync(|| "seven".parse::<u32>()).await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "invalid digit found in string");

        let panicking = thread::run_sync(|| {
            if true {
                panic!("out of seven")
            }
        });
        let payload = AssertUnwindSafe(panicking).catch_unwind().await.unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"out of seven"));

        let panics = || {
            if true {
                panic!("here")
            }
        };
        let failed = task_group(async |group| group.spawn_value(thread::run_sync(panics)).await);
        let failure = failed.await.unwrap_err().failures()[0].clone();
        assert!(failure.panic_location().is_some_and(|place| place.starts_with(file!())), "{failure}");
    }

    #[arbour::test]
    async fn run_in_custom_limiter() {
        let limiter = CapacityLimiter::new(3);
        let (enter, mut entered) = tokio::sync::mpsc::unbounded_channel();
        let (go, gate) = mpsc::channel::<()>();
        let (gate, inside) = (Arc::new(Mutex::new(gate)), Arc::new(AtomicUsize::new(0)));
        let total = task_group(async |group| {
            for _ in 0..10 {
                let (enter, gate, inside) = (enter.clone(), Arc::clone(&gate), Arc::clone(&inside));
                group.spawn(thread::call().limiter(&limiter).run_sync(move || {
                    enter.send(inside.fetch_add(1, Ordering::SeqCst) + 1).unwrap();
                    gate.lock().unwrap().recv().unwrap();
                    inside.fetch_sub(1, Ordering::SeqCst);
                }));
            }
            let mut most = 0;
            for turn in 0..10 {
                most = most.max(entered.recv().await.unwrap());
                if turn >= 2 {
                    assert_eq!((limiter.borrowed(), limiter.available()), (3, 0));
                    assert_eq!(limiter.statistics().waiting, 9 - turn);
                    go.send(()).unwrap();
                }
            }
            go.send(()).unwrap();
            go.send(()).unwrap();
            most
        });
        assert_eq!(total.await.unwrap(), 3);
        assert_eq!(limiter.borrowed(), 0);
    }

    #[arbour::test]
    async fn cancel_worker_thread() {
        let (function, begun, go) = gated("a value");
        let scope = CancelScope::new();
        let handle = scope.handle();
        let mut given = None;
        {
            let mut waiting = pin!(scope.run(async {
                given = thread::run_sync(function).await.ok();
                std::future::pending::<()>().await;
            }));
            assert!(waiting.as_mut().now_or_never().is_none());
            begun.await.unwrap();
            handle.cancel("not needed");
            for _ in 0..10 {
                yield_now().await;
                assert!(waiting.as_mut().now_or_never().is_none(), "the thread has not ended");
            }
            go.send(()).unwrap();
            assert!(waiting.await.is_err());
        }
        assert_eq!(given, Some("a value"), "what has begun is delivered");

        let (function, begun, go) = gated(());
        let scope = CancelScope::new();
        let handle = scope.handle();
        let place = line!() + 1;
        let call = thread::call().on_cancel(OnCancel::Abandon).run_sync(function);
        let mut abandoning = pin!(scope.run(call));
        assert!(abandoning.as_mut().now_or_never().is_none());
        begun.await.unwrap();
        handle.cancel("not needed");
        assert!(abandoning.await.is_err());
        assert!(is_abandoned(place), "it runs on, and is counted");
        drop(go);
    }

    #[arbour::test]
    async fn cancel_wait_on_thread() {
        let (value, mut dropped) = Dropped::new();
        let (function, begun, go) = gated(value);
        let limiter = CapacityLimiter::new(2);
        let scope = CancelScope::new();
        let handle = scope.handle();
        let place = line!() + 1;
        let call = thread::call().limiter(&limiter).on_cancel(OnCancel::Abandon).run_sync(function);
        let mut call = pin!(scope.run(call));
        assert!(call.as_mut().now_or_never().is_none());
        begun.await.unwrap();
        handle.cancel("not needed");
        assert!(call.await.is_err());

        let later = async || thread::call().limiter(&limiter).run_sync(|| "later").await.unwrap();
        assert_eq!(later().await, "later");
        assert!(dropped.try_recv().is_err() && is_abandoned(place));
        go.send(()).unwrap();
        dropped.await.unwrap();
        assert_eq!(later().await, "later");
        assert!(!is_abandoned(place));
        assert_eq!(limiter.borrowed(), 0);
    }

    #[arbour::test]
    async fn asyncio_cancel_native_task() {
        let (value, dropped) = Dropped::new();
        let (function, begun, go) = gated(value);
        let place = line!() + 1;
        let call = thread::call().on_cancel(OnCancel::Abandon).run_sync(function);
        let task = tokio::spawn(call);
        begun.await.unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        assert!(is_abandoned(place));
        go.send(()).unwrap();
        dropped.await.unwrap();
        assert!(!is_abandoned(place));
    }

    #[test]
    fn asyncio_worker_reused_after_cancelled_call() {
        one_blocking_thread().block_on(async {
            let limiter = CapacityLimiter::new(2);
            let call = || thread::call().limiter(&limiter);
            let (function, begun, go) = gated(());
            let first = call().run_sync(move || {
                function();
                std::thread::current().id()
            });
            let mut first = pin!(first);
            assert!(first.as_mut().now_or_never().is_none());
            begun.await.unwrap();

            let (captured, dropped) = Dropped::new();
            let scope = CancelScope::new();
            let handle = scope.handle();
            let mut queued =
                pin!(scope.run(call().run_sync(move || panic!("it has begun, with {:?}", captured.0))));
            assert!(queued.as_mut().now_or_never().is_none());
            assert_eq!(limiter.borrowed(), 2, "it waits for the thread");
            handle.cancel("before a thread took it");
            assert!(queued.await.is_err(), "a call that has not begun does not wait");
            dropped.await.unwrap();
            assert_eq!(limiter.borrowed(), 1);

            go.send(()).unwrap();
            let thread = first.await.unwrap();
            assert_eq!(call().run_sync(|| std::thread::current().id()).await.unwrap(), thread);
        });
    }

    #[test]
    fn asyncio_no_recycle_stopping_worker() {
        let runtime = one_blocking_thread();
        let stopped = runtime.handle().clone();
        drop(runtime);
        let limiter = CapacityLimiter::new(1);
        let (captured, mut dropped) = Dropped::new();
        let _entered = stopped.enter();
        let call =
            thread::call().limiter(&limiter).run_sync(move || panic!("it has begun, with {:?}", captured.0));
        let refused = call.now_or_never().expect("it is refused at once").unwrap_err();
        assert!(matches!(refused, ThreadError::ShuttingDown { .. }), "{refused}");
        assert_eq!(limiter.borrowed(), 0);
        assert!(dropped.try_recv().is_ok());
    }
}

mod trio_threads {
    use super::*;
    use arbour::thread::CallError;

    /// Gives an abandoned call, its gate, and the line where it was made.
    async fn abandoned<T: Send + 'static>(
        limiter: &CapacityLimiter,
        value: impl FnOnce() -> T + Send + 'static,
    ) -> (mpsc::Sender<()>, u32) {
        let (function, begun, go) = gated(value);
        let scope = CancelScope::new();
        let handle = scope.handle();
        let place = line!() + 1;
        let call =
            thread::call().limiter(limiter).on_cancel(OnCancel::Abandon).run_sync(move || function()());
        let mut call = pin!(scope.run(call));
        assert!(call.as_mut().now_or_never().is_none());
        begun.await.unwrap();
        handle.cancel("not needed");
        assert!(call.await.is_err());
        (go, place)
    }

    #[arbour::test]
    async fn run_in_worker_thread_abandoned() {
        let limiter = CapacityLimiter::new(1);
        let (value, dropped) = Dropped::new();
        let (go, _) = abandoned(&limiter, move || Err::<(), _>(value)).await;
        go.send(()).unwrap();
        dropped.await.unwrap();

        let (value, dropped) = Dropped::new();
        let (go, _) = abandoned(&limiter, move || {
            let _dropped = value;
            panic!("a late panic")
        })
        .await;
        go.send(()).unwrap();
        dropped.await.unwrap();
        assert_eq!(thread::call().limiter(&limiter).run_sync(|| 7).await.unwrap(), 7);
    }

    #[arbour::test]
    async fn run_in_worker_thread_limiter() {
        let limiter = CapacityLimiter::new(1);
        let (go, _) = abandoned(&limiter, || ()).await;
        let begun = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&begun);
        let next = thread::call().limiter(&limiter).run_sync(move || noted.store(true, Ordering::SeqCst));
        let mut next = pin!(next);
        for _ in 0..10 {
            assert!(next.as_mut().now_or_never().is_none());
            assert_eq!((limiter.borrowed(), begun.load(Ordering::SeqCst)), (1, false));
        }
        go.send(()).unwrap();
        next.await.unwrap();
        assert!(begun.load(Ordering::SeqCst));
        assert_eq!(limiter.borrowed(), 0);
    }

    /// No system has a stack of this size to give: every thread of the pool is refused.
    #[test]
    fn run_in_worker_thread_fail_to_spawn() {
        let mut builder = Builder::new_current_thread();
        builder.thread_stack_size(1 << 60).build().unwrap().block_on(async {
            let limiter = CapacityLimiter::new(1);
            let (captured, dropped) = Dropped::new();
            let call = thread::call()
                .limiter(&limiter)
                .run_sync(move || panic!("it has begun, with {:?}", captured.0));
            let refused = call.await.unwrap_err();
            assert!(matches!(refused, ThreadError::NoThread { .. }), "{refused}");
            assert!(refused.to_string().contains(file!()), "{refused}");
            dropped.await.unwrap();
            assert_eq!(limiter.borrowed(), 0);
        });
    }

    #[arbour::test]
    async fn from_thread_host_cancelled() {
        let scope = CancelScope::new();
        let host = scope.handle();
        let call = thread::run_sync(move || {
            host.cancel("host cancelled");
            let sync = thread::run_in_runtime(|| "run");
            let ready = thread::block_on(async { "ready" });
            let waits = thread::block_on(std::future::pending::<()>());
            (sync, ready, waits)
        });
        let mut seen = None;
        let outcome = scope.run(async {
            seen = call.await.ok();
            std::future::pending::<()>().await;
        });
        assert!(outcome.await.is_err());
        let (sync, ready, waits) = seen.unwrap();
        assert_eq!((sync.unwrap(), ready.unwrap()), ("run", "ready"));
        assert!(matches!(waits, Err(CallError::Cancelled(cause)) if cause.to_string() == "host cancelled"));
    }

    /// Down through threads and tasks in turns, and up again.
    fn bounce(limiter: CapacityLimiter, depth: usize) -> futures::future::BoxFuture<'static, usize> {
        async move {
            if depth == 0 {
                return 0;
            }
            let inner = limiter.clone();
            let call = thread::call().limiter(&limiter);
            let below = call.run_sync(move || thread::block_on(bounce(inner, depth - 1)).unwrap());
            below.await.unwrap() + 1
        }
        .boxed()
    }

    #[test]
    fn reentry_doesnt_deadlock() {
        let two_workers = Builder::new_multi_thread().worker_threads(2).build().unwrap();
        for runtime in [one_thread(), two_workers] {
            let limiter = CapacityLimiter::new(100);
            let depths = runtime.block_on(task_group(async |group| {
                let bounces: Vec<_> =
                    (0..8).map(|_| group.spawn_value(bounce(limiter.clone(), 10))).collect();
                futures::future::join_all(bounces).await
            }));
            assert!(depths.unwrap().into_iter().all(|depth| depth.unwrap() == 10));
        }
    }

    fn one_thread() -> Runtime {
        Builder::new_current_thread().build().unwrap()
    }
}
