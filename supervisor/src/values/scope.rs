//! A body with a value in force.

use super::Key;
use super::current::{Entry, Values, in_force, is_in_force, within};
use pin_project_lite::pin_project;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project! {
    /// The future of [`ScopedValue::scope`](super::ScopedValue::scope).
    #[must_use = "futures do nothing unless polled"]
    pub struct Scoped<F: Future> {
        // `None` once it has ended. It is dropped with the value in force.
        #[pin]
        body: Option<F>,
        layer: Layer,
    }

    impl<F: Future> PinnedDrop for Scoped<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.layer.within(|| this.body.set(None));
        }
    }
}

impl<F: Future> Scoped<F> {
    pub(super) fn new(key: &'static Key, value: impl Send + Sync + 'static, body: F) -> Self {
        Self { body: Some(body), layer: Layer::new(key, value) }
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        this.layer.within(|| {
            let body = this.body.as_mut().as_pin_mut().expect("a scoped body was polled after it had ended");
            let polled = body.poll(cx);
            if polled.is_ready() {
                this.body.set(None);
            }
            polled
        })
    }
}

impl<F: Future> fmt::Debug for Scoped<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scoped").finish_non_exhaustive()
    }
}

/// One value over whatever is in force around it, which may be something else at each poll.
pub(super) struct Layer {
    entry: Entry,
    /// What was in force around it when `list` was made.
    outer: Option<Values>,
    /// `None` before the first use.
    list: Option<Values>,
}

impl Layer {
    pub(super) fn new(key: &'static Key, value: impl Send + Sync + 'static) -> Self {
        Self { entry: Entry::new(key, value), outer: None, list: None }
    }

    pub(super) fn within<R>(&mut self, body: impl FnOnce() -> R) -> R {
        if self.list.is_none() || !is_in_force(self.outer.as_ref()) {
            self.outer = in_force();
            self.list = Some(self.entry.over(self.outer.as_ref()));
        }
        within(&mut self.list, body)
    }
}
