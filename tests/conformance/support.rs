//! What the cases share: a journal, a count of polls, a few turns, a thread.

use arbour::fail_after;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::yield_now;

pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const SECOND: Duration = Duration::from_secs(1);

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

    #[track_caller]
    pub(crate) fn is<const N: usize>(&self, expected: [&str; N]) {
        assert_eq!(self.entries(), expected);
    }

    /// A note made when the value is dropped.
    pub(crate) fn at_drop(&self, what: &'static str) -> NoteOnDrop {
        NoteOnDrop { journal: self.clone(), what }
    }

    /// A future that makes a note before and after some turns.
    pub(crate) fn both(&self, what: &'static str) -> impl Future<Output = ()> + Send + 'static + use<> {
        let journal = self.clone();
        async move {
            journal.note(format!("{what} begins"));
            turns(3).await;
            journal.note(format!("{what} ends"));
        }
    }
}

/// Makes a note when it is dropped.
#[derive(Debug)]
pub(crate) struct NoteOnDrop {
    journal: Journal,
    what: &'static str,
}

impl Drop for NoteOnDrop {
    fn drop(&mut self) {
        self.journal.note(self.what);
    }
}

/// How often futures were polled.
#[derive(Debug, Clone, Default)]
pub(crate) struct Polls(Arc<AtomicUsize>);

impl Polls {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts the polls of a future.
    pub(crate) async fn of<F: Future>(self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| {
            self.0.fetch_add(1, Ordering::Relaxed);
            future.as_mut().poll(cx)
        })
        .await
    }
}

/// Lets everybody else run so many times.
pub(crate) async fn turns(count: usize) {
    for _ in 0..count {
        yield_now().await;
    }
}

/// Awaits what needs no time; fails where nobody wakes it.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    fail_after(SECOND, future).await.expect("it waits for ever: nobody wakes it")
}

pub(crate) async fn never<T>() -> T {
    std::future::pending().await
}

/// Polls a future once, as foreign code does that then puts it aside.
pub(crate) async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|cx: &mut Context<'_>| Poll::Ready(Pin::new(&mut *future).poll(cx))).await
}

/// Runs a function in a thread that no runtime knows.
pub(crate) async fn in_foreign_thread<T: Send + 'static>(function: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, told) = oneshot::channel();
    let thread = std::thread::spawn(move || tell.send(function()).ok());
    let value = told.await.unwrap();
    thread.join().unwrap();
    value
}
