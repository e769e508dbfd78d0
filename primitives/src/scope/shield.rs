//! A section that is finished even in a cancelled scope.

use super::frame::{Ended, Frame, Plan};
use core::fmt;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;
use std::panic::resume_unwind;

/// Finishes `body` though the scope around it is cancelled, and keeps that scope's body alive until
/// then. It begins also in a scope that is cancelled already.
///
/// Combine it with a deadline: nothing else limits it, except an abort. A shield that is polled
/// once and then left alone holds for ever; one that holds a cancelled scope for 5 s is reported with
/// the place of this call.
///
/// # Cancel safety
///
/// A shield withstands cancellation, not a drop: `select!` or a foreign timeout around it drops it
/// half-way. What must survive that is a child task, [`defer`](super::defer) or
/// [`clean_up`](super::clean_up).
///
/// # Panics
///
/// Resumes a panic of the body.
///
/// # Examples
///
/// ```
/// use arbour_primitives::scope::{CancelScope, shield};
///
/// # futures::executor::block_on(async {
/// let scope = CancelScope::new();
/// scope.handle().cancel("too late");
/// let mut written = false;
/// let outcome = scope
///     .run(async {
///         shield(async { written = true }).await;
///         std::future::pending::<()>().await;
///     })
///     .await;
/// assert!(outcome.is_err() && written);
/// # });
/// ```
#[track_caller]
pub fn shield<F: Future>(body: F) -> Shield<F> {
    Shield { frame: Frame::new(body, Plan::Shield, ()), unnoted: Some(Location::caller()) }
}

pin_project! {
    /// The future of [`shield`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Shield<F: Future> {
        #[pin]
        frame: Frame<F>,
        // The place of the call, until the tree knows it: a shield that never waits is not noted.
        unnoted: Option<&'static Location<'static>>,
    }
}

impl<F: Future> Future for Shield<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let polled = this.frame.as_mut().poll_end(cx);
        if this.unnoted.is_some_and(|place| this.frame.note_place(place)) {
            *this.unnoted = None;
        }
        match polled {
            Poll::Ready(Ended::Value(value)) => Poll::Ready(value),
            Poll::Ready(Ended::Panicked(payload)) => resume_unwind(payload),
            // Only an abort ends a shield's body; then the body around it is dropped as well.
            Poll::Ready(Ended::Cancelled(_)) | Poll::Pending => Poll::Pending,
        }
    }
}

impl<F: Future> fmt::Debug for Shield<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shield").finish_non_exhaustive()
    }
}
