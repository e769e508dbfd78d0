//! The local group and its handle.

use super::driver::{Driver, drive};
use crate::failure::Failure;
use crate::group::{Fallible, GroupError, TaskBuilder, TaskGroup, TaskHandle, Valued, task_group};
use arbour_primitives::scope::{Cause, ScopeHandle};
use std::fmt;
use std::sync::Arc;

/// Runs `body` with a group whose children need not be `Send`, and ends when the body and all children
/// have. They share the thread that polls this future, and run in turns.
///
/// In everything else it is a [`task_group`]: errors, panics, cancellation, order. Clean-up that is not
/// `Send` is left with [`defer_local`](super::defer_local) and [`clean_up_local`](super::clean_up_local).
///
/// # Cancel safety
///
/// Inside of another local group: as for [`task_group`]. The outermost one of a thread is what drives
/// them all: dropped half-way by foreign code, its children's bodies are dropped at once, shields
/// included; what they deferred is adopted by the enclosing scope, unless it is not `Send`.
///
/// # Errors
///
/// As for [`task_group`].
///
/// # Panics
///
/// As for [`task_group`].
///
/// # Examples
///
/// ```
/// use arbour::local_group;
/// use std::cell::Cell;
/// use std::rc::Rc;
///
/// # arbour::testing::block_on(async {
/// let total = Rc::new(Cell::new(0));
/// let group = local_group(async |group| {
///     for n in 1..=4 {
///         let total = Rc::clone(&total);
///         group.spawn_value(async move { total.set(total.get() + n) });
///     }
/// });
/// group.await.unwrap();
/// assert_eq!(total.get(), 10);
/// # });
/// ```
pub async fn local_group<F, Fut>(body: F) -> Result<Fut::Output, GroupError>
where
    F: FnOnce(LocalGroup) -> Fut,
    Fut: Future,
{
    drive(|driver| task_group(|group| body(LocalGroup { group, driver }))).await
}

/// Runs `body` with a local group that stands for `group`: its children are spawned on this thread.
pub(crate) async fn run_in<F, Fut>(group: TaskGroup, body: F) -> Fut::Output
where
    F: FnOnce(LocalGroup) -> Fut,
    Fut: Future,
{
    drive(|driver| body(LocalGroup { group, driver })).await
}

/// A handle to a local group: spawns children, cancels them. It stays on its thread.
#[derive(Clone)]
pub struct LocalGroup {
    group: TaskGroup,
    driver: Driver,
}

impl LocalGroup {
    /// Spawns a child that need not be `Send`; see [`TaskGroup::spawn`].
    #[track_caller]
    pub fn spawn<F, T, E>(&self, future: F) -> TaskHandle<T>
    where
        F: Future<Output = Result<T, E>> + 'static,
        T: 'static,
        E: Into<Failure> + 'static,
    {
        self.task().spawn(future)
    }

    /// Spawns a child that gives any value; see [`TaskGroup::spawn_value`].
    #[track_caller]
    pub fn spawn_value<F>(&self, future: F) -> TaskHandle<F::Output>
    where
        F: Future + 'static,
    {
        self.task().spawn_value(future)
    }

    /// A child with a name, or another policy than the default.
    #[track_caller]
    #[must_use = "nothing is spawned yet"]
    pub fn task(&self) -> LocalTaskBuilder<'_> {
        LocalTaskBuilder { task: self.group.task(), driver: &self.driver }
    }

    /// The group's scope: cancels it, asks it to drain, sets its deadline.
    #[must_use]
    pub fn scope(&self) -> ScopeHandle {
        self.group.scope()
    }

    /// Cancels the body and all children. The first cause is kept.
    pub fn cancel(&self, cause: impl Into<Cause>) {
        self.group.cancel(cause);
    }

    /// The number of children that have not ended.
    #[must_use]
    pub fn len(&self) -> usize {
        self.group.len()
    }

    /// Whether no child is running.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.group.is_empty()
    }
}

impl fmt::Debug for LocalGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalGroup").field(&self.group).finish()
    }
}

/// A local child to be spawned; see [`LocalGroup::task`].
#[must_use = "nothing is spawned yet"]
pub struct LocalTaskBuilder<'a> {
    task: TaskBuilder<'a>,
    driver: &'a Driver,
}

impl LocalTaskBuilder<'_> {
    /// Names the child; by default it is named for the place of the call.
    pub fn name(self, name: impl Into<Arc<str>>) -> Self {
        Self { task: self.task.name(name), ..self }
    }

    /// Tells a failure to the handle only: the group goes on.
    pub fn report_to_handle(self) -> Self {
        Self { task: self.task.report_to_handle(), ..self }
    }

    /// See [`LocalGroup::spawn`].
    pub fn spawn<F, T, E>(self, future: F) -> TaskHandle<T>
    where
        F: Future<Output = Result<T, E>> + 'static,
        T: 'static,
        E: Into<Failure> + 'static,
    {
        let driver = self.driver;
        self.task.spawn_by(Fallible { future }, |child| driver.spawn(child).ok())
    }

    /// See [`LocalGroup::spawn_value`].
    pub fn spawn_value<F>(self, future: F) -> TaskHandle<F::Output>
    where
        F: Future + 'static,
    {
        let driver = self.driver;
        self.task.spawn_by(Valued { future }, |child| driver.spawn(child).ok())
    }
}

impl fmt::Debug for LocalTaskBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalTaskBuilder").field(&self.task).finish()
    }
}
