//! Two streams as one of pairs, which keeps a half pair where its owner can get at it.

use crate::scope::Gate;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures::Stream;
use pin_project_lite::pin_project;

/// Pairs the items of two streams, in their order; ends when either of them ends.
///
/// Both are asked for their next item at the same time, so a pair takes as long as the slower one. The item
/// that comes first is held until its partner comes. When the partner never comes, because its source has
/// ended, [`into_parts`](Zip::into_parts) gives the held one back with the sources; elsewhere such a half
/// pair is lost.
///
/// Errors that the sources give as items pass through, each in its half of a pair. To have items as they
/// come there is [`merge`](super::merge()).
///
/// # Cancel safety
///
/// A `next` that is dropped loses nothing: a half pair stays in the zip, and the next `next` goes on with
/// it. Dropping the zip itself drops it, unless [`into_parts`](Zip::into_parts) took it back.
///
/// # Examples
///
/// ```
/// use arbour_primitives::stream::{Half, memory_stream, zip};
/// use futures::StreamExt;
///
/// # futures::executor::block_on(async {
/// let (names, from_names) = memory_stream(2);
/// let (ages, from_ages) = memory_stream(2);
/// names.send("oak").await.unwrap();
/// names.send("elm").await.unwrap();
/// ages.send(300).await.unwrap();
/// drop(ages);
///
/// let mut pairs = zip(from_names, from_ages);
/// assert_eq!(pairs.next().await, Some(("oak", 300)));
/// assert_eq!(pairs.next().await, None);
/// let (_from_names, _from_ages, held) = pairs.into_parts();
/// assert_eq!(held, Some(Half::Left("elm")));
/// # });
/// ```
pub fn zip<A: Stream, B: Stream>(left: A, right: B) -> Zip<A, B> {
    Zip { left, right, held_left: None, held_right: None, over: false, gate: Gate::new() }
}

pin_project! {
    /// The stream of [`zip`].
    #[must_use = "streams do nothing unless polled"]
    pub struct Zip<A: Stream, B: Stream> {
        #[pin]
        left: A,
        #[pin]
        right: B,
        // Of the two at most one is there between polls.
        held_left: Option<A::Item>,
        held_right: Option<B::Item>,
        over: bool,
        gate: Gate,
    }
}

/// An item that was taken to be one of a pair, and has no partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a pair has two halves")]
pub enum Half<A, B> {
    /// Of the first source.
    Left(A),
    /// Of the second source.
    Right(B),
}

impl<A: Stream, B: Stream> Zip<A, B> {
    /// Both sources, and the item that waits for its partner, if one does.
    #[must_use]
    #[expect(clippy::type_complexity, reason = "three things, each of which its owner has named")]
    pub fn into_parts(self) -> (A, B, Option<Half<A::Item, B::Item>>) {
        let held = self.held_left.map(Half::Left).or(self.held_right.map(Half::Right));
        (self.left, self.right, held)
    }

    fn poll_pair(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<(A::Item, B::Item)>> {
        let this = self.project();
        *this.over = *this.over
            || has_ended(this.left, this.held_left, cx)
            || has_ended(this.right, this.held_right, cx);
        if *this.over {
            return Poll::Ready(None);
        }
        match (this.held_left.take(), this.held_right.take()) {
            (Some(left), Some(right)) => Poll::Ready(Some((left, right))),
            (left, right) => {
                (*this.held_left, *this.held_right) = (left, right);
                Poll::Pending
            }
        }
    }
}

/// Asks a source for an item to hold, if none is held; says whether it has ended instead.
fn has_ended<S: Stream>(source: Pin<&mut S>, held: &mut Option<S::Item>, cx: &mut Context<'_>) -> bool {
    if held.is_some() {
        return false;
    }
    match source.poll_next(cx) {
        Poll::Ready(None) => true,
        Poll::Ready(item) => {
            *held = item;
            false
        }
        Poll::Pending => false,
    }
}

impl<A: Stream, B: Stream> Stream for Zip<A, B> {
    type Item = (A::Item, B::Item);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        ready!(self.as_mut().project().gate.poll_enter(cx));
        let pair = ready!(self.as_mut().poll_pair(cx));
        *self.project().gate = Gate::new();
        Poll::Ready(pair)
    }
}

impl<A: Stream, B: Stream> fmt::Debug for Zip<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zip")
            .field("holds_left", &self.held_left.is_some())
            .field("holds_right", &self.held_right.is_some())
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}
