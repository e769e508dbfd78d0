//! The outputs of all futures of a collection, or the first error.

use super::drive::Drive;
use super::many::Many;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

/// Waits for the values of all futures of a collection, in their order; the first error cancels the
/// other branches, waits for them, and is given.
///
/// Branches are those of [`join_all`](super::join_all). An error of a branch that was being cancelled
/// already is dropped; where each one counts, see `gather`.
///
/// # Cancel safety
///
/// As for [`join_all`](super::join_all).
///
/// # Errors
///
/// The first error of a branch.
///
/// # Panics
///
/// As for [`join_all`](super::join_all).
///
/// # Examples
///
/// ```
/// use arbour_primitives::scope::try_join_all;
///
/// # futures::executor::block_on(async {
/// let parse = |words: &'static [&'static str]| try_join_all(words.iter().map(async |word| word.parse::<u8>()));
/// assert_eq!(parse(&["3", "4"]).await, Ok(vec![3, 4]));
/// assert!(parse(&["3", "four"]).await.is_err());
/// # });
/// ```
pub fn try_join_all<I, T, E>(futures: I) -> TryJoinAll<I::Item>
where
    I: IntoIterator,
    I::Item: Future<Output = Result<T, E>>,
{
    TryJoinAll { many: Many::new(futures, Result::is_err, Drive::all) }
}

/// The future of [`try_join_all`].
#[must_use = "futures do nothing unless polled"]
pub struct TryJoinAll<F: Future> {
    many: Many<F>,
}

impl<F: Future> TryJoinAll<F> {
    /// Polls woken branches always in the order in which they were given; see
    /// [`JoinAll::biased`](super::JoinAll::biased).
    pub fn biased(mut self) -> Self {
        self.many.drive.set_biased();
        self
    }
}

impl<F: Future<Output = Result<T, E>>, T, E> Future for TryJoinAll<F> {
    type Output = Result<Vec<T>, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(self.many.poll(cx));
        let winner = self.many.drive.winner();
        let mut values = self.many.take();
        Poll::Ready(match winner {
            Some(first) => values.nth(first).flatten().into_iter().collect(),
            None => values.flatten().collect(),
        })
    }
}

impl<F: Future> Unpin for TryJoinAll<F> {}

impl<F: Future> fmt::Debug for TryJoinAll<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryJoinAll").field("drive", &self.many.drive).finish_non_exhaustive()
    }
}
