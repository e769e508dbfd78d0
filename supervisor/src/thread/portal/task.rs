//! The handle of a portal's task, for threads.

use super::Portal;
use crate::failure::TaskName;
use crate::thread::blocking::refuse_in_tasks_of;
use crate::thread::caught::Caught;
use crate::thread::error::CallError;
use crate::thread::runtime_handle::Child;
use arbour_primitives::scope::Cause;
use std::fmt;

/// The handle of a portal's task. Dropping it leaves the task to the portal.
#[must_use = "what the task gives, its panic included, is lost with the handle"]
pub struct PortalTask<T> {
    child: Child<T>,
    portal: Portal,
}

impl<T> PortalTask<T> {
    pub(super) fn new(child: Child<T>, portal: Portal) -> Self {
        Self { child, portal }
    }

    /// Blocks this thread until the task has ended, its children and finalizers included.
    ///
    /// # Errors
    ///
    /// [`CallError::Panicked`], [`CallError::Cancelled`] when the task or its portal was cancelled before it gave a
    /// value, [`CallError::Stopped`] when the portal's runtime ended before it, and [`CallError::WouldDeadlock`] in
    /// asynchronous code of that runtime.
    pub fn join(self) -> Result<T, CallError> {
        refuse_in_tasks_of(self.portal.shared.way_in.runtime())?;
        self.wait()
    }

    /// Blocks this thread, whichever that is.
    pub(super) fn wait(self) -> Result<T, CallError> {
        let name = TaskName::Place(self.child.place);
        let outcome = self.child.wait().map_err(super::stopped_for_finished)?;
        outcome.map_err(|panic| {
            let path = self.portal.shared.group.scope().path();
            CallError::Panicked(Caught::into_failure(panic).in_task(&name, &path))
        })
    }

    /// Cancels this task alone.
    pub fn cancel(&self, cause: impl Into<Cause>) {
        self.child.scope.cancel(cause);
    }

    /// Whether the task has ended, its own children and finalizers included.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.child.is_finished()
    }
}

impl<T> fmt::Debug for PortalTask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortalTask")
            .field("id", &self.child.scope.id())
            .field("place", &format_args!("{}", self.child.place))
            .field("finished", &self.is_finished())
            .finish()
    }
}
