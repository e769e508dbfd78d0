//! What the cases of locks, limiters and conditions share: bodies in scopes that are polled by hand,
//! so that two things can happen in the same step.

use arbour::{CancelScope, Cancelled, ScopeHandle};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use tokio::task::yield_now;

/// A body in a scope of its own.
pub(crate) struct Waiter<'a, T> {
    scope: ScopeHandle,
    run: Pin<Box<dyn Future<Output = Result<T, Cancelled>> + 'a>>,
}

impl<'a, T> Waiter<'a, T> {
    /// Polls the body once; it must wait.
    #[track_caller]
    pub(crate) fn waiting(body: impl Future<Output = T> + 'a) -> impl Future<Output = Self> {
        let scope = CancelScope::new();
        let mut waiter = Self { scope: scope.handle(), run: Box::pin(scope.run(body)) };
        async move {
            assert!(waiter.step().await.is_pending(), "it should wait");
            waiter
        }
    }

    /// Polls it once.
    pub(crate) async fn step(&mut self) -> Poll<Result<T, Cancelled>> {
        poll_fn(|cx| Poll::Ready(self.run.as_mut().poll(cx))).await
    }

    /// Polls it once; it must have what it waited for.
    pub(crate) async fn got(mut self) -> T {
        match self.step().await {
            Poll::Ready(Ok(got)) => got,
            Poll::Ready(Err(cancelled)) => panic!("it was ended: {cancelled}"),
            Poll::Pending => panic!("it still waits"),
        }
    }

    pub(crate) fn cancel(&self) {
        self.scope.cancel("the case says so");
    }

    /// Polls it once; the cancellation must have ended it.
    pub(crate) async fn ended(mut self) {
        assert!(matches!(self.step().await, Poll::Ready(Err(_))), "the cancellation should have ended it");
    }
}

/// Lets everybody else run so many times.
pub(crate) async fn turns(count: usize) {
    for _ in 0..count {
        yield_now().await;
    }
}

/// Polls a future once.
pub(crate) async fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}
