//! Portals: how synchronous code starts and awaits tasks.

mod held;
mod provider;
mod remote;
mod start;
mod task;
mod thread;

pub use held::{Held, Hold};
pub use provider::{PortalProvider, SharedPortal};
pub use start::PortalReady;
pub use task::PortalTask;
pub use thread::{PortalBuilder, PortalThread};

use super::blocking::refuse_in_tasks_of;
use super::caught::Caught;
use super::error::CallError;
use super::runtime_handle::{Child, RuntimeHandle};
use crate::failure::Failure;
use crate::group::{GroupError, TaskGroup, try_task_group};
use arbour_primitives::scope::{Cause, Gate};
use arbour_primitives::standstill;
use std::fmt;
use std::future::poll_fn;
use std::panic::Location;
use std::pin::pin;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// The way into a task group for code that does not await: any thread starts tasks through it, and blocks for what
/// they give. Cheap to clone and to send.
///
/// A portal is a task group: [`open`](Self::open) opens one inside asynchronous code, [`start`](Self::start) in a
/// runtime of its own. Errors and panics of its tasks stay with those who started them.
///
/// # Examples
///
/// A synchronous program:
///
/// ```
/// use arbour::thread::Portal;
///
/// let portal = Portal::start()?;
/// let sum = portal.call(async { 2 + 3 })?;
/// let task = portal.spawn(async { "done meanwhile" })?;
/// assert_eq!((sum, task.join()?), (5, "done meanwhile"));
/// portal.finish();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Portal {
    shared: Arc<Shared>,
}

struct Shared {
    group: TaskGroup,
    way_in: RuntimeHandle,
    stopped: watch::Sender<bool>,
}

impl Portal {
    /// Opens a portal for as long as `body` runs, and ends when the body and all tasks have ended.
    ///
    /// Once the body has ended the portal takes no more calls. A body that fails cancels the tasks; those who block
    /// for them get [`CallError::Cancelled`].
    ///
    /// # Cancel safety
    ///
    /// As for [`try_task_group`].
    ///
    /// # Errors
    ///
    /// [`GroupError::Failed`] with the error of the body; [`GroupError::Cancelled`] after [`cancel`](Self::cancel).
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime. Resumes a panic of the body, after the tasks have ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use arbour::{Failure, testing::block_on, thread::Portal};
    ///
    /// block_on(async {
    ///     let outcome = Portal::open(async |portal| {
    ///         let (told, heard) = tokio::sync::oneshot::channel();
    ///         let calling = portal.clone();
    ///         let foreign = std::thread::spawn(move || told.send(calling.call(async { 42 })));
    ///         let answer = heard.await.unwrap();
    ///         foreign.join().unwrap().unwrap();
    ///         Ok::<_, Failure>(answer.unwrap())
    ///     });
    ///     assert_eq!(outcome.await.unwrap(), 42);
    /// });
    /// ```
    pub async fn open<F, Fut, T, E>(body: F) -> Result<T, GroupError>
    where
        F: FnOnce(Self) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Into<Failure>,
    {
        try_task_group(async |group| {
            let way_in = RuntimeHandle::new(Handle::current(), Some(group.scope()));
            let shared = Arc::new(Shared { group, way_in, stopped: watch::Sender::new(false) });
            let _stop = StopOnDrop(Arc::clone(&shared));
            body(Self { shared }).await
        })
        .await
    }

    /// Runs a future in the portal and blocks this thread until it has ended.
    ///
    /// # Errors
    ///
    /// [`CallError::Cancelled`] when the portal was cancelled before the future gave a value,
    /// [`CallError::Stopped`] when the portal takes no more calls or its runtime ends meanwhile, and [`CallError::WouldDeadlock`] in asynchronous
    /// code of the portal's own runtime, which should await instead.
    ///
    /// # Panics
    ///
    /// Resumes a panic of the future.
    #[track_caller]
    pub fn call<F>(&self, future: F) -> Result<F::Output, CallError>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        refuse_in_tasks_of(self.shared.way_in.runtime())?;
        let outcome = self.child(Location::caller(), future)?.wait().map_err(stopped_for_finished)?;
        Ok(Caught::value_or_resume(outcome))
    }

    /// Starts a task in the portal, and does not wait. It is known by the place of this call.
    ///
    /// # Errors
    ///
    /// [`CallError::Stopped`] when the portal takes no more calls: the future was dropped unpolled.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> Result<PortalTask<F::Output>, CallError>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawn_at(Location::caller(), future)
    }

    /// Takes no more calls from now on. What runs, runs on: who opened the portal waits for it.
    pub fn stop(&self) {
        self.shared.stopped.send_replace(true);
    }

    /// Takes no more calls, and cancels the body and all tasks. The first cause is kept.
    pub fn cancel(&self, cause: impl Into<Cause>) {
        self.stop();
        self.shared.group.cancel(cause);
    }

    /// Whether the portal takes no more calls.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        *self.shared.stopped.borrow()
    }

    /// Resolves when the portal takes no more calls: what the body of a portal waits for that others stop.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it loses nothing.
    pub async fn stopped(&self) {
        let mut gate = Gate::new();
        poll_fn(|cx| gate.poll_enter(cx)).await;
        let mut stopped = self.shared.stopped.subscribe();
        // The sender is ours, and cannot have gone.
        let stopped = pin!(stopped.wait_for(|stopped| *stopped));
        let _ = standstill::telling(stopped, || "a portal to be stopped".to_owned()).await;
    }

    fn spawn_at<F>(
        &self,
        place: &'static Location<'static>,
        future: F,
    ) -> Result<PortalTask<F::Output>, CallError>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Ok(PortalTask::new(self.child(place, future)?, self.clone()))
    }

    /// Spawns a task, unless the portal was stopped.
    fn child<F>(&self, place: &'static Location<'static>, future: F) -> Result<Child<F::Output>, CallError>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        if self.is_stopped() {
            return Err(CallError::Stopped);
        }
        self.shared.way_in.child(place, future).map_err(stopped_for_finished)
    }
}

/// To those who call a portal, one whose group has ended is stopped.
fn stopped_for_finished(error: CallError) -> CallError {
    if matches!(error, CallError::Finished) { CallError::Stopped } else { error }
}

impl fmt::Debug for Portal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Portal")
            .field("group", &self.shared.group)
            .field("stopped", &self.is_stopped())
            .finish()
    }
}

/// However the body ends, the portal takes no more calls from then on.
struct StopOnDrop(Arc<Shared>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stopped.send_replace(true);
    }
}
