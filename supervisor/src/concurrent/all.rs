//! Everything of a collection or stream, awaited in one call with a group of its own.

use super::map::MapConcurrent;
use crate::failure::Failure;
use crate::group::{GroupError, TaskError, TaskGroup, task_group};
use futures::stream::{self, Stream, StreamExt};
use std::future::pending;
use std::num::NonZeroUsize;
use std::panic::Location;
use std::pin::pin;

/// Runs all these futures as children of one group and gives their values in the order of the futures.
///
/// This is [`join_all`](arbour_primitives::scope::join_all) in parallel: each is a task of its own, and
/// owns what it uses. The first failure cancels the others. Nothing to run is an empty `Vec`.
///
/// # Cancel safety
///
/// As for [`task_group`]: dropped half-way, the children are cancelled and adopted by the enclosing scope.
///
/// # Errors
///
/// [`GroupError::Failed`] with every failure; [`GroupError::Cancelled`] when a child cancels itself.
///
/// # Panics
///
/// Outside a tokio runtime. A child's panic is a failure.
///
/// # Examples
///
/// ```
/// use arbour::{Failure, gather};
///
/// # arbour::testing::block_on(async {
/// let squares = gather((1..4).map(|n| async move { Ok::<_, Failure>(n * n) })).await;
/// assert_eq!(squares.unwrap(), [1, 4, 9]);
/// # });
/// ```
#[track_caller]
pub fn gather<I, T, E>(futures: I) -> impl Future<Output = Result<Vec<T>, GroupError>>
where
    I: IntoIterator,
    I::Item: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: Into<Failure> + Send + 'static,
{
    let place = Location::caller();
    task_group(async move |group| {
        let futures = futures.into_iter().enumerate();
        let handles: Vec<_> =
            futures.map(|(number, future)| group.task().name(name(number, place)).spawn(future)).collect();
        let mut values = Vec::with_capacity(handles.len());
        for handle in handles {
            values.push(value_of(handle.await, &group).await);
        }
        values
    })
}

/// Handles each item in a child of one group, at most `limit` at once, and gives the results in the order
/// of the items.
///
/// For results as they come, and for items that come as a stream, see [`TaskGroup::map_concurrent`] and
/// [`TaskGroup::map_as_completed`].
///
/// # Cancel safety
///
/// As for [`gather`]. Items that were not begun are dropped.
///
/// # Errors
///
/// As for [`gather`].
///
/// # Panics
///
/// As for [`gather`].
///
/// # Examples
///
/// ```
/// use arbour::{Failure, map_concurrent};
/// use std::num::NonZeroUsize;
///
/// # arbour::testing::block_on(async {
/// let four = NonZeroUsize::new(4).unwrap();
/// let lengths = map_concurrent(["a", "bc"], four, async |word| Ok::<_, Failure>(word.len())).await;
/// assert_eq!(lengths.unwrap(), [1, 2]);
/// # });
/// ```
#[track_caller]
pub fn map_concurrent<I, F, Fut, T, E>(
    items: I,
    limit: NonZeroUsize,
    f: F,
) -> impl Future<Output = Result<Vec<T>, GroupError>>
where
    I: IntoIterator,
    F: FnMut(I::Item) -> Fut,
    Fut: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: Into<Failure> + Send + 'static,
{
    let place = Location::caller();
    task_group(async move |group| {
        let mut results = MapConcurrent::new(&group, stream::iter(items), limit, f, true, place);
        let mut values = Vec::new();
        while let Some(result) = results.next().await {
            values.push(value_of(result, &group).await);
        }
        values
    })
}

/// Handles each item of a stream in a child of one group, at most `limit` at once, until the stream ends.
///
/// The stream is polled only while there is room, so what feeds it is held back.
///
/// # Cancel safety
///
/// As for [`gather`]. An item is taken off the stream only when its child is spawned.
///
/// # Errors
///
/// As for [`gather`].
///
/// # Panics
///
/// As for [`gather`].
///
/// # Examples
///
/// ```
/// use arbour::{Failure, for_each_concurrent};
/// use std::num::NonZeroUsize;
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// # arbour::testing::block_on(async {
/// let sum = Arc::new(AtomicU32::new(0));
/// let add = |n| {
///     let sum = Arc::clone(&sum);
///     async move {
///         sum.fetch_add(n, Ordering::Relaxed);
///         Ok::<_, Failure>(())
///     }
/// };
/// for_each_concurrent(futures::stream::iter(1..=4), NonZeroUsize::new(2).unwrap(), add).await.unwrap();
/// assert_eq!(sum.load(Ordering::Relaxed), 10);
/// # });
/// ```
#[track_caller]
pub fn for_each_concurrent<S, F, Fut, E>(
    items: S,
    limit: NonZeroUsize,
    f: F,
) -> impl Future<Output = Result<(), GroupError>>
where
    S: Stream,
    F: FnMut(S::Item) -> Fut,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<Failure> + Send + 'static,
{
    let place = Location::caller();
    task_group(async move |group| {
        let mut results = pin!(MapConcurrent::new(&group, items, limit, f, false, place));
        while let Some(result) = results.next().await {
            value_of(result, &group).await;
        }
    })
}

fn name(number: usize, place: &Location<'_>) -> String {
    format!("item {number} of the gather at {}:{}", place.file(), place.line())
}

/// The value of a child. Without one the group ends: it has failed already, or is cancelled for the
/// child's cause, as there is nothing that it could give.
async fn value_of<T>(outcome: Result<T, TaskError>, group: &TaskGroup) -> T {
    match outcome {
        Ok(value) => return value,
        Err(TaskError::Cancelled(cause)) => group.cancel(cause),
        Err(error) => group.cancel(error.to_string()),
    }
    pending().await
}
