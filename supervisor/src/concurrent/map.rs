//! A stream of items, each handled by a child, so many at once.

use super::children::Children;
use crate::failure::Failure;
use crate::group::{TaskError, TaskGroup};
use futures::Stream;
use pin_project_lite::pin_project;
use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

impl TaskGroup {
    /// Handles each item in a child of this group, at most `limit` at once, and gives the results in the
    /// order of the items.
    ///
    /// Items are taken and children spawned when the stream is polled. A result that waits for an earlier
    /// one keeps its place among the `limit`, so nothing piles up. A child that fails fails the group.
    ///
    /// Dropped early, the stream cancels the children that are left; the group waits for them.
    ///
    /// # Cancel safety
    ///
    /// Safe: a `next` that is dropped loses nothing.
    #[track_caller]
    pub fn map_concurrent<S, F, Fut, T, E>(
        &self,
        items: S,
        limit: NonZeroUsize,
        f: F,
    ) -> MapConcurrent<S, F, T>
    where
        S: Stream,
        F: FnMut(S::Item) -> Fut,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Into<Failure> + Send + 'static,
    {
        MapConcurrent::new(self, items, limit, f, true, Location::caller())
    }

    /// Like [`map_concurrent`](Self::map_concurrent), and gives the results in the order in which the
    /// children end: a slow one holds nobody up.
    #[track_caller]
    pub fn map_as_completed<S, F, Fut, T, E>(
        &self,
        items: S,
        limit: NonZeroUsize,
        f: F,
    ) -> MapConcurrent<S, F, T>
    where
        S: Stream,
        F: FnMut(S::Item) -> Fut,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Into<Failure> + Send + 'static,
    {
        MapConcurrent::new(self, items, limit, f, false, Location::caller())
    }
}

pin_project! {
    /// The stream of [`TaskGroup::map_concurrent`] and [`TaskGroup::map_as_completed`].
    #[must_use = "no item is taken before it is polled; dropped, it cancels the children"]
    pub struct MapConcurrent<S, F, T> {
        // `None` once it has ended.
        #[pin]
        items: Option<S>,
        f: F,
        state: State<T>,
    }
}

struct State<T> {
    group: TaskGroup,
    place: &'static Location<'static>,
    limit: NonZeroUsize,
    in_order: bool,
    children: Children<T>,
    spawned: usize,
    given: usize,
    /// Results that wait for an earlier one.
    early: BTreeMap<usize, Result<T, TaskError>>,
}

impl<S, F, T> MapConcurrent<S, F, T> {
    pub(super) fn new(
        group: &TaskGroup,
        items: S,
        limit: NonZeroUsize,
        f: F,
        in_order: bool,
        place: &'static Location<'static>,
    ) -> Self {
        let state = State {
            group: group.clone(),
            place,
            limit,
            in_order,
            children: Children::new(),
            spawned: 0,
            given: 0,
            early: BTreeMap::new(),
        };
        Self { items: Some(items), f, state }
    }
}

impl<T: Send + 'static> State<T> {
    fn has_room(&self) -> bool {
        self.spawned - self.given < self.limit.get()
    }

    fn spawn<E: Into<Failure> + Send + 'static>(
        &mut self,
        future: impl Future<Output = Result<T, E>> + Send + 'static,
    ) {
        let number = self.spawned;
        let name = format!("item {number} of the map at {}:{}", self.place.file(), self.place.line());
        self.children.push(number, self.group.task().name(name).spawn(future));
        self.spawned += 1;
    }

    /// The next result; `None` when no child is left.
    fn poll_result(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, TaskError>>> {
        loop {
            if let Some(next) = self.early.remove(&self.given) {
                self.given += 1;
                return Poll::Ready(Some(next));
            }
            match ready!(self.children.poll_next(cx)) {
                Some((number, outcome)) if self.in_order => {
                    self.early.insert(number, outcome);
                }
                Some((_, outcome)) => {
                    self.given += 1;
                    return Poll::Ready(Some(outcome));
                }
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<S, F, Fut, T, E> Stream for MapConcurrent<S, F, T>
where
    S: Stream,
    F: FnMut(S::Item) -> Fut,
    Fut: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: Into<Failure> + Send + 'static,
{
    type Item = Result<T, TaskError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        while let Some(items) = this.items.as_mut().as_pin_mut()
            && this.state.has_room()
        {
            match items.poll_next(cx) {
                Poll::Ready(Some(item)) => this.state.spawn((this.f)(item)),
                Poll::Ready(None) => this.items.set(None),
                Poll::Pending => break,
            }
        }
        match this.state.poll_result(cx) {
            Poll::Ready(None) if this.items.is_some() => Poll::Pending,
            polled => polled,
        }
    }
}

impl<S, F, T> fmt::Debug for MapConcurrent<S, F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapConcurrent")
            .field("limit", &self.state.limit)
            .field("spawned", &self.state.spawned)
            .field("given", &self.state.given)
            .field("more", &self.items.is_some())
            .finish()
    }
}
