//! Starting a task through a portal, and blocking until it is ready.

use super::{Portal, PortalTask};
use crate::thread::blocking::{refuse_in_tasks_of, wait};
use crate::thread::error::CallError;
use std::fmt;
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
    /// [`CallError::NotReady`] when the task ended, or dropped its token, without a word; otherwise what
    /// [`PortalTask::join`] says of a task that ended before it was ready. The task has ended then.
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
    pub fn start_task<V, F, Fut>(&self, body: F) -> Result<(V, PortalTask<Fut::Output>), CallError>
    where
        F: FnOnce(PortalReady<V>) -> Fut,
        Fut: Future + Send + 'static,
        Fut::Output: Send + 'static,
        V: Send + 'static,
    {
        refuse_in_tasks_of(self.shared.way_in.runtime())?;
        let (sender, ready) = oneshot::channel();
        let task = self.spawn(body(PortalReady { sender }))?;
        if let Ok(value) = wait(ready) {
            return Ok((value, task));
        }
        // What it dropped with its own end is told by that end, which this call does not change.
        task.cancel("it dropped its token without saying that it is ready");
        match task.wait() {
            Err(error @ (CallError::Panicked(_) | CallError::Stopped)) => Err(error),
            Err(CallError::Cancelled(cause)) if self.shared.group.scope().is_cancelled() => {
                Err(CallError::Cancelled(cause))
            }
            Ok(_) | Err(_) => Err(CallError::NotReady),
        }
    }
}
