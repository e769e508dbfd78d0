//! The outputs of all futures of a collection.

use super::drive::Drive;
use super::many::Many;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

/// Waits for all futures of a collection, in one task, and gives their outputs in the order of the
/// futures. Nothing to wait for is an empty `Vec`.
///
/// Each future is a branch, a node of its own: when the scope around is cancelled, a branch that is
/// shielded lives on, and the others are dropped. A branch is polled only when it was woken, so that
/// thousands of them cost no more than the ones that have something to do.
///
/// The branches share one task: they may borrow, and they do not run in parallel. For that, see
/// `gather`.
///
/// # Cancel safety
///
/// As safe as its futures: outputs of those that have ended are dropped with it. Children and clean-up
/// of the others are adopted by the enclosing scope.
///
/// A branch that is cancelled by itself leaves nothing to resolve to: the scope around is then
/// cancelled for the same cause.
///
/// # Panics
///
/// Resumes the first panic of a branch, after the others were cancelled and have ended. Also when a
/// branch is cancelled by itself and there is no scope around.
///
/// # Examples
///
/// ```
/// use arbour_primitives::scope::join_all;
///
/// # futures::executor::block_on(async {
/// let words = ["three", "blind", "mice"];
/// let lengths = join_all(words.iter().map(async |word| word.len())).await;
/// assert_eq!(lengths, [5, 5, 4]);
/// # });
/// ```
pub fn join_all<I>(futures: I) -> JoinAll<I::Item>
where
    I: IntoIterator,
    I::Item: Future,
{
    JoinAll { many: Many::new(futures, |_| false, Drive::all) }
}

/// The future of [`join_all`].
#[must_use = "futures do nothing unless polled"]
pub struct JoinAll<F: Future> {
    many: Many<F>,
}

impl<F: Future> JoinAll<F> {
    /// Polls woken branches always in the order in which they were given. One that is never done with
    /// its share of a poll then keeps it from the later ones; by default each comes first in turn.
    pub fn biased(mut self) -> Self {
        self.many.drive.set_biased();
        self
    }
}

impl<F: Future> Future for JoinAll<F> {
    type Output = Vec<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(self.many.poll(cx));
        Poll::Ready(self.many.take().flatten().collect())
    }
}

impl<F: Future> Unpin for JoinAll<F> {}

impl<F: Future> fmt::Debug for JoinAll<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinAll").field("drive", &self.many.drive).finish_non_exhaustive()
    }
}
