//! What is made of several streams, one situation a test, polled by hand.

mod merging;
mod zipping;

use crate::tests::{Task, now};
use core::pin::Pin;
use core::task::{Context, Poll};
use futures::Stream;
use std::cell::Cell;

/// A stream of these polls, which counts them; it must not be polled after its end.
struct Script<'a, T> {
    polls: std::vec::IntoIter<Poll<Option<T>>>,
    count: &'a Cell<usize>,
}

impl<'a, T> Script<'a, T> {
    fn new(polls: impl Into<Vec<Poll<Option<T>>>>, count: &'a Cell<usize>) -> Self {
        Self { polls: polls.into().into_iter(), count }
    }
}

impl<T> Unpin for Script<'_, T> {}

impl<T> Stream for Script<'_, T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.count.set(self.count.get() + 1);
        self.polls.next().expect("a stream is not polled beyond its end")
    }
}
