//! Children in the order in which they end.

use super::children::Children;
use crate::group::{TaskError, TaskHandle};
use futures::Stream;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A child that has ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Completed<T> {
    /// Which of the handles it was, counted from 0.
    pub index: usize,
    /// What it gave.
    pub outcome: Result<T, TaskError>,
}

/// Gives the outcomes of these children in the order in which they end.
///
/// Of no handles it is a stream that has ended: nothing is an answer too, and the loop round it is right.
/// A child that fails its group ends the loop with the body; one that reports to its handle is given like
/// the others.
///
/// Dropped early, by a `break` for one, it cancels the children that are left; their group waits for them.
///
/// # Cancel safety
///
/// Safe: a `next` that is dropped loses nothing.
///
/// # Examples
///
/// ```
/// use arbour::{as_completed, task_group};
/// use futures::StreamExt;
/// use std::time::Duration;
/// use tokio::time::sleep;
///
/// # arbour::testing::block_on(async {
/// let order = task_group(async |group| {
///     let handles = [30, 10, 20].map(|ms| {
///         group.spawn_value(async move {
///             sleep(Duration::from_millis(ms)).await;
///             ms
///         })
///     });
///     let ended: Vec<_> = as_completed(handles).map(|child| child.outcome.unwrap()).collect().await;
///     ended
/// })
/// .await;
/// assert_eq!(order.unwrap(), [10, 20, 30]);
/// # });
/// ```
pub fn as_completed<T>(handles: impl IntoIterator<Item = TaskHandle<T>>) -> AsCompleted<T> {
    let mut children = Children::new();
    handles.into_iter().enumerate().for_each(|(index, handle)| children.push(index, handle));
    AsCompleted { children }
}

/// The stream of [`as_completed`].
#[must_use = "dropped, it cancels the children"]
pub struct AsCompleted<T> {
    children: Children<T>,
}

impl<T> Stream for AsCompleted<T> {
    type Item = Completed<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let ended = self.children.poll_next(cx);
        ended.map(|ended| ended.map(|(index, outcome)| Completed { index, outcome }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.children.len(), Some(self.children.len()))
    }
}

impl<T> fmt::Debug for AsCompleted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompleted").field("left", &self.children.len()).finish()
    }
}
