//! Calls into threads and portals, dropped and cancelled at every await: nothing leaks, nothing runs twice.

use arbour::sync::CapacityLimiter;
use arbour::testing::{Run, cancel_at_every_await, drop_at_every_await};
use arbour::thread::{self, Hold, OnCancel, Portal};
use arbour::{Failure, clean_up};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::oneshot;
use tokio::task::yield_now;

/// How often something began and ended.
#[derive(Debug, Clone, Default)]
struct Count(Arc<(AtomicUsize, AtomicUsize)>);

/// Something that has begun; it ends with this.
struct Begun(Count);

impl Count {
    fn begin(&self) -> Begun {
        self.0.0.fetch_add(1, Ordering::SeqCst);
        Begun(self.clone())
    }

    fn begun(&self) -> usize {
        self.0.0.load(Ordering::SeqCst)
    }

    fn ended(&self) -> usize {
        self.0.1.load(Ordering::SeqCst)
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.0.1.fetch_add(1, Ordering::SeqCst);
    }
}

/// A call into a thread that calls back twice, with what it leaves behind.
#[derive(Debug, Clone)]
struct ThreadCall {
    limiter: CapacityLimiter,
    functions: Count,
    tasks: Count,
}

impl ThreadCall {
    fn new() -> Self {
        Self { limiter: CapacityLimiter::new(1), functions: Count::default(), tasks: Count::default() }
    }

    async fn make(self, on_cancel: OnCancel) -> usize {
        let (functions, tasks) = (self.functions.clone(), self.tasks.clone());
        let call = thread::call().limiter(&self.limiter).on_cancel(on_cancel).run_sync(move || {
            let _begun = functions.begin();
            let turns = (0..2).map(|_| {
                let task = tasks.begin();
                thread::block_on(async move {
                    let _task = task;
                    yield_now().await;
                })
            });
            turns.filter(Result::is_ok).count()
        });
        call.await.unwrap()
    }

    fn is_over(&self) -> bool {
        self.limiter.borrowed() == 0
            && self.functions.begun() == self.functions.ended()
            && self.tasks.begun() == self.tasks.ended()
    }
}

#[test]
fn a_call_into_a_thread_is_over_with_its_scope() {
    let call = RefCell::new(ThreadCall::new());
    let make = || {
        *call.borrow_mut() = ThreadCall::new();
        call.borrow().clone().make(OnCancel::Wait)
    };
    let check = |run: Run<usize>| {
        let call = call.borrow();
        assert!(call.is_over() && call.functions.begun() <= 1, "{run:?}: {call:?}");
        assert!(run.output.is_none_or(|calls| calls <= 2), "{run:?}");
    };
    assert!(drop_at_every_await(make, check) > 2);
    assert!(cancel_at_every_await(make, check) > 1);
}

#[test]
fn an_abandoned_call_ends_by_itself_and_gives_its_token_back() {
    let call = RefCell::new(ThreadCall::new());
    let make = || {
        *call.borrow_mut() = ThreadCall::new();
        call.borrow().clone().make(OnCancel::Abandon)
    };
    let check = |_| {
        let call = call.borrow();
        while !call.is_over() {
            std::thread::yield_now();
        }
        assert!(call.functions.begun() <= 1);
    };
    assert!(drop_at_every_await(make, check) > 2);
    assert!(cancel_at_every_await(make, check) > 1);
}

/// A call into another runtime, whose task cleans up asynchronously.
async fn call_async(portal: Portal, tasks: Count, on_cancel: OnCancel) {
    let remote = async move {
        let begun = tasks.begin();
        clean_up(async move {
            yield_now().await;
            drop(begun);
        });
        yield_now().await;
        yield_now().await;
    };
    portal.call_async(remote, on_cancel).await.unwrap();
}

#[test]
fn a_call_into_another_runtime_is_over_with_its_scope() {
    let running = Portal::start().unwrap();
    let portal = Portal::clone(&running);
    let tasks = RefCell::new(Count::default());
    let make = || {
        *tasks.borrow_mut() = Count::default();
        call_async(portal.clone(), tasks.borrow().clone(), OnCancel::Wait)
    };
    let check = |run: Run<()>| {
        let tasks = tasks.borrow();
        assert_eq!(tasks.begun(), tasks.ended(), "{run:?}");
        assert!(tasks.begun() <= 1);
    };
    assert!(drop_at_every_await(make, check) > 1);
    assert!(cancel_at_every_await(make, check) > 1);
    running.finish();
}

#[test]
fn an_abandoned_call_into_another_runtime_is_over_with_its_portal() {
    let running = Portal::start().unwrap();
    let (portal, tasks) = (Portal::clone(&running), Count::default());
    let make = || call_async(portal.clone(), tasks.clone(), OnCancel::Abandon);
    assert!(drop_at_every_await(make, |_| {}) > 1);
    assert!(cancel_at_every_await(make, |_| {}) > 1);
    running.finish();
    assert!(tasks.begun() > 0);
    assert_eq!(tasks.begun(), tasks.ended());
}

/// A portal whose only user is a thread that holds a resource. Gives the thread.
async fn serve(
    tasks: Count,
    thread: Rc<RefCell<Option<std::thread::JoinHandle<()>>>>,
) -> Result<(), Failure> {
    Portal::open(async |portal| {
        let (tell, told) = oneshot::channel();
        let calling = portal.clone();
        *thread.borrow_mut() = Some(std::thread::spawn(move || {
            let resource = calling.hold(|hold: Hold<_, ()>| async move {
                let _begun = tasks.begin();
                hold.open(()).await
            });
            if let Ok(resource) = resource {
                let _ = resource.close(());
            }
            calling.stop();
            let _ = tell.send(());
        }));
        portal.stopped().await;
        told.await
    })
    .await?;
    Ok(())
}

#[test]
fn a_thread_that_uses_a_portal_gets_an_answer_whenever_that_ends() {
    let (tasks, thread) = (RefCell::new(Count::default()), Rc::new(RefCell::new(None)));
    let make = || {
        *tasks.borrow_mut() = Count::default();
        serve(tasks.borrow().clone(), Rc::clone(&thread))
    };
    let check = |_| {
        if let Some(thread) = thread.take() {
            thread.join().expect("it got an answer, not a panic");
        }
        assert_eq!(tasks.borrow().begun(), tasks.borrow().ended());
    };
    assert!(drop_at_every_await(make, check) > 1);
    assert!(cancel_at_every_await(make, check) > 1);
}
