//! The first output of several futures, and what the others gave all the same.

use super::drive::Drive;
use super::many::Many;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

/// How a race ended: who won, with what, and what came late.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a branch that lost may have given a value too"]
pub struct Raced<T> {
    /// The value of the first branch to finish.
    pub value: T,
    /// Which branch that was, counted from 0.
    pub index: usize,
    /// What branches gave that finished after that, though they were cancelled: in a shield, or with a
    /// value that was ready in their last poll. Each with its place, in the order of the branches.
    pub late: Vec<(usize, T)>,
}

impl<T> Raced<T> {
    /// Sorts the values of a race; nothing without a winner among them.
    pub(super) fn sort(winner: Option<usize>, values: impl IntoIterator<Item = Option<T>>) -> Option<Self> {
        let index = winner?;
        let mut value = None;
        let mut late = Vec::new();
        for (place, given) in values.into_iter().enumerate() {
            if place == index {
                value = given;
            } else {
                late.extend(given.map(|given| (place, given)));
            }
        }
        value.map(|value| Self { value, index, late })
    }

    /// The race of branches that are all named in the code.
    ///
    /// # Panics
    ///
    /// Without a winner among the values, which would be a bug of the combinator.
    #[doc(hidden)]
    pub fn of_branches(winner: Option<usize>, values: impl IntoIterator<Item = Option<T>>) -> Self {
        Self::sort(winner, values).expect("a race of one branch or more resolves when one has won")
    }
}

/// There was no future to race, so there is nobody who could win.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing to race: the collection of futures is empty")]
#[non_exhaustive]
pub struct NothingToRace;

/// Waits for the first future of a collection to finish; the others are cancelled, and waited for.
///
/// Each future is a branch, a node of its own, as in [`join_all`](super::join_all). When one has
/// finished, the others are cancelled like any scope: each is polled once more, then dropped at an
/// await, after its shields; its children, clean-ups and finalizers end before the race resolves. A
/// branch that finishes in spite of that, say a `recv` whose item was there, has its value in
/// [`Raced::late`]: nothing that was taken from somewhere is lost.
///
/// Each branch is polled at least once, also when another was ready at once. Two races of one thread do
/// not begin with the same branch, so that none starves in a loop.
///
/// For futures of different types there is the macro of the same name.
///
/// # Cancel safety
///
/// As safe as its futures. A winner's value is dropped with a race that is dropped while it waits for
/// the others; cancelled, it resolves.
///
/// # Errors
///
/// [`NothingToRace`] when the collection is empty.
///
/// # Panics
///
/// Resumes the first panic of a branch, also one that lost, after all have ended. Also when every
/// branch is cancelled by itself and there is no scope around; with one, that scope is cancelled.
///
/// # Examples
///
/// ```
/// use arbour_primitives::scope::race;
/// use std::future::{pending, ready};
/// use futures::future::Either;
///
/// # futures::executor::block_on(async {
/// let mirrors = [Either::Left(pending()), Either::Right(ready("page"))];
/// let raced = race(mirrors).await.unwrap();
/// assert_eq!((raced.value, raced.index), ("page", 1));
/// assert!(raced.late.is_empty());
/// # });
/// ```
pub fn race<I>(futures: I) -> Race<I::Item>
where
    I: IntoIterator,
    I::Item: Future,
{
    Race { many: Many::new(futures, |_| true, Drive::first) }
}

/// The future of [`race`].
#[must_use = "futures do nothing unless polled"]
pub struct Race<F: Future> {
    many: Many<F>,
}

impl<F: Future> Race<F> {
    /// Polls woken branches always in the order in which they were given: of those that could finish
    /// in one poll the first wins.
    pub fn biased(mut self) -> Self {
        self.many.drive.set_biased();
        self
    }
}

impl<F: Future> Future for Race<F> {
    type Output = Result<Raced<F::Output>, NothingToRace>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(self.many.poll(cx));
        let winner = self.many.drive.winner();
        Poll::Ready(Raced::sort(winner, self.many.take()).ok_or(NothingToRace))
    }
}

impl<F: Future> Unpin for Race<F> {}

impl<F: Future> fmt::Debug for Race<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Race").field("drive", &self.many.drive).finish_non_exhaustive()
    }
}
