//! What the tests share: the four ways to run a scenario, a journal, a guard, a few turns.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::yield_now;
use tokio::time::timeout;

/// Longer than anything here takes: a scenario that hangs fails. Where time is paused it is at once.
const HANGS: Duration = Duration::from_secs(20);

pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// Runs a scenario `times` times on one thread and on two workers, each polled by `block_on` and in
/// a spawned task. It must not depend on time: two workers have no paused clock.
pub(crate) fn everywhere<F>(times: usize, scenario: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    for _ in 0..times {
        for runtime in [one_thread(), two_workers()] {
            runtime.block_on(soon(scenario()));
            runtime.block_on(async { tokio::spawn(soon(scenario())).await }).unwrap();
        }
    }
}

/// Runs a scenario with the clock paused, polled by `block_on` and in a spawned task.
pub(crate) fn paused<F>(scenario: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    one_thread().block_on(soon(scenario()));
    one_thread().block_on(async { tokio::spawn(soon(scenario())).await }).unwrap();
}

/// Boxed, so that what runs a scenario is compiled once and not for each of them.
fn soon(scenario: impl Future<Output = ()> + Send + 'static) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    let scenario: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(scenario);
    Box::pin(async { assert!(timeout(HANGS, scenario).await.is_ok(), "the scenario hangs") })
}

pub(crate) fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

pub(crate) fn two_workers() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// What happened, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Journal(Arc<Mutex<Vec<String>>>);

impl Journal {
    pub(crate) fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    pub(crate) fn entries(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    pub(crate) fn holds(&self, what: &str) -> bool {
        self.entries().iter().any(|entry| entry == what)
    }

    /// A note made when the value is dropped.
    pub(crate) fn at_drop(&self, what: &'static str) -> impl Drop + Send + use<> {
        let journal = self.clone();
        OnDrop::new(move || journal.note(what))
    }

    /// A future that makes a note after some turns.
    pub(crate) fn later(&self, what: &'static str) -> impl Future<Output = ()> + Send + 'static + use<> {
        let journal = self.clone();
        async move {
            turns(3).await;
            journal.note(what);
        }
    }

    #[track_caller]
    pub(crate) fn is<const N: usize>(&self, expected: [&str; N]) {
        assert_eq!(self.entries(), expected);
    }
}

/// Calls a function when it is dropped.
pub(crate) struct OnDrop<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> OnDrop<F> {
    pub(crate) fn new(call: F) -> Self {
        Self(Some(call))
    }
}

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(call) = self.0.take() {
            call();
        }
    }
}

/// Lets everybody else run so many times.
pub(crate) async fn turns(count: usize) {
    for _ in 0..count {
        yield_now().await;
    }
}

/// Waits, turn by turn, until something is so.
pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        yield_now().await;
    }
}

pub(crate) async fn never<T>() -> T {
    std::future::pending().await
}

/// Polls a future once, as foreign code does that then puts it aside.
pub(crate) async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx))).await
}

/// The number of tasks that live on this runtime.
pub(crate) fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// What a panicking call or future said.
#[track_caller]
pub(crate) fn message<T: Debug>(caught: Result<T, Box<dyn std::any::Any + Send>>) -> String {
    let payload = caught.expect_err("it must panic");
    payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .expect("the panic has a text")
}
