//! Foreign tasks, adopted: aborted and waited for with the scope that took them over.

use crate::group::{TaskGroup, TaskHandle};
use arbour_primitives::scope::{Gate, Origin, panic_message, put_away};
use std::fmt;
use std::panic::resume_unwind;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use tokio::task::coop::unconstrained;
use tokio::task::{JoinError, JoinHandle};

/// A foreign task was aborted by somebody else, or its runtime is shutting down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the adopted task was aborted by somebody else, or its runtime is shutting down")]
#[non_exhaustive]
pub struct ForeignAborted;

/// Adopts a task that foreign code spawned: from here on it lives no longer than this future.
///
/// Where this future is dropped before the task has ended, by a cancellation or by foreign code, the
/// task is aborted, and the scope around waits for it as for a clean-up. A blocking task cannot be
/// aborted once it runs: it is waited for. Inside, the task sees no scope of ours.
///
/// # Cancel safety
///
/// As above. A value that the task gave before it was aborted, and nobody took, is dropped.
///
/// # Errors
///
/// [`ForeignAborted`] when others ended the task.
///
/// # Panics
///
/// Resumes a panic of the task, and when it is polled again after it gave its outcome. A panic of a task
/// that is being aborted is reported.
///
/// # Examples
///
/// ```
/// use arbour::bridge::adopt;
///
/// # arbour::testing::block_on(async {
/// let foreign = tokio::spawn(async { 7 });
/// assert_eq!(adopt(foreign).await, Ok(7));
/// # });
/// ```
pub fn adopt<T: Send + 'static>(task: JoinHandle<T>) -> Adopted<T> {
    Adopted { task: Some(task), origin: Origin::here() }
}

impl TaskGroup {
    /// Adopts a task that foreign code spawned as a child: it is aborted when the group is cancelled, and
    /// waited for. Its panic, or that others aborted it, fails the group. See [`adopt`].
    ///
    /// A group that has finished does not take it: it is aborted, and the handle says `NotStarted`.
    #[track_caller]
    #[expect(clippy::must_use_candidate, reason = "the task belongs to the group also without its handle")]
    pub fn adopt<T: Send + 'static>(&self, task: JoinHandle<T>) -> TaskHandle<T> {
        self.spawn(adopt(task))
    }
}

/// The future of [`adopt`].
#[must_use = "dropped, it aborts the task"]
pub struct Adopted<T: Send + 'static> {
    /// `None` once it gave its outcome.
    task: Option<JoinHandle<T>>,
    origin: Origin,
}

impl<T: Send + 'static> Future for Adopted<T> {
    type Output = Result<T, ForeignAborted>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let task = self.task.as_mut().expect("an adopted task gives its outcome once");
        if task.is_finished() {
            ready!(Gate::joining().poll_enter(cx));
        }
        let outcome = ready!(poll_join(task, cx));
        self.task = None;
        Poll::Ready(outcome.map_err(|error| match error.try_into_panic() {
            Ok(payload) => resume_unwind(payload),
            Err(_) => ForeignAborted,
        }))
    }
}

/// A task that has ended is joined though tokio's budget is spent: in a cancelled scope the outcome would
/// be lost.
fn poll_join<T>(task: &mut JoinHandle<T>, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
    if task.is_finished() {
        return pin!(unconstrained(task)).poll(cx);
    }
    Pin::new(task).poll(cx)
}

impl<T: Send + 'static> Drop for Adopted<T> {
    fn drop(&mut self) {
        let Some(task) = self.task.take() else { return };
        task.abort();
        if !task.is_finished() {
            self.origin.clean_up(ended(task));
        }
    }
}

async fn ended<T>(task: JoinHandle<T>) {
    let Err(Ok(payload)) = task.await.map_err(JoinError::try_into_panic) else { return };
    let message = panic_message(&payload);
    tracing::error!(
        panic = message,
        "an adopted task panicked while it was being aborted; nothing else is concerned"
    );
    put_away(payload);
}

impl<T: Send + 'static> fmt::Debug for Adopted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let finished = self.task.as_ref().is_none_or(JoinHandle::is_finished);
        f.debug_struct("Adopted").field("finished", &finished).finish_non_exhaustive()
    }
}
