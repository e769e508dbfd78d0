//! Two streams of different types as one.

use crate::scope::Gate;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures::Stream;
use pin_project_lite::pin_project;

/// Merges two streams of one kind of item into one, which gives their items as they come and ends when
/// both have ended.
///
/// It is fair as [`merge`](super::merge()) is: the source that gave an item is asked last in the next
/// poll. Errors that the sources give as items pass through.
///
/// # Cancel safety
///
/// A `next` that is dropped has taken nothing: a poll takes one item and gives it out at once. When the
/// merge is dropped, what the sources hold is still with them; [`into_sources`](MergeTwo::into_sources)
/// takes them back.
///
/// # Examples
///
/// ```
/// use arbour_primitives::stream::{memory_stream, merge_two};
/// use futures::{StreamExt, stream};
///
/// # futures::executor::block_on(async {
/// let (tx, rx) = memory_stream(1);
/// tx.send("sent").await.unwrap();
/// drop(tx);
/// let merged: Vec<_> = merge_two(rx, stream::iter(["listed", "too"])).collect().await;
/// assert_eq!(merged, ["sent", "listed", "too"]);
/// # });
/// ```
pub fn merge_two<A, B>(left: A, right: B) -> MergeTwo<A, B>
where
    A: Stream,
    B: Stream<Item = A::Item>,
{
    MergeTwo { left, right, ended: [false; 2], first: 0, gate: Gate::new() }
}

pin_project! {
    /// The stream of [`merge_two`].
    #[must_use = "streams do nothing unless polled"]
    pub struct MergeTwo<A, B> {
        #[pin]
        left: A,
        #[pin]
        right: B,
        ended: [bool; 2],
        // Which of the two is asked first.
        first: usize,
        gate: Gate,
    }
}

impl<A, B> MergeTwo<A, B> {
    /// Both sources, also if they have ended.
    #[must_use]
    pub fn into_sources(self) -> (A, B) {
        (self.left, self.right)
    }
}

impl<A, B> MergeTwo<A, B>
where
    A: Stream,
    B: Stream<Item = A::Item>,
{
    fn poll_item(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<A::Item>> {
        for index in [self.first, 1 - self.first] {
            if let Poll::Ready(Some(item)) = self.as_mut().poll_source(index, cx) {
                *self.project().first = 1 - index;
                return Poll::Ready(Some(item));
            }
        }
        if self.ended == [true; 2] { Poll::Ready(None) } else { Poll::Pending }
    }

    fn poll_source(self: Pin<&mut Self>, index: usize, cx: &mut Context<'_>) -> Poll<Option<A::Item>> {
        if self.ended[index] {
            return Poll::Ready(None);
        }
        let this = self.project();
        let polled = if index == 0 { this.left.poll_next(cx) } else { this.right.poll_next(cx) };
        this.ended[index] = matches!(polled, Poll::Ready(None));
        polled
    }
}

impl<A, B> Stream for MergeTwo<A, B>
where
    A: Stream,
    B: Stream<Item = A::Item>,
{
    type Item = A::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<A::Item>> {
        ready!(self.as_mut().project().gate.poll_enter(cx));
        let item = ready!(self.as_mut().poll_item(cx));
        *self.project().gate = Gate::new();
        Poll::Ready(item)
    }
}

impl<A, B> fmt::Debug for MergeTwo<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MergeTwo").field("ended", &self.ended).finish_non_exhaustive()
    }
}
