//! The way back into a runtime, for any thread.

use super::blocking::{refuse_in_tasks_of, wait};
use super::caught::Caught;
use super::context;
use super::error::CallError;
use crate::carried::Carried;
use crate::scope::CancelScope;
use arbour_primitives::scope::{Cancelled, Ended, ScopeHandle};
use futures::FutureExt;
use std::fmt;
use std::panic::{AssertUnwindSafe, Location};
use tokio::runtime::Handle;
use tokio::task::coop::unconstrained;
use tokio::task::{JoinError, JoinHandle};

/// The way back into a runtime, for any thread: runs code in the scope where the handle was taken.
///
/// What it runs are child tasks of that scope: cancelled with it, waited for by it, refused once it has ended.
/// A handle taken outside of every scope runs each call in a scope of its own.
///
/// # Examples
///
/// ```
/// use arbour::{CancelScope, testing::block_on, thread::RuntimeHandle};
///
/// block_on(CancelScope::new().run(async {
///     let runtime = RuntimeHandle::current().unwrap();
///     let (told, heard) = tokio::sync::oneshot::channel();
///     let foreign = std::thread::spawn(move || {
///         let answer = runtime.block_on(async { 6 * 7 });
///         told.send(answer.unwrap()).unwrap();
///     });
///     assert_eq!(heard.await.unwrap(), 42);
///     foreign.join().unwrap();
/// }))
/// .unwrap();
/// ```
#[derive(Clone)]
pub struct RuntimeHandle {
    runtime: Handle,
    /// `None`: each call has a scope of its own.
    scope: Option<ScopeHandle>,
}

impl RuntimeHandle {
    /// The handle of the runtime and the scope that are current here. In a thread of
    /// [`run_sync`](super::run_sync) it is that of the caller, unless the function runs a scope itself.
    ///
    /// # Errors
    ///
    /// [`CallError::NoRuntime`] in a thread that is neither.
    pub fn current() -> Result<Self, CallError> {
        let scope = ScopeHandle::current();
        if let (None, Some(call)) = (&scope, context::current()) {
            return Ok(call.way_back().clone());
        }
        crate::runtime::install();
        let runtime = Handle::try_current().map_err(|_| CallError::NoRuntime)?;
        Ok(Self { runtime, scope })
    }

    pub(super) fn new(runtime: Handle, scope: Option<ScopeHandle>) -> Self {
        Self { runtime, scope }
    }

    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Runs a future as a task of the runtime and blocks this thread until it has ended, its children and
    /// finalizers included.
    ///
    /// # Errors
    ///
    /// [`CallError::Cancelled`] when the scope was cancelled before the future gave a value,
    /// [`CallError::Finished`] when the scope or the runtime has ended, and [`CallError::WouldDeadlock`] on a
    /// thread that the runtime polls tasks on.
    ///
    /// # Panics
    ///
    /// Resumes a panic of the future.
    #[track_caller]
    pub fn block_on<F>(&self, future: F) -> Result<F::Output, CallError>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        refuse_in_tasks_of(&self.runtime)?;
        let outcome = self.child(Location::caller(), future)?.wait()?;
        Ok(Caught::value_or_resume(outcome))
    }

    /// Runs a function on a thread of the runtime and blocks this one until it has returned.
    ///
    /// Inside, the runtime and the scope are current. A cancellation does not keep it from running: it has no
    /// await to be cancelled at.
    ///
    /// # Errors
    ///
    /// [`CallError::Finished`] and [`CallError::WouldDeadlock`], as for [`block_on`](Self::block_on).
    ///
    /// # Panics
    ///
    /// Resumes a panic of the function.
    #[track_caller]
    pub fn run<F, T>(&self, function: F) -> Result<T, CallError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.block_on(async move { function() })
    }

    /// Runs a future as a task of the runtime and does not wait. A panic of it is reported.
    ///
    /// # Errors
    ///
    /// [`CallError::Finished`] when the scope or the runtime has ended: the future was dropped unpolled.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> Result<(), CallError>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let place = Location::caller();
        let reported = async move {
            if let Err(payload) = AssertUnwindSafe(future).catch_unwind().await {
                let failure = Caught::here(payload).into_failure();
                tracing::error!(%failure, %place, "a task that nobody waits for panicked; nothing else is concerned");
            }
        };
        self.child(place, reported)?.refused_by_runtime()
    }

    /// Spawns a child task of the scope, with the span and the scoped values of this thread. It is known by the place
    /// where the user called.
    pub(super) fn child<F>(
        &self,
        place: &'static Location<'static>,
        future: F,
    ) -> Result<Child<F::Output>, CallError>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let future = AssertUnwindSafe(Carried::capture().carry(future)).catch_unwind();
        let future = future.map(|outcome| outcome.map_err(Caught::here));
        let Some(host) = &self.scope else {
            let scope = CancelScope::new();
            let handle = scope.handle();
            let alone = scope.run(future).map(|outcome| match outcome {
                Ok(outcome) => Ended::Value(outcome),
                Err(cancelled) => Ended::Cancelled(cancelled),
            });
            return Ok(Child { join: self.runtime.spawn(alone), scope: handle, place });
        };
        let seat = host.seat_at(place).ok_or(CallError::Finished)?;
        let scope = seat.handle();
        Ok(Child { join: self.runtime.spawn(seat.child(future, ())), scope, place })
    }
}

impl fmt::Debug for RuntimeHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuntimeHandle")
            .field("runtime", &self.runtime.id())
            .field("scope", &self.scope.as_ref().map(ScopeHandle::id))
            .finish()
    }
}

/// A child task that belongs to a thread: its value or its panic, once.
pub(super) struct Child<T> {
    join: JoinHandle<Ended<Result<T, Caught>>>,
    pub(super) scope: ScopeHandle,
    /// Where the user called.
    pub(super) place: &'static Location<'static>,
}

/// What a child gave: its value, or the panic that ended it.
type Outcome<T> = Result<Result<T, Caught>, CallError>;

impl<T> Child<T> {
    /// Blocks this thread until the task has ended.
    pub(super) fn wait(self) -> Outcome<T> {
        outcome_of(wait(self.join))
    }

    /// Waits for the task's end.
    pub(super) async fn ended(&mut self) -> Outcome<T> {
        // Tokio's budget would keep back an outcome that is there, and a cancelled caller would lose it.
        outcome_of(unconstrained(&mut self.join).await)
    }

    pub(super) fn is_finished(&self) -> bool {
        self.join.is_finished()
    }

    /// A runtime that has shut down drops what is spawned at once.
    fn refused_by_runtime(mut self) -> Result<(), CallError> {
        match unconstrained(&mut self.join).now_or_never() {
            Some(Err(error)) if error.is_cancelled() => Err(CallError::Finished),
            _ => Ok(()),
        }
    }
}

fn outcome_of<T>(joined: Result<Ended<Result<T, Caught>>, JoinError>) -> Outcome<T> {
    match joined {
        Ok(Ended::Value(outcome)) => Ok(outcome),
        Ok(Ended::Panicked(payload)) => Ok(Err(Caught::here(payload))),
        Ok(Ended::Cancelled(Cancelled { cause, .. })) => Err(CallError::Cancelled(cause)),
        Err(error) => match error.try_into_panic() {
            Ok(payload) => Ok(Err(Caught::here(payload))),
            Err(_) => Err(CallError::Finished),
        },
    }
}
