//! Starting a child and waiting until it is ready.

use super::body::Fallible;
use super::handle::{TaskError, TaskHandle};
use super::spawn::failure_of;
use super::{Shared, TaskGroup};
use crate::carried::Carried;
use crate::failure::{Failure, TaskName};
use arbour_primitives::scope::task::Reservation;
use arbour_primitives::scope::{Cause, Ended, Observe, ScopeHandle};
use arbour_primitives::standstill::telling;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::oneshot;

/// A child that reported that it is ready.
#[derive(Debug)]
#[non_exhaustive]
pub struct Started<V, T> {
    /// What the child reported.
    pub value: V,
    /// The handle of the child, which runs in the group now.
    pub handle: TaskHandle<T>,
}

/// Why a child did not become ready.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// It failed first: the failure is the starter's, not the group's.
    #[error("the task failed before it was ready: {0}")]
    Failed(Failure),
    /// It ended, or dropped its token, without saying that it is ready.
    #[error("the task ended without saying that it is ready")]
    NotReady,
    /// It was cancelled before it was ready.
    #[error("the task was cancelled before it was ready: {0}")]
    Cancelled(Cause),
    /// The group had finished: nothing was run.
    #[error("the task was not started: its group has finished")]
    NotStarted,
}

/// The token with which a starting child says that it is ready. Dropped unused, it cancels the child.
pub struct Ready<V> {
    /// `None` once used.
    inner: Option<Token<V>>,
}

struct Token<V> {
    sender: oneshot::Sender<V>,
    place: Reservation,
    child: ScopeHandle,
    ready: Arc<AtomicBool>,
}

impl<V> Ready<V> {
    /// Says that the child is ready: it moves from the caller's scope to the group, in one step, and
    /// the caller's `start` returns `value`. If the caller has gone, nothing happens.
    pub fn started(mut self, value: V) {
        let Some(token) = self.inner.take() else { return };
        if token.sender.is_closed() {
            return;
        }
        token.ready.store(true, Ordering::Release);
        token.place.take(&token.child);
        // The caller may go at this moment; the child is the group's all the same.
        let _ = token.sender.send(value);
    }
}

impl<V> Drop for Ready<V> {
    fn drop(&mut self) {
        if let Some(token) = self.inner.take() {
            token.child.cancel("it dropped its token without saying that it is ready");
        }
    }
}

impl<V> fmt::Debug for Ready<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready").finish_non_exhaustive()
    }
}

impl TaskGroup {
    /// Starts a child and waits until it says that it is ready.
    ///
    /// Until then the child is in the *caller's* scope: cancelling the caller ends it, cancelling
    /// this group does not; the group stays open meanwhile.
    ///
    /// # Cancel safety
    ///
    /// Dropped before the child is ready, the child is cancelled, and the caller's scope waits for it.
    ///
    /// # Errors
    ///
    /// [`StartError`] when the child failed, ended or was cancelled before it was ready, after it has
    /// ended; and when the group had finished.
    ///
    /// # Examples
    ///
    /// ```
    /// use arbour::{Failure, task_group};
    ///
    /// # arbour::testing::block_on(async {
    /// task_group(async |group| {
    ///     let server = group.start(|ready| async move {
    ///         ready.started(8080);
    ///         Ok::<_, Failure>("served")
    ///     });
    ///     let started = server.await.unwrap();
    ///     assert_eq!((started.value, started.handle.await.unwrap()), (8080, "served"));
    /// })
    /// .await
    /// .unwrap();
    /// # });
    /// ```
    #[track_caller]
    pub fn start<V, T, E, F, Fut>(
        &self,
        body: F,
    ) -> impl Future<Output = Result<Started<V, T>, StartError>> + use<V, T, E, F, Fut>
    where
        F: FnOnce(Ready<V>) -> Fut,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
        V: Send + 'static,
        T: Send + 'static,
        E: Into<Failure> + Send + 'static,
    {
        let place = Location::caller();
        let shared = Arc::clone(&self.shared);
        async move { start(shared, place, body).await }
    }
}

async fn start<V, T, E, F, Fut>(
    shared: Arc<Shared>,
    place: &'static Location<'static>,
    body: F,
) -> Result<Started<V, T>, StartError>
where
    F: FnOnce(Ready<V>) -> Fut,
    Fut: Future<Output = Result<T, E>> + Send + 'static,
    V: Send + 'static,
    T: Send + 'static,
    E: Into<Failure> + Send + 'static,
{
    let name = TaskName::Place(place);
    let reserved = shared.scope.reserve().ok_or(StartError::NotStarted)?;
    // Outside of every scope, the group's is the only one that can wait for the child.
    let caller = ScopeHandle::current().unwrap_or_else(|| shared.scope.clone());
    let seat = caller.seat_at(place).ok_or(StartError::NotStarted)?;
    let child = seat.handle();
    let ready = Arc::new(AtomicBool::new(false));
    let started = Arc::clone(&ready);
    let (sender, receiver) = oneshot::channel();
    let token = Token { sender, place: reserved, child: child.clone(), ready: Arc::clone(&ready) };
    let observer = StartObserver { group: Arc::clone(&shared), name: name.clone(), ready };
    let future = body(Ready { inner: Some(token) });
    let carrying = Carried::capture().carry(Fallible { future });
    let task = shared.spawner.spawn(&name, seat.child(carrying, observer));
    let mut handle = TaskHandle::new(task, child.clone(), name);

    let unready = CancelOnDrop { child: Some(child), ready: started };
    let wanted = || "a child that it starts to say that it is ready".to_owned();
    if let Ok(value) = telling(receiver, wanted).await {
        unready.keep();
        return Ok(Started { value, handle });
    }
    let outcome = (&mut handle).await;
    unready.keep();
    Err(match outcome {
        Err(TaskError::Failed(failure)) => StartError::Failed(failure),
        Err(TaskError::Cancelled(cause)) if caller.is_cancelled() => StartError::Cancelled(cause),
        Ok(_) | Err(_) => StartError::NotReady,
    })
}

/// A start that is dropped before its child is ready cancels it; the caller's scope then waits for it.
struct CancelOnDrop {
    child: Option<ScopeHandle>,
    ready: Arc<AtomicBool>,
}

impl CancelOnDrop {
    fn keep(mut self) {
        self.child = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(child) = &self.child
            && !self.ready.load(Ordering::Acquire)
        {
            child.cancel("its start was dropped before it was ready");
        }
    }
}

/// A failure before readiness is the starter's; one after it is the group's.
struct StartObserver {
    group: Arc<Shared>,
    name: TaskName,
    ready: Arc<AtomicBool>,
}

impl<T> Observe<Result<T, Failure>> for StartObserver {
    fn ended(&mut self, how: &mut Ended<Result<T, Failure>>, in_cancelled: bool) {
        let failure = failure_of(how, &self.name, Some(&self.group), in_cancelled);
        if self.ready.load(Ordering::Acquire)
            && let Some(failure) = failure
        {
            self.group.fail(failure, &self.name);
        }
    }
}
