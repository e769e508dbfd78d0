//! Points where code that waits for nothing lets others run, or lets itself be cancelled.

use super::gate::Gate;
use super::shield::shield;
use core::future::poll_fn;
use core::task::Poll;

/// Lets other tasks run once, and is a point of cancellation: in a cancelled scope the body ends here.
///
/// For code that computes for long between its awaits. It costs two polls of the task; where only a
/// cancellation matters there is [`checkpoint_if_cancelled`].
///
/// # Cancel safety
///
/// Safe: there is nothing to lose.
///
/// # Examples
///
/// ```
/// use arbour_primitives::scope::{CancelScope, checkpoint};
///
/// # futures::executor::block_on(async {
/// let scope = CancelScope::new();
/// let handle = scope.handle();
/// let mut rounds = 0;
/// let outcome = scope
///     .run(async {
///         loop {
///             checkpoint().await;
///             rounds += 1;
///             if rounds == 3 {
///                 handle.cancel("three are enough");
///             }
///         }
///     })
///     .await;
/// let ended: Result<(), _> = outcome;
/// assert!(ended.is_err());
/// assert_eq!(rounds, 3);
/// # });
/// ```
pub async fn checkpoint() {
    yield_once().await;
    checkpoint_if_cancelled().await;
}

/// A point of cancellation that lets nobody else run: in a cancelled scope the body ends here, in any
/// other the code goes on at once.
///
/// It yields only where the task has had its share of this poll, as every await of Arbour's does.
///
/// # Cancel safety
///
/// Safe: there is nothing to lose.
pub async fn checkpoint_if_cancelled() {
    let mut gate = Gate::new();
    poll_fn(|cx| gate.poll_enter(cx)).await;
}

/// Lets other tasks run once, and is no point of cancellation.
///
/// # Cancel safety
///
/// Safe: there is nothing to lose.
pub async fn cancel_shielded_checkpoint() {
    shield(yield_once()).await;
}

async fn yield_once() {
    let mut yielded = false;
    poll_fn(|cx| {
        if core::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
