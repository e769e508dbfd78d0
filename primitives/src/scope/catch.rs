//! Reacting to a cancellation in place.

use super::cause::Cancelled;
use super::frame::{Ended, Frame, Plan};
use super::gate::Gate;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;
use std::panic::resume_unwind;

/// Ends `future` when the scope around it is cancelled, and lets the code that follows go on: until
/// its first await that is neither shielded nor ready.
///
/// What `future` deferred or cleans up runs first. Nothing is swallowed: the scope stays cancelled,
/// and a `catch_cancel` that begins in a cancelled scope is pending like any other await.
///
/// # Cancel safety
///
/// As safe as `future`. Dropped half-way by foreign code, what `future` deferred or cleans up is
/// adopted by the nearest living scope.
///
/// # Errors
///
/// [`Cancelled`] when `future` was ended; its cause is that of the scope.
///
/// # Panics
///
/// Resumes a panic of `future`.
///
/// # Examples
///
/// ```
/// use arbour_primitives::scope::{CancelScope, catch_cancel};
///
/// # futures::executor::block_on(async {
/// let scope = CancelScope::new();
/// let handle = scope.handle();
/// let mut noted = None;
/// let _ = scope
///     .run(async {
///         let caught = catch_cancel(async {
///             handle.cancel("moving house");
///             std::future::pending::<()>().await
///         });
///         noted = caught.await.err().map(|cancelled| cancelled.cause.to_string());
///     })
///     .await;
/// assert_eq!(noted.as_deref(), Some("moving house"));
/// # });
/// ```
pub fn catch_cancel<F: Future>(future: F) -> Catch<F> {
    Catch { gate: Gate::new(), frame: Frame::new(future, Plan::Catch, ()) }
}

pin_project! {
    /// The future of [`catch_cancel`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Catch<F: Future> {
        gate: Gate,
        #[pin]
        frame: Frame<F>,
    }
}

impl<F: Future> Future for Catch<F> {
    type Output = Result<F::Output, Cancelled>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        ready!(this.gate.poll_enter(cx));
        this.frame.poll_end(cx).map(|how| match how {
            Ended::Value(value) => Ok(value),
            Ended::Cancelled(cancelled) => Err(cancelled),
            Ended::Panicked(payload) => resume_unwind(payload),
        })
    }
}

impl<F: Future> fmt::Debug for Catch<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catch").finish_non_exhaustive()
    }
}
