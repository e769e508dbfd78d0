//! Spawning children.

use super::body::{Fallible, Valued};
use super::handle::TaskHandle;
use super::reraised;
use super::telling::{EndTasks, Telling};
use super::{Shared, TaskGroup};
use crate::carried::{Carried, CarriedBody};
use crate::exit::Exit;
use crate::failure::{Failure, TaskName};
use arbour_primitives::scope::task::Child;
use arbour_primitives::scope::{Ended, Kind, Label, Observe, ScopeHandle};
use std::panic::Location;
use std::sync::Arc;
use tokio::task::JoinHandle;

impl TaskGroup {
    /// Spawns a child. Its error, or its panic, fails the group; its handle shows the same failure.
    ///
    /// The child never runs inside this call. Into a group that has finished nothing is spawned: the
    /// handle says `NotStarted` ([`try_spawn`](Self::try_spawn) hands the future back). Into a
    /// cancelled group a child is spawned cancelled: it is polled once.
    #[track_caller]
    pub fn spawn<F, T, E>(&self, future: F) -> TaskHandle<T>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Into<Failure> + Send + 'static,
    {
        self.task().spawn(future)
    }

    /// Spawns a child that gives any value; only its panic fails the group.
    #[track_caller]
    pub fn spawn_value<F>(&self, future: F) -> TaskHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.task().spawn_value(future)
    }

    /// Like [`spawn`](Self::spawn), unless the group takes no children any more.
    ///
    /// # Errors
    ///
    /// The future itself, untouched, when the group has finished.
    #[track_caller]
    pub fn try_spawn<F, T, E>(&self, future: F) -> Result<TaskHandle<T>, F>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Into<Failure> + Send + 'static,
    {
        self.task().try_spawn(future)
    }

    /// A child with a name, or another policy than the default.
    #[track_caller]
    #[must_use = "nothing is spawned yet"]
    pub fn task(&self) -> TaskBuilder<'_> {
        let place = Location::caller();
        TaskBuilder { group: self, name: TaskName::Place(place), place, kind: Kind::Task, to_handle: false }
    }
}

/// A child to be spawned; see [`TaskGroup::task`].
#[derive(Debug)]
#[must_use = "nothing is spawned yet"]
pub struct TaskBuilder<'a> {
    group: &'a TaskGroup,
    name: TaskName,
    place: &'static Location<'static>,
    kind: Kind,
    to_handle: bool,
}

impl TaskBuilder<'_> {
    /// Names the child; by default it is named for the place of the call.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = TaskName::Given(name.into());
        self
    }

    /// Says what the child is to the program, for those who look at its tasks.
    #[doc(hidden)]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Tells a failure to the handle only: the group goes on.
    pub fn report_to_handle(mut self) -> Self {
        self.to_handle = true;
        self
    }

    /// See [`TaskGroup::spawn`].
    pub fn spawn<F, T, E>(self, future: F) -> TaskHandle<T>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Into<Failure> + Send + 'static,
    {
        let name = self.name.clone();
        self.try_spawn(future).unwrap_or_else(|_| TaskHandle::not_started(name))
    }

    /// See [`TaskGroup::spawn_value`].
    pub fn spawn_value<F>(self, future: F) -> TaskHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (group, name) = (self.group, self.name.clone());
        self.spawn_by(Valued { future }, |child| Some(group.shared.spawner.spawn(&name, child)))
    }

    /// See [`TaskGroup::try_spawn`].
    ///
    /// # Errors
    ///
    /// The future itself, untouched, when the group has finished.
    pub fn try_spawn<F, T, E>(self, future: F) -> Result<TaskHandle<T>, F>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Into<Failure> + Send + 'static,
    {
        let (child, scope) = self.seated(Fallible { future }).map_err(|body| body.future)?;
        let task = self.group.shared.spawner.spawn(&self.name, child);
        Ok(TaskHandle::new(task, scope, self.name))
    }

    /// Like [`spawn`](Self::spawn); `tell` hears the exit when the child, its tasks and its clean-up have ended, also if
    /// it was not started.
    #[doc(hidden)]
    pub fn spawn_telling<F, T>(
        self,
        future: F,
        tell: impl FnOnce(Exit<Failure>) + Send + 'static,
    ) -> TaskHandle<T>
    where
        F: Future<Output = Result<T, Failure>> + Send + 'static,
        T: Send + 'static,
    {
        let observing = |scope, observer| EndTasks { scope, observer };
        let Ok((child, scope)) = self.seated_by(Fallible { future }, observing) else {
            tell(Exit::Cancelled);
            return TaskHandle::not_started(self.name);
        };
        let task = self.group.shared.spawner.spawn(&self.name, Telling::new(child, tell));
        TaskHandle::new(task, scope, self.name)
    }

    /// Spawns the child elsewhere than on the group's runtime; `spawn` may find that there is no place.
    pub(crate) fn spawn_by<B, T>(
        self,
        body: B,
        spawn: impl FnOnce(GroupChild<B>) -> Option<JoinHandle<Ended<Result<T, Failure>>>>,
    ) -> TaskHandle<T>
    where
        B: Future<Output = Result<T, Failure>>,
    {
        let seated = self.seated(body).ok();
        match seated.and_then(|(child, scope)| Some((spawn(child)?, scope))) {
            Some((task, scope)) => TaskHandle::new(task, scope, self.name),
            None => TaskHandle::not_started(self.name),
        }
    }

    /// The child with its place in the group, unless that takes none any more.
    fn seated<B, T>(&self, body: B) -> Result<(GroupChild<B>, ScopeHandle), B>
    where
        B: Future<Output = Result<T, Failure>>,
    {
        self.seated_by(body, |_, observer| observer)
    }

    /// The same, observed by more than the group.
    fn seated_by<B, T, O>(
        &self,
        body: B,
        observing: impl FnOnce(ScopeHandle, ChildObserver) -> O,
    ) -> Result<(Child<CarriedBody<B>, O>, ScopeHandle), B>
    where
        B: Future<Output = Result<T, Failure>>,
        O: Observe<Result<T, Failure>>,
    {
        let shared = &self.group.shared;
        let Some(seat) = shared.scope.seat_at(self.place) else { return Err(body) };
        let scope = seat.handle();
        if let TaskName::Given(name) = &self.name {
            let label = Label::new(self.kind).name(Arc::clone(name));
            scope.describe(label.since(crate::timeout::now()));
        }
        let observer =
            ChildObserver { group: (!self.to_handle).then(|| Arc::clone(shared)), name: self.name.clone() };
        let body = carried(&self.name).carry(body);
        let observer = observing(scope.clone(), observer);
        Ok((seat.child(body, observer), scope))
    }
}

/// A child of a group, to be spawned by a runtime.
pub(crate) type GroupChild<B> = Child<CarriedBody<B>, ChildObserver>;

/// What a child takes along. One with a name has a span of its own, inside of its spawner's.
pub(super) fn carried(name: &TaskName) -> Carried {
    let TaskName::Given(name) = name else { return Carried::capture() };
    let span = tracing::debug_span!("task", %name);
    if span.is_disabled() { Carried::capture() } else { Carried::with_span(span) }
}

/// Records a child's failure before its node ends, so that the group sees it.
pub(crate) struct ChildObserver {
    /// `None`: the failure is told to the handle only.
    pub(super) group: Option<Arc<Shared>>,
    pub(super) name: TaskName,
}

impl<T> Observe<Result<T, Failure>> for ChildObserver {
    fn ended(&mut self, how: &mut Ended<Result<T, Failure>>, in_cancelled: bool) {
        let Some(failure) = failure_of(how, &self.name, self.group.as_deref(), in_cancelled) else { return };
        if let Some(group) = &self.group {
            group.fail(failure, &self.name);
        }
    }
}

/// The failure of a child, which then is its outcome too: an error with its name, or a panic. An error
/// that hands on a cancellation in force is none: the child was cancelled.
pub(super) fn failure_of<T>(
    how: &mut Ended<Result<T, Failure>>,
    name: &TaskName,
    group: Option<&Shared>,
    in_cancelled: bool,
) -> Option<Failure> {
    if in_cancelled
        && let Ended::Value(Err(failure)) = how
        && let Some(cancelled) = reraised::cancellation(failure)
    {
        *how = Ended::Cancelled(cancelled);
    }
    let failure = match how {
        Ended::Value(Err(failure)) => failure.clone(),
        Ended::Panicked(payload) => Failure::from_panic(payload),
        Ended::Value(Ok(_)) | Ended::Cancelled(_) => return None,
    };
    let failure = failure.in_task(name, &group.map(|group| group.scope.path()).unwrap_or_default());
    *how = Ended::Value(Err(failure.clone()));
    Some(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How much larger a child is than the future it was spawned with.
    fn added<F: Future>(_: &F) -> usize {
        size_of::<GroupChild<Valued<F>>>() - size_of::<F>()
    }

    #[test]
    fn a_child_is_at_most_fourteen_words_larger_than_its_future() {
        let large = async {
            let kept = vec![0_u64; 4];
            std::future::pending::<()>().await;
            drop(kept);
        };
        let sizes = [added(&large), added(&std::future::pending::<()>())];
        assert!(sizes.iter().all(|added| *added <= 14 * size_of::<usize>()), "{sizes:?}");
    }
}
