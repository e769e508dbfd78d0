//! Trying again: the driver, which waits and calls; what it does next is decided in `policy.rs`.

mod error;
mod policy;
#[cfg(test)]
mod tests;

pub use error::{GaveUp, RetryError};
pub use policy::RetryPolicy;

use crate::timeout::{current_deadline, now};
use arbour_primitives::scope::Gate;
use policy::Next;
use std::future::poll_fn;

/// Calls `f` until it succeeds, waiting longer and longer between attempts, as the policy says.
///
/// The budget is the deadline of the current scope: a wait that cannot end before it is not begun, and
/// the last error comes back instead of a time-out. An attempt that is running when the time is up is
/// ended by the scope like any other body.
///
/// # Cancel safety
///
/// As safe as what `f` gives: an attempt is dropped where it stands, and none is begun in a cancelled
/// scope.
///
/// # Errors
///
/// [`RetryError`] with the last error, the number of attempts, and why there is no further one.
///
/// # Panics
///
/// With a panic of `f`, which is not retried; outside a tokio runtime with its timer.
///
/// # Examples
///
/// ```
/// use arbour::{Backoff, RetryPolicy, fail_after, retry};
/// use std::time::Duration;
///
/// # arbour::testing::block_on(async {
/// let policy = RetryPolicy::new(Backoff::default()).retries(3);
/// let mut calls = 0;
/// let page = retry(policy, || {
///     calls += 1;
///     std::future::ready(if calls == 3 { Ok("page") } else { Err("busy") })
/// });
/// assert_eq!(page.await.unwrap(), "page");
///
/// let steady = Backoff::new(Duration::from_secs(10), Duration::from_secs(60)).unwrap().jitter(false);
/// let refused = fail_after(Duration::from_secs(5), retry(RetryPolicy::new(steady), async || Err::<(), _>("busy")));
/// assert_eq!(
///     refused.await.unwrap().unwrap_err().to_string(),
///     "gave up after 2 attempts, for the next would begin in 10s and the deadline is in 5s: busy",
/// );
/// # });
/// ```
pub async fn retry<T, E, F>(policy: RetryPolicy, f: impl FnMut() -> F) -> Result<T, RetryError<E>>
where
    F: Future<Output = Result<T, E>>,
{
    retry_if(policy, |_| true, f).await
}

/// Like [`retry`], but tries again only after an error for which `is_transient` says so.
///
/// # Cancel safety
///
/// As for [`retry`].
///
/// # Errors
///
/// As for [`retry`]; [`GaveUp::Permanent`] after an error that is not tried again.
///
/// # Panics
///
/// As for [`retry`], and with a panic of `is_transient`.
pub async fn retry_if<T, E, F>(
    policy: RetryPolicy,
    mut is_transient: impl FnMut(&E) -> bool,
    mut f: impl FnMut() -> F,
) -> Result<T, RetryError<E>>
where
    F: Future<Output = Result<T, E>>,
{
    let mut jitter = policy.jitter();
    let mut attempts = 0;
    loop {
        begin().await;
        let last = match f().await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        attempts = u32::saturating_add(attempts, 1);
        let is_transient = is_transient(&last);
        match policy.next(attempts, is_transient, now(), current_deadline(), jitter.next()) {
            Next::GiveUp(why) => return Err(RetryError { attempts, why, last }),
            Next::After(wait) => {
                tracing::debug!(attempts, ?wait, "an attempt failed; the next one follows after this wait");
                sleep(wait).await;
            }
        }
    }
}

/// What every await of ours passes: no attempt begins in a cancelled scope, and a loop of attempts
/// that fail at once still yields.
async fn begin() {
    let mut gate = Gate::new();
    poll_fn(|cx| gate.poll_enter(cx)).await;
}

async fn sleep(wait: std::time::Duration) {
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
}
