//! What the crate's tests share: futures that are polled by hand.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::atomic::Ordering;
use std::task::Wake;

#[allow(clippy::disallowed_types, reason = "a waker is made from std's `Arc` and runs outside of any model")]
pub(crate) type StdArc<T> = std::sync::Arc<T>;
#[allow(clippy::disallowed_types, reason = "as above")]
type Count = std::sync::atomic::AtomicUsize;

#[derive(Default)]
pub(crate) struct Wakes(Count);

impl Wakes {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Wakes {
    fn wake(self: StdArc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A future that is polled by hand and counts its wake-ups.
pub(crate) struct Task<'a, R> {
    future: Pin<Box<dyn Future<Output = R> + 'a>>,
    pub(crate) wakes: StdArc<Wakes>,
}

impl<'a, R> Task<'a, R> {
    pub(crate) fn new(future: impl Future<Output = R> + 'a) -> Self {
        Self { future: Box::pin(future), wakes: StdArc::default() }
    }

    /// A task that has been polled once and waits.
    #[track_caller]
    pub(crate) fn waiting(future: impl Future<Output = R> + 'a) -> Self {
        let mut task = Self::new(future);
        assert!(task.poll().is_pending(), "it should wait");
        task
    }

    pub(crate) fn poll(&mut self) -> Poll<R> {
        let waker = Waker::from(StdArc::clone(&self.wakes));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    #[track_caller]
    pub(crate) fn finish(mut self) -> R {
        match self.poll() {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("it should be ready"),
        }
    }

    pub(crate) fn wakes(&self) -> usize {
        self.wakes.count()
    }
}

impl<R> fmt::Debug for Task<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("wakes", &self.wakes()).finish_non_exhaustive()
    }
}

/// Polls once; a future that is ready at once needs no task.
#[track_caller]
pub(crate) fn now<R>(future: impl Future<Output = R>) -> R {
    Task::new(future).finish()
}
