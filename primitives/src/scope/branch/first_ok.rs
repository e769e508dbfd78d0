//! The first success of several futures, or all failures.

use super::drive::Drive;
use super::many::Many;
use super::race::Raced;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

/// No future of a [`first_ok`] succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AllFailed<E> {
    /// Why each of them failed, in the order of the futures; empty when there were none.
    pub failures: Vec<E>,
}

impl<E: fmt::Display> fmt::Display for AllFailed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.failures.is_empty() {
            return f.write_str("none succeeded: there was nothing to try");
        }
        write!(f, "none of {} succeeded", self.failures.len())?;
        self.failures.iter().try_for_each(|failure| write!(f, "\n- {failure}"))
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for AllFailed<E> {}

/// Waits for the first future of a collection to succeed; the others are cancelled, and waited for.
/// A failure only ends its own branch, and is given when all have failed.
///
/// Branches are those of [`race`](super::race), and so is [`Raced::late`]: successes that came after
/// the first one. The failures before a success are dropped.
///
/// # Cancel safety
///
/// As for [`race`](super::race).
///
/// # Errors
///
/// [`AllFailed`] with every failure when none succeeds, or when the collection is empty.
///
/// # Panics
///
/// Resumes the first panic of a branch, after all have ended. Also when no branch succeeded, one was
/// cancelled by itself, and there is no scope around; with one, that scope is cancelled.
///
/// # Examples
///
/// ```
/// use arbour_primitives::scope::first_ok;
///
/// # futures::executor::block_on(async {
/// let parse = |words: [&'static str; 2]| first_ok(words.into_iter().map(async |word| word.parse::<u8>()));
/// assert_eq!(parse(["x", "4"]).await.unwrap().value, 4);
/// assert_eq!(parse(["x", "y"]).await.unwrap_err().failures.len(), 2);
/// # });
/// ```
pub fn first_ok<I, T, E>(futures: I) -> FirstOk<I::Item>
where
    I: IntoIterator,
    I::Item: Future<Output = Result<T, E>>,
{
    FirstOk { many: Many::new(futures, Result::is_ok, Drive::first) }
}

/// The future of [`first_ok`].
#[must_use = "futures do nothing unless polled"]
pub struct FirstOk<F: Future> {
    many: Many<F>,
}

impl<F: Future> FirstOk<F> {
    /// Polls woken branches always in the order in which they were given: of those that could succeed
    /// in one poll the first wins.
    pub fn biased(mut self) -> Self {
        self.many.drive.set_biased();
        self
    }
}

impl<F: Future<Output = Result<T, E>>, T, E> Future for FirstOk<F> {
    type Output = Result<Raced<T>, AllFailed<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(self.many.poll(cx));
        let winner = self.many.drive.winner();
        let mut failures = Vec::new();
        let successes = self.many.take().map(|given| match given {
            Some(Ok(value)) => Some(value),
            Some(Err(failure)) => {
                failures.push(failure);
                None
            }
            None => None,
        });
        let raced = Raced::sort(winner, successes.collect::<Vec<_>>());
        Poll::Ready(raced.ok_or(AllFailed { failures }))
    }
}

impl<F: Future> Unpin for FirstOk<F> {}

impl<F: Future> fmt::Debug for FirstOk<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirstOk").field("drive", &self.many.drive).finish_non_exhaustive()
    }
}
