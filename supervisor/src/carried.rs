//! What code takes along to where it goes on: the scoped values and the tracing span of where it was begun.
//!
//! [`Carried::capture`] where something is spawned, handed to a thread, or deferred; then
//! [`carry`](Carried::carry) around its future, or [`run`](Carried::run) around a closure. With nothing to be carried,
//! which is known at once, all three do nothing.

use crate::values::{self, Values};
use arbour_primitives::scope::BoxFuture;
use futures::future::Either;
use pin_project_lite::pin_project;
use std::pin::Pin;
use std::task::{Context, Poll};
use tracing::Span;
use tracing::level_filters::LevelFilter;

/// The scoped values and the span in force at one place. Its default carries nothing.
#[derive(Default)]
pub(crate) struct Carried(Option<Box<Load>>);

struct Load {
    values: Option<Values>,
    span: Span,
}

/// A future that carries something, or the future itself.
pub(crate) type CarriedBody<F> = Either<F, Pin<Box<Carrying<F>>>>;

impl Carried {
    /// What is in force here.
    pub(crate) fn capture() -> Self {
        Self::with_span(current_span())
    }

    /// The values in force here, and this span.
    pub(crate) fn with_span(span: Span) -> Self {
        let values = values::in_force();
        let nothing = values.is_none() && span.is_disabled();
        Self((!nothing).then(|| Box::new(Load { values, span })))
    }

    fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Runs a closure as if it were where this was captured.
    pub(crate) fn run<R>(&mut self, body: impl FnOnce() -> R) -> R {
        let Some(load) = &mut self.0 else { return body() };
        let Load { values, span } = &mut **load;
        values::within(values, || span.in_scope(body))
    }

    /// Polls, and drops, a future as if it were where this was captured. One that carries nothing is the future
    /// itself and a tag; only one that carries something is boxed.
    pub(crate) fn carry<F: Future>(self, body: F) -> CarriedBody<F> {
        if self.is_empty() {
            Either::Left(body)
        } else {
            Either::Right(Box::pin(Carrying { body: Some(body), carried: self }))
        }
    }
}

/// The span in force here. Where nobody subscribes, that is one load.
pub(crate) fn current_span() -> Span {
    if LevelFilter::current() == LevelFilter::OFF { Span::none() } else { Span::current() }
}

/// The future, carrying what is in force here, for whoever is to poll it elsewhere.
pub(crate) fn carry_boxed(future: BoxFuture) -> BoxFuture {
    match Carried::capture().carry(future) {
        Either::Left(future) => future,
        Either::Right(carrying) => carrying,
    }
}

pin_project! {
    /// A future that carries something; see [`Carried::carry`].
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct Carrying<F: Future> {
        // `None` once it has ended, or is being dropped.
        #[pin]
        body: Option<F>,
        carried: Carried,
    }

    impl<F: Future> PinnedDrop for Carrying<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.carried.run(|| this.body.set(None));
        }
    }
}

impl<F: Future> Future for Carrying<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        this.carried.run(|| {
            let body = this.body.as_mut().as_pin_mut().expect("a future was polled after it had ended");
            let polled = body.poll(cx);
            if polled.is_ready() {
                this.body.set(None);
            }
            polled
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size<F: Future>(_: &F) -> (usize, usize) {
        (size_of::<F>(), size_of::<Either<F, Pin<Box<Carrying<F>>>>>())
    }

    #[test]
    fn a_future_that_carries_nothing_is_one_word_larger() {
        let (bare, carrying) = size(&async {
            let kept = vec![0_u64; 4];
            std::future::pending::<()>().await;
            drop(kept);
        });
        assert_eq!(carrying, bare + size_of::<usize>());
    }

    #[test]
    fn where_nothing_is_in_force_nothing_is_carried() {
        assert!(Carried::capture().is_empty());
    }
}
