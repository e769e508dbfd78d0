//! Moving the clock of a test by hand.

use super::wait_all_tasks_blocked;
use std::time::Duration;

/// Moves the paused clock by this much, and comes back when everything that became due has run as far as
/// it can.
///
/// The clock jumps: a task that sleeps again and again for less than `by` is woken once. What is ready
/// before the jump runs before it.
///
/// # Cancel safety
///
/// Dropped half-way, the clock may have been moved or not.
///
/// # Panics
///
/// When time is not paused, and as [`wait_all_tasks_blocked`].
///
/// # Examples
///
/// ```
/// use arbour::testing::{advance, block_on};
/// use arbour::task_group;
/// use std::time::Duration;
/// use tokio::time::sleep;
///
/// block_on(async {
///     let group = task_group(async |group| {
///         let child = group.spawn_value(sleep(Duration::from_secs(60)));
///         advance(Duration::from_secs(59)).await;
///         assert!(!child.is_finished());
///         advance(Duration::from_secs(1)).await;
///         assert!(child.is_finished());
///     });
///     group.await.unwrap();
/// });
/// ```
pub async fn advance(by: Duration) {
    wait_all_tasks_blocked().await;
    tokio::time::advance(by).await;
    wait_all_tasks_blocked().await;
}
