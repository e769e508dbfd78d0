//! The handle of one child.

use crate::failure::{Failure, TaskName};
use arbour_primitives::scope::{Cancelled, Cause, Ended, Gate, ScopeHandle};
use arbour_primitives::standstill;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use tokio::task::coop::unconstrained;
use tokio::task::{JoinError, JoinHandle};

/// Why a child gave no value.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// It returned an error, or panicked.
    #[error("task failed: {0}")]
    Failed(Failure),
    /// It was cancelled, by its handle or with its group.
    #[error("task was cancelled: {0}")]
    Cancelled(Cause),
    /// It was aborted, by its handle or with its group, or its runtime was shut down before it had ended.
    #[error("task was aborted")]
    Aborted,
    /// The group had finished: the future was dropped unpolled.
    #[error("task was not started: its group has finished")]
    NotStarted,
    /// It has not ended yet: see [`TaskHandle::try_join`].
    #[error("task has not finished")]
    NotFinished,
}

/// How far a child has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskState {
    /// The group had finished: the future was dropped unpolled.
    NotStarted,
    /// It runs, or waits to.
    Running,
    /// It is cancelled, by itself or with its group, and has not ended yet.
    Cancelling,
    /// It has ended, its own children and finalizers included; the handle has its outcome.
    Finished,
}

/// The handle of one child: its outcome, once, and ways to end it.
///
/// Awaiting it gives the outcome. Dropping it leaves the child to its group. Where the code that
/// awaits is cancelled itself, an outcome `Cancelled` or `Aborted` is not given: that code is dropped
/// there.
///
/// # Cancel safety
///
/// Safe: awaiting it by reference and dropping that await loses nothing.
///
/// # Panics
///
/// When it is polled again after it gave the outcome.
pub struct TaskHandle<T> {
    task: Option<Task<T>>,
    name: TaskName,
}

type Joined<T> = Result<Ended<Result<T, Failure>>, JoinError>;

struct Task<T> {
    join: JoinHandle<Ended<Result<T, Failure>>>,
    /// What the join gave to one who only waited. The mutex is never locked: with it a handle is `Sync`, like a join.
    early: Option<Box<Mutex<Joined<T>>>>,
    scope: ScopeHandle,
    /// The outcome `Cancelled` or `Aborted`, while whoever awaits it is cancelled too.
    withheld: Option<Box<Withheld>>,
}

/// An outcome that is no failure, and the gate that lets it out.
struct Withheld {
    why: TaskError,
    gate: Gate,
}

impl<T> Task<T> {
    fn poll_join(&mut self, cx: &mut Context<'_>) -> Poll<Joined<T>> {
        if let Some(early) = self.early.take() {
            return Poll::Ready(early.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
        let joined = Pin::new(&mut self.join).poll(cx);
        // Once tokio's budget is spent a join is pending though it is ready. In a cancelled scope the
        // body would then be dropped, and the outcome lost.
        if joined.is_pending() && self.join.is_finished() && in_cancelled_scope() {
            return pin!(unconstrained(&mut self.join)).poll(cx);
        }
        joined
    }
}

impl<T> Task<T> {
    fn is_finished(&self) -> bool {
        self.early.is_some() || self.join.is_finished()
    }

    /// Waits for the end, and keeps the outcome for whoever asks for it.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.early.is_none() && self.withheld.is_none() {
            self.early = Some(Box::new(Mutex::new(ready!(self.poll_join(cx)))));
        }
        Poll::Ready(())
    }

    /// In a cancelled scope an outcome that is no failure waits: it is that scope's own cancellation as a
    /// rule, and must not come out as an error of the code that awaits it.
    fn poll_withheld(&mut self, cx: &mut Context<'_>) -> Poll<TaskError> {
        let Some(withheld) = &mut self.withheld else { return Poll::Pending };
        ready!(withheld.gate.poll_enter(cx));
        // Given once: the join then panics, as it does after any outcome.
        self.withheld.take().map_or(Poll::Pending, |withheld| Poll::Ready(withheld.why))
    }
}

fn in_cancelled_scope() -> bool {
    ScopeHandle::current().is_some_and(|scope| scope.is_cancelled())
}

impl<T> TaskHandle<T> {
    pub(super) fn new(
        join: JoinHandle<Ended<Result<T, Failure>>>,
        scope: ScopeHandle,
        name: TaskName,
    ) -> Self {
        Self { task: Some(Task { join, early: None, scope, withheld: None }), name }
    }

    pub(super) fn not_started(name: TaskName) -> Self {
        Self { task: None, name }
    }

    /// A number that no other task of this process has; none for a child that was not started.
    #[must_use]
    pub fn id(&self) -> Option<u64> {
        self.task.as_ref().map(|task| task.scope.id())
    }

    /// The child's name: given, or the place where it was spawned.
    #[must_use]
    pub fn name(&self) -> String {
        self.name.to_string()
    }

    /// How far the child has come.
    #[must_use]
    pub fn state(&self) -> TaskState {
        match &self.task {
            None => TaskState::NotStarted,
            Some(task) if task.is_finished() => TaskState::Finished,
            Some(task) if task.scope.is_cancelled() => TaskState::Cancelling,
            Some(_) => TaskState::Running,
        }
    }

    /// Whether the child has ended, its own children and finalizers included; also when it was not
    /// started.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        matches!(self.state(), TaskState::Finished | TaskState::NotStarted)
    }

    /// Cancels this child alone; that is its outcome, and no failure of the group.
    pub fn cancel(&self, cause: impl Into<Cause>) {
        if let Some(task) = &self.task {
            task.scope.cancel(cause);
        }
    }

    /// Aborts this child alone: its shields, clean-ups and finalizers are dropped. Its outcome is
    /// `Aborted`, and no failure of the group; a child that had given its value keeps it.
    pub fn abort(&self, cause: impl Into<Cause>) {
        if let Some(task) = &self.task {
            task.scope.abort(cause);
        }
    }

    /// Waits until the child has ended, in whatever way, its own children and finalizers included. Its outcome is
    /// still there afterwards.
    ///
    /// # Cancel safety
    ///
    /// Safe: nothing is lost when it is dropped.
    ///
    /// # Panics
    ///
    /// When the handle has given its outcome already.
    ///
    /// # Examples
    ///
    /// ```
    /// use arbour::{Failure, TaskError, task_group};
    ///
    /// # arbour::testing::block_on(async {
    /// task_group(async |group| {
    ///     let mut child = group.task().report_to_handle().spawn(async { Err::<(), _>(Failure::message("broken")) });
    ///     assert!(matches!(child.try_join(), Err(TaskError::NotFinished)));
    ///     child.wait().await;
    ///     assert!(child.is_finished());
    ///     assert!(matches!(child.try_join(), Err(TaskError::Failed(_))));
    /// })
    /// .await
    /// .unwrap();
    /// # });
    /// ```
    pub async fn wait(&mut self) {
        let Self { task: Some(task), name } = self else { return };
        let mut gate = Gate::joining();
        poll_fn(|cx| {
            ready!(gate.poll_enter(cx));
            standstill::tell(task.poll_end(cx), || format!("the end of {name}"))
        })
        .await;
    }

    /// The child's outcome, if it has ended.
    ///
    /// # Errors
    ///
    /// [`TaskError::NotFinished`] while it has not; else why it gave no value.
    ///
    /// # Panics
    ///
    /// When the handle has given its outcome already.
    pub fn try_join(&mut self) -> Result<T, TaskError> {
        let Some(task) = &mut self.task else { return Err(TaskError::NotStarted) };
        if let Some(withheld) = task.withheld.take() {
            return Err(withheld.why);
        }
        if !task.is_finished() {
            return Err(TaskError::NotFinished);
        }
        let cx = &mut Context::from_waker(Waker::noop());
        match pin!(unconstrained(poll_fn(|cx| task.poll_join(cx)))).poll(cx) {
            Poll::Ready(joined) => outcome(joined, &task.scope),
            Poll::Pending => Err(TaskError::NotFinished),
        }
    }

    /// The child's scope; none for a child that was not started.
    #[must_use]
    pub fn scope(&self) -> Option<ScopeHandle> {
        self.task.as_ref().map(|task| task.scope.clone())
    }
}

impl<T> Future for TaskHandle<T> {
    type Output = Result<T, TaskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { task, name } = &mut *self;
        let Some(task) = task else { return Poll::Ready(Err(TaskError::NotStarted)) };
        if task.withheld.is_none() {
            // The unit is taken by the poll that has something to give: there may be many before it.
            if task.is_finished() {
                ready!(Gate::joining().poll_enter(cx));
            }
            let joined = standstill::tell(task.poll_join(cx), || format!("the end of {name}"));
            match outcome(ready!(joined), &task.scope) {
                Err(why @ (TaskError::Cancelled(_) | TaskError::Aborted)) => {
                    task.withheld = Some(Box::new(Withheld { why, gate: Gate::new() }));
                }
                outcome => return Poll::Ready(outcome),
            }
        }
        task.poll_withheld(cx).map(Err)
    }
}

fn outcome<T>(joined: Joined<T>, scope: &ScopeHandle) -> Result<T, TaskError> {
    match joined {
        Ok(Ended::Value(Ok(value))) => Ok(value),
        Ok(Ended::Value(Err(failure))) => Err(TaskError::Failed(failure)),
        Ok(Ended::Cancelled(_)) if scope.is_aborted() => Err(TaskError::Aborted),
        Ok(Ended::Cancelled(Cancelled { cause, .. })) => Err(TaskError::Cancelled(cause)),
        // A panic was made a failure before the node ended; what is left is the runtime's own.
        Ok(Ended::Panicked(_)) | Err(_) => Err(TaskError::Aborted),
    }
}

impl<T> fmt::Debug for TaskHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskHandle")
            .field("name", &self.name())
            .field("id", &self.id())
            .field("state", &self.state())
            .finish()
    }
}
