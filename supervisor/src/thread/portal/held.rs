//! An asynchronous resource, held open across blocking code.

use super::{Portal, PortalReady, PortalTask};
use crate::thread::error::{CallError, StartError};
use arbour_primitives::standstill::telling;
use std::fmt;
use std::ops::Deref;
use tokio::sync::oneshot;

/// The resource's side: hands its value to the thread, and waits until the thread has done with it.
pub struct Hold<V, X> {
    ready: PortalReady<V>,
    closed: oneshot::Receiver<X>,
}

impl<V, X> Hold<V, X> {
    /// Gives `value` to the thread. Resolves with what [`Held::close`] was given, or with `None` when the guard was
    /// dropped, by an error or a panic of the blocking code as a rule.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the resource is open no longer, and the thread learns of it when it closes the guard.
    pub async fn open(self, value: V) -> Option<X> {
        self.ready.started(value);
        telling(self.closed, || "what it holds open for others to be closed".to_owned()).await.ok()
    }
}

impl<V, X> fmt::Debug for Hold<V, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hold").finish_non_exhaustive()
    }
}

/// The thread's side: the resource is open as long as this guard lives. Dereferences to what the resource gave.
///
/// Dropping it closes the resource and blocks until that has ended, except in asynchronous code of the portal's
/// runtime, which goes on.
pub struct Held<V, X, T> {
    value: V,
    /// `None` once closed.
    open: Option<(oneshot::Sender<X>, PortalTask<T>)>,
}

impl<V, X, T> Held<V, X, T> {
    /// Tells the resource how the blocking code ended, blocks until the resource has ended, and gives what it made of
    /// that.
    ///
    /// # Errors
    ///
    /// As for [`PortalTask::join`].
    pub fn close(mut self, how: X) -> Result<T, CallError> {
        let Some((closed, task)) = self.open.take() else { return Err(CallError::Finished) };
        // A resource that has ended by itself does not hear it; its outcome is what counts.
        let _ = closed.send(how);
        task.join()
    }
}

impl<V, X, T> Deref for Held<V, X, T> {
    type Target = V;

    fn deref(&self) -> &V {
        &self.value
    }
}

impl<V, X, T> Drop for Held<V, X, T> {
    fn drop(&mut self) {
        let Some((closed, task)) = self.open.take() else { return };
        drop(closed);
        if let Err(error @ CallError::Panicked(_)) = task.join() {
            tracing::error!(%error, "a resource that was held by a thread panicked while it was closed");
        }
    }
}

impl<V, X, T> fmt::Debug for Held<V, X, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held")
            .field("task", &self.open.as_ref().map(|(_, task)| task))
            .finish_non_exhaustive()
    }
}

impl Portal {
    /// Opens an asynchronous resource for blocking code: runs `body` as a task, which opens the resource, gives it to
    /// this thread with [`Hold::open`], and closes it when that resolves.
    ///
    /// # Errors
    ///
    /// As for [`start_task`](Self::start_task), when the body ends before it has opened.
    ///
    /// # Examples
    ///
    /// ```
    /// use arbour::thread::{Hold, Portal};
    ///
    /// let portal = Portal::start()?;
    /// let connection = portal.hold(|hold: Hold<_, Result<(), &'static str>>| async move {
    ///     // … connect …
    ///     match hold.open("connected").await {
    ///         Some(Ok(())) => "committed",
    ///         Some(Err(_)) | None => "rolled back",
    ///     }
    /// })?;
    /// assert_eq!(*connection, "connected");
    /// assert_eq!(connection.close(Ok(()))?, "committed");
    /// portal.finish();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn hold<V, X, F, Fut>(&self, body: F) -> Result<Held<V, X, Fut::Output>, StartError<Fut::Output>>
    where
        F: FnOnce(Hold<V, X>) -> Fut,
        Fut: Future + Send + 'static,
        Fut::Output: Send + 'static,
        V: Send + 'static,
        X: Send + 'static,
    {
        let (close, closed) = oneshot::channel();
        let (value, task) = self.start_task(|ready| body(Hold { ready, closed }))?;
        Ok(Held { value, open: Some((close, task)) })
    }
}
