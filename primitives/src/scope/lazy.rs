//! A scope whose node is made when its body asks for it.

#[cfg(all(test, not(arbour_loom)))]
mod tests;

use super::cause::Cancelled;
use super::frame::{Ended, Frame};
use super::run::resolve;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;

/// Runs `body` in a scope of its own that is made when it is first asked for.
///
/// It resolves as [`CancelScope::run`](super::CancelScope::run) does, and is for bodies of which there are very
/// many and most need no scope: as long as nothing in `body` asks for one, there is no node, no allocation and no
/// lock, and a cancellation of the scope around drops `body` as any other future.
///
/// What asks: [`ScopeHandle::current`](super::ScopeHandle::current), [`defer`](super::defer),
/// [`clean_up`](super::clean_up), [`Origin::here`](super::Origin::here), a wait for a cancellation or a drain, and
/// every scope, shield, catch, group and combinator that is polled inside, one that was made elsewhere included.
/// Awaits of other kinds look at the scope around, and take their units from its task. Without a scope around it
/// is made at its first poll.
///
/// It takes its own unit when it has been made: a loop round bodies that neither ask nor await does not yield.
///
/// # Cancel safety
///
/// As for a [`CancelScope`](super::CancelScope): dropped half-way by foreign code, it is adopted by the nearest living
/// scope, if it was made or the drop of `body` asks for it. It is then made in the scope that is current at
/// the drop; without one, what the drop of `body` defers or cleans up goes where it would go without this call.
///
/// # Errors
///
/// [`Cancelled`] when the scope itself was cancelled, through a handle that was asked for inside, and its body gave
/// no value.
///
/// # Panics
///
/// Resumes a panic of the body, after children, clean-up and finalizers have ended.
///
/// # Examples
///
/// ```
/// use arbour_primitives::scope::{CancelScope, ScopeHandle, lazily};
///
/// # futures::executor::block_on(async {
/// CancelScope::new()
///     .run(async {
///         let answer = lazily(async { 6 * 7 }).await;
///         assert_eq!(answer.unwrap(), 42);
///
///         let given_up = lazily(async {
///             let handle = ScopeHandle::current().unwrap();
///             handle.cancel("enough");
///             std::future::pending::<()>().await;
///         });
///         assert_eq!(given_up.await.unwrap_err().to_string(), "cancelled: enough");
///     })
///     .await
///     .unwrap();
/// # });
/// ```
pub fn lazily<F: Future>(body: F) -> Lazily<F> {
    Lazily { frame: Frame::unmade(body) }
}

pin_project! {
    /// The future of [`lazily`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Lazily<F: Future> {
        #[pin]
        frame: Frame<F>,
    }
}

impl<F: Future> Future for Lazily<F> {
    type Output = Result<F::Output, Cancelled>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().frame.poll_lazily(cx, resolve)
    }
}

impl<F: Future> Lazily<F> {
    /// Says in which scope it is going to be polled, by its [id](super::ScopeHandle::id): whoever polls many there need
    /// not have each of them look for it. It is polled elsewhere all the same, and takes its place there. The first poll
    /// does not ask whether the task has a unit left: that is its maker's.
    #[doc(hidden)]
    #[inline]
    pub fn within(mut self, scope: u64) -> Self {
        self.frame.expect_in(scope);
        self
    }

    /// One poll, with the output of the body as it is: `cancelled` gives one where there is none. For bodies of which
    /// there are so many that to wrap and unwrap their outputs counts.
    #[doc(hidden)]
    #[inline]
    pub fn poll_or(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        cancelled: impl FnOnce() -> F::Output,
    ) -> Poll<F::Output> {
        self.project().frame.poll_lazily(cx, |how| match how {
            Ended::Value(value) => value,
            how => resolve(how).unwrap_or_else(|_| cancelled()),
        })
    }
}

impl<F: Future> fmt::Debug for Lazily<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lazily").finish_non_exhaustive()
    }
}
