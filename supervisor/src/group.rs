//! Task groups: children that end together, whose first failure cancels the rest.

mod body;
mod error;
mod handle;
mod looking;
mod reraised;
mod spawn;
mod start;
mod telling;

pub(crate) use body::{Fallible, Valued};
pub use error::GroupError;
pub use handle::{TaskError, TaskHandle, TaskState};
pub use looking::GroupStatistics;
pub use spawn::TaskBuilder;
pub use start::{Ready, StartError, Started};
pub use telling::in_own_scope;
pub(crate) use telling::{EndTasks, exit};

use crate::failure::Failure;
use crate::spawn::Spawner;
use arbour_primitives::scope::task::Host;
use arbour_primitives::scope::{Cause, Ended, Kind, Label, Observe, ScopeHandle};
use std::fmt;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Runs `body` with a group for child tasks, and ends when the body and all children have.
///
/// The group is a cancel scope. A child that fails (or panics) cancels the body and its siblings.
/// The group's handle may be cloned and sent anywhere; it does not keep the group open.
///
/// A body that can fail itself belongs into [`try_task_group`]: here its output is handed on as it
/// is, and the children are waited for.
///
/// # Cancel safety
///
/// Safe: dropped half-way, its children are cancelled and adopted by the enclosing scope, which
/// waits for them.
///
/// # Errors
///
/// [`GroupError::Failed`] with every failure of a child; [`GroupError::Cancelled`] when the group
/// itself was cancelled and its body gave no value. Cancelled from outside without a failure, it
/// stays pending and the outer scope resolves.
///
/// # Panics
///
/// Outside a tokio runtime. Resumes a panic of the body, after the children have ended.
///
/// # Examples
///
/// ```
/// use arbour::{Failure, task_group};
///
/// # arbour::testing::block_on(async {
/// let sum = task_group(async |group| {
///     let two = group.spawn(async { Ok::<_, Failure>(2) });
///     let three = group.spawn_value(async { 3 });
///     two.await.unwrap() + three.await.unwrap()
/// })
/// .await;
/// assert_eq!(sum.unwrap(), 5);
/// # });
/// ```
pub async fn task_group<F, Fut>(body: F) -> Result<Fut::Output, GroupError>
where
    F: FnOnce(TaskGroup) -> Fut,
    Fut: Future,
{
    run(Label::new(Kind::Group), body, |_| None).await
}

/// A group that has a name, or is more than a group, to those who look at it.
pub(crate) async fn labelled_group<F, Fut>(label: Label, body: F) -> Result<Fut::Output, GroupError>
where
    F: FnOnce(TaskGroup) -> Fut,
    Fut: Future,
{
    run(label, body, |_| None).await
}

/// Like [`task_group`], for a body that can fail: its error cancels the children and is a failure
/// of the group.
///
/// # Cancel safety
///
/// As for [`task_group`].
///
/// # Errors
///
/// As for [`task_group`], with the body's error among the failures. An error that only hands on what
/// the group knows is none of its own: a caught cancellation that is still in force counts as that
/// cancellation, the failure of a joined child is told once.
///
/// # Panics
///
/// Outside a tokio runtime. Resumes a panic of the body, after the children have ended.
///
/// # Examples
///
/// ```
/// use arbour::try_task_group;
/// use std::num::ParseIntError;
///
/// # arbour::testing::block_on(async {
/// let outcome = try_task_group(async |group| {
///     group.spawn_value(std::future::pending::<()>());
///     "seven".parse::<u32>()
/// })
/// .await;
/// assert!(outcome.unwrap_err().find::<ParseIntError>().is_some());
/// # });
/// ```
pub async fn try_task_group<F, Fut, T, E>(body: F) -> Result<T, GroupError>
where
    F: FnOnce(TaskGroup) -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: Into<Failure>,
{
    let fallible = async move |group: TaskGroup| body(group).await.map_err(Into::into);
    match run(Label::new(Kind::Group), fallible, |output: &Result<T, Failure>| output.as_ref().err().cloned())
        .await?
    {
        Ok(value) => Ok(value),
        Err(failure) => Err(GroupError::Failed(vec![failure])),
    }
}

async fn run<F, Fut>(
    label: Label,
    body: F,
    failure_of: fn(&Fut::Output) -> Option<Failure>,
) -> Result<Fut::Output, GroupError>
where
    F: FnOnce(TaskGroup) -> Fut,
    Fut: Future,
{
    crate::runtime::install();
    let spawner = Spawner::current();
    let mut opened = None;
    let host = Host::new(|scope| {
        scope.describe(label.since(crate::timeout::now()));
        let shared = Arc::new(Shared { scope, spawner, failures: Mutex::default(), around: None });
        opened = Some(Arc::clone(&shared));
        let group = TaskGroup { shared: Arc::clone(&shared) };
        (async move { body(group).await }, HostObserver { shared, failure_of })
    });
    let how = host.await;
    let failures = opened.map(|shared| std::mem::take(&mut *shared.failures())).unwrap_or_default();
    match how {
        Ended::Panicked(payload) => resume_unwind(payload),
        _ if !failures.is_empty() => Err(GroupError::Failed(failures)),
        Ended::Value(value) => Ok(value),
        Ended::Cancelled(cancelled) => Err(GroupError::Cancelled(cancelled.cause)),
    }
}

/// A handle to a task group: spawns children, cancels them. Cheap to clone and to send.
#[derive(Clone)]
pub struct TaskGroup {
    shared: Arc<Shared>,
}

/// What a group, its handles and its children share.
struct Shared {
    scope: ScopeHandle,
    spawner: Spawner,
    failures: Mutex<Vec<Failure>>,
    /// Which group fails with this one, if it is one of those [within](TaskGroup::within) a task.
    around: Option<TaskGroup>,
}

impl Shared {
    fn failures(&self) -> MutexGuard<'_, Vec<Failure>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a failure, then cancels the body and the other children. What a join handed on is
    /// recorded already.
    fn fail(&self, failure: Failure, who: &dyn fmt::Display) {
        let mut failures = self.failures();
        if !reraised::is_among(&failure, &failures) {
            failures.push(failure.clone());
        }
        drop(failures);
        self.scope.cancel(Cause::SiblingFailed(who.to_string().into()));
        if let Some(around) = &self.around {
            around.shared.fail(failure, who);
        }
    }
}

impl TaskGroup {
    /// A group on a scope that is there already, which a task runs in: a failure of a child cancels that scope, and
    /// fails the group `around` it, if there is one.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    #[doc(hidden)]
    #[must_use]
    pub fn within(scope: ScopeHandle, around: Option<Self>) -> Self {
        let spawner = Spawner::current();
        Self { shared: Arc::new(Shared { scope, spawner, failures: Mutex::default(), around }) }
    }

    /// Takes the failures of the children so far, as one.
    #[doc(hidden)]
    #[must_use]
    pub fn take_failure(&self) -> Option<Failure> {
        let mut failures = std::mem::take(&mut *self.shared.failures());
        match failures.len() {
            0 => None,
            1 => failures.pop(),
            _ => Some(GroupError::Failed(failures).into()),
        }
    }

    /// The group's scope: cancels it, asks it to drain, sets its deadline.
    #[must_use]
    pub fn scope(&self) -> ScopeHandle {
        self.shared.scope.clone()
    }

    /// Cancels the body and all children. The first cause is kept.
    pub fn cancel(&self, cause: impl Into<Cause>) {
        self.shared.scope.cancel(cause);
    }

    /// The number of children that have not ended.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.scope.child_count()
    }

    /// Whether no child is running.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for TaskGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskGroup")
            .field("scope", &self.shared.scope.id())
            .field("children", &self.len())
            .field("cancelled", &self.shared.scope.is_cancelled())
            .finish()
    }
}

/// Records the body's failure and lets nothing of the group outlast it.
struct HostObserver<T> {
    shared: Arc<Shared>,
    failure_of: fn(&T) -> Option<Failure>,
}

impl<T> Observe<T> for HostObserver<T> {
    fn ended(&mut self, how: &mut Ended<T>, in_cancelled: bool) {
        match how {
            Ended::Value(value) => {
                let Some(failure) = (self.failure_of)(value) else { return };
                match reraised::cancellation(&failure).filter(|_| in_cancelled) {
                    Some(cancelled) => *how = Ended::Cancelled(cancelled),
                    None => self.shared.fail(failure, &"the group's body"),
                }
            }
            Ended::Panicked(_) => self.shared.scope.cancel(Cause::SiblingFailed("the group's body".into())),
            Ended::Cancelled(_) => {}
        }
    }

    fn must_deliver(&self) -> bool {
        !self.shared.failures().is_empty()
    }
}
