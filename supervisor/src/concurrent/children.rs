//! Handles of children, given back as the children end; those that are left are cancelled.

use crate::group::{TaskError, TaskHandle};
use futures::stream::{FuturesUnordered, StreamExt};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The children that nobody has the outcome of yet. Dropped, it cancels them; their group waits.
pub(super) struct Children<T> {
    running: FuturesUnordered<Numbered<T>>,
}

struct Numbered<T> {
    number: usize,
    handle: TaskHandle<T>,
}

impl<T> Children<T> {
    pub(super) fn new() -> Self {
        Self { running: FuturesUnordered::new() }
    }

    pub(super) fn push(&mut self, number: usize, handle: TaskHandle<T>) {
        self.running.push(Numbered { number, handle });
    }

    pub(super) fn len(&self) -> usize {
        self.running.len()
    }

    /// The next one to end, by its number; `None` when there is none.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(usize, Result<T, TaskError>)>> {
        self.running.poll_next_unpin(cx)
    }
}

impl<T> Future for Numbered<T> {
    type Output = (usize, Result<T, TaskError>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = ready!(Pin::new(&mut self.handle).poll(cx));
        Poll::Ready((self.number, outcome))
    }
}

impl<T> Drop for Children<T> {
    fn drop(&mut self) {
        for child in self.running.iter() {
            child.handle.cancel("its outcome is not awaited any more");
        }
    }
}
