//! What a child runs: the user's future, its outcome brought into the one form that groups know.
//!
//! Without a state of their own, unlike the combinators for this: a child is polled by a frame that
//! drops its body as soon as it is done, and does not poll it again.

use crate::failure::Failure;
use pin_project_lite::pin_project;
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project! {
    /// A future that may fail, with its error made a [`Failure`].
    pub(crate) struct Fallible<F> {
        #[pin]
        pub(crate) future: F,
    }
}

impl<F, T, E> Future for Fallible<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<Failure>,
{
    type Output = Result<T, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().future.poll(cx).map_err(Into::into)
    }
}

pin_project! {
    /// A future that gives any value, which is no failure.
    pub(crate) struct Valued<F> {
        #[pin]
        pub(crate) future: F,
    }
}

impl<F: Future> Future for Valued<F> {
    type Output = Result<F::Output, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().future.poll(cx).map(Ok)
    }
}
