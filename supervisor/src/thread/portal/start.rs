//! Starting a task through a portal, and blocking until it is ready.

use super::{Portal, PortalTask};
use crate::thread::blocking::{refuse_in_tasks_of, wait};
use crate::thread::error::{CallError, StartError};
use std::fmt;
use std::panic::Location;
use tokio::sync::oneshot;

/// The token with which a starting task says that it is ready. Dropped unused, it cancels the task.
pub struct PortalReady<V> {
    sender: oneshot::Sender<V>,
}

impl<V> PortalReady<V> {
    /// Says that the task is ready: the thread that starts it goes on with `value`.
    pub fn started(self, value: V) {
        // That thread blocks for this, and cannot have gone.
        let _ = self.sender.send(value);
    }
}

impl<V> fmt::Debug for PortalReady<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortalReady").finish_non_exhaustive()
    }
}

impl Portal {
    /// Starts a task and blocks this thread until the task says that it is ready. Gives what it said, and its handle.
    ///
    /// # Errors
    ///
    /// [`StartError::Ended`] hands back what the task gave without having said that it is ready,
    /// [`StartError::TokenDropped`] tells that it went on without its token and was cancelled, and
    /// [`StartError::Call`] is what [`PortalTask::join`] says otherwise. The task has ended then.
    ///
    /// # Examples
    ///
    /// ```
    /// use arbour::thread::Portal;
    ///
    /// let portal = Portal::start()?;
    /// let (port, server) = portal.start_task(|ready| async move {
    ///     ready.started(8080);
    ///     "served"
    /// })?;
    /// assert_eq!((port, server.join()?), (8080, "served"));
    /// portal.finish();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    #[expect(clippy::type_complexity, reason = "spelled out, it says what is given either way")]
    pub fn start_task<V, F, Fut>(
        &self,
        body: F,
    ) -> Result<(V, PortalTask<Fut::Output>), StartError<Fut::Output>>
    where
        F: FnOnce(PortalReady<V>) -> Fut,
        Fut: Future + Send + 'static,
        Fut::Output: Send + 'static,
        V: Send + 'static,
    {
        refuse_in_tasks_of(self.shared.way_in.runtime())?;
        let (sender, ready) = oneshot::channel();
        let task = self.spawn_at(Location::caller(), body(PortalReady { sender }))?;
        if let Ok(value) = wait(ready) {
            return Ok((value, task));
        }
        // What it dropped with its own end is told by that end, which this call does not change.
        task.cancel("it dropped its token without saying that it is ready");
        match task.wait() {
            Ok(value) => Err(StartError::Ended(value)),
            Err(CallError::Cancelled(_)) if !self.shared.group.scope().is_cancelled() => {
                Err(StartError::TokenDropped)
            }
            Err(error) => Err(StartError::Call(error)),
        }
    }
}
