//! Scopes with a deadline: move on, or fail.

use crate::runtime::install;
use arbour_primitives::scope::{CancelScope, Cancelled, Cause, ScopeHandle};
use std::fmt;
use std::time::{Duration, Instant};

/// The body was ended before it gave a value; as a rule because the time was up.
///
/// It says which of the two it was: a body whose own scope was cancelled by hand did not time out,
/// however late it came to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct TimedOut {
    /// [`Cause::Deadline`] when the time was up; another where the body's own scope was cancelled
    /// before, or a cancellation from outside ended the body and was then lifted.
    pub cause: Cause,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Deadline => write!(f, "timed out: {}", Cause::Deadline),
            other => write!(f, "cancelled before the time was up: {other}"),
        }
    }
}

/// Gives `body` the time `after`, counted from the first poll; when it is up, ends it and moves on.
///
/// A time too long for the clock is no limit. The deadline of an enclosing scope may be earlier;
/// then that scope ends, and the code after this call does not run.
///
/// # Cancel safety
///
/// As safe as `body`. Dropped half-way, its children and clean-up are adopted by the enclosing scope.
///
/// # Errors
///
/// [`Cancelled`] when the time is up. A body that is ready in the last poll gives its value.
///
/// # Panics
///
/// Outside a tokio runtime with its timer. Resumes a panic of `body`.
///
/// # Examples
///
/// ```
/// use arbour::{move_on_after, Cause};
/// use std::time::Duration;
///
/// # arbour::testing::block_on(async {
/// let outcome = move_on_after(Duration::from_secs(1), std::future::pending::<()>()).await;
/// assert_eq!(outcome.unwrap_err().cause, Cause::Deadline);
/// assert_eq!(move_on_after(Duration::from_secs(1), async { 7 }).await, Ok(7));
/// # });
/// ```
pub async fn move_on_after<F: Future>(after: Duration, body: F) -> Result<F::Output, Cancelled> {
    run_until(now().checked_add(after), body).await
}

/// Like [`move_on_after`], with an absolute time. One that has passed ends `body` after one poll.
///
/// # Cancel safety
///
/// As for [`move_on_after`].
///
/// # Errors
///
/// [`Cancelled`] when the time has come.
///
/// # Panics
///
/// As for [`move_on_after`].
pub async fn move_on_at<F: Future>(deadline: Instant, body: F) -> Result<F::Output, Cancelled> {
    run_until(Some(deadline), body).await
}

/// Gives `body` the time `after`, counted from the first poll; when it is up, that is an error.
///
/// # Cancel safety
///
/// As safe as `body`. Dropped half-way, its children and clean-up are adopted by the enclosing scope.
///
/// # Errors
///
/// [`TimedOut`] when the time is up. A body that is ready in the last poll gives its value.
///
/// # Panics
///
/// Outside a tokio runtime with its timer. Resumes a panic of `body`.
///
/// # Examples
///
/// ```
/// use arbour::fail_after;
/// use std::time::Duration;
///
/// # arbour::testing::block_on(async {
/// let outcome = fail_after(Duration::from_millis(20), std::future::pending::<()>()).await;
/// assert_eq!(outcome.unwrap_err().to_string(), "timed out: deadline passed");
/// # });
/// ```
pub async fn fail_after<F: Future>(after: Duration, body: F) -> Result<F::Output, TimedOut> {
    timed_out(move_on_after(after, body).await)
}

/// Like [`fail_after`], with an absolute time. One that has passed ends `body` after one poll.
///
/// # Cancel safety
///
/// As for [`fail_after`].
///
/// # Errors
///
/// [`TimedOut`] when the time has come.
///
/// # Panics
///
/// As for [`fail_after`].
pub async fn fail_at<F: Future>(deadline: Instant, body: F) -> Result<F::Output, TimedOut> {
    timed_out(move_on_at(deadline, body).await)
}

/// The nearest deadline in force here: of the current scope, or of one around it with no shield
/// between. `None` without a deadline, and outside of every scope.
#[must_use]
pub fn current_deadline() -> Option<Instant> {
    ScopeHandle::current().and_then(|scope| scope.effective_deadline())
}

/// The runtime's time, which stands still where a test has paused it.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

async fn run_until<F: Future>(deadline: Option<Instant>, body: F) -> Result<F::Output, Cancelled> {
    install();
    let scope = CancelScope::new();
    scope.handle().set_deadline(deadline);
    scope.run(body).await
}

fn timed_out<T>(outcome: Result<T, Cancelled>) -> Result<T, TimedOut> {
    outcome.map_err(|Cancelled { cause, .. }| TimedOut { cause })
}
