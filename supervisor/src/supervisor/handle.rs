//! What others may ask of a supervisor.

use super::driver::Inbox;
use super::error::Refused;
use super::snapshot::SupervisorSnapshot;
use super::start_call::StartCall;
use crate::child::ChildSpec;
use crate::directive::Directive;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::machine::{CallError, ChildId, Incarnation, Request, SlotKey};
use crate::timeout::now;
use arbour_primitives::standstill::telling;
use arbour_primitives::stream::SendStream;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::oneshot;

/// A handle to a supervisor. Cheap to clone; it does not keep the supervisor running.
///
/// Calls are answered while children start slowly, crash in a loop or are slow to stop. A child that
/// stops *itself* through a call and waits for the answer waits for its own end: it wants
/// [`request_stop`](Self::request_stop), or simply to return.
#[derive(Clone)]
pub struct SupervisorHandle {
    shared: Arc<Shared>,
}

struct Shared {
    name: Arc<str>,
    inbox: SendStream<Inbox>,
    /// How it was when it ended.
    last: OnceLock<SupervisorSnapshot>,
}

impl SupervisorHandle {
    pub(super) fn new(name: Arc<str>, inbox: SendStream<Inbox>) -> Self {
        Self { shared: Arc::new(Shared { name, inbox, last: OnceLock::new() }) }
    }

    /// The supervisor's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Adds a child at the end and starts it; returns when it is ready.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it only stops waiting: the child is started all the same.
    ///
    /// # Errors
    ///
    /// [`Refused`] when a child of this name is there already, the specification makes no sense, the
    /// child did not become ready, or the supervisor is ending.
    pub async fn start_child(&self, spec: ChildSpec) -> Result<(), Refused> {
        let id = Arc::clone(&spec.id);
        let (call, answer) = StartCall::new(spec);
        // A call that is not taken is dropped, which answers it.
        drop(self.shared.inbox.try_send(Inbox::StartChild(call)));
        match self.answered(answer).await {
            Ok(answer) => answer,
            Err(_) => Err(Refused { reason: CallError::ShuttingDown { id }, spec: None }),
        }
    }

    /// Stops a child as its policies say; returns when its slot is free. That is no exit: it is not
    /// restarted. The slot stays, unless the child is temporary.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it only stops waiting: the child is stopped all the same.
    ///
    /// # Errors
    ///
    /// [`CallError::NotFound`], or [`CallError::ShuttingDown`].
    pub async fn stop_child(&self, id: impl Into<ChildId>) -> Result<(), CallError> {
        self.call(Request::StopChild(id.into())).await
    }

    /// Starts a child again that is down; returns when it is ready.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it only stops waiting: the child is started all the same.
    ///
    /// # Errors
    ///
    /// [`CallError`] when it is not down, or did not become ready.
    pub async fn restart_child(&self, id: impl Into<ChildId>) -> Result<(), CallError> {
        self.call(Request::RestartChild(id.into())).await
    }

    /// Removes the slot of a child that is down: its name is free, its mailbox is gone.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it only stops waiting: the slot is removed all the same.
    ///
    /// # Errors
    ///
    /// [`CallError`] when it is not down.
    pub async fn delete_child(&self, id: impl Into<ChildId>) -> Result<(), CallError> {
        self.call(Request::DeleteChild(id.into())).await
    }

    /// How the supervisor and its children are; after its end, how they were then. Before the supervisor
    /// runs it waits for it.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it has no effect.
    pub async fn snapshot(&self) -> SupervisorSnapshot {
        let (reply, answer) = oneshot::channel();
        if self.shared.inbox.try_send(Inbox::Snapshot(reply)).is_ok()
            && let Ok(snapshot) = self.answered(answer).await
        {
            return snapshot;
        }
        self.shared.last.get().cloned().unwrap_or_else(|| SupervisorSnapshot::never_ran(&self.shared.name))
    }

    /// Asks the supervisor to stop its children in order and to end. Does not wait for it.
    pub fn request_stop(&self) {
        self.tell(Inbox::Stop { deadline: None });
    }

    /// Asks the supervisor to stop its children in order and to end within this time, which an
    /// orchestrator gives it. Does not wait for it. Asked again, the time may only become shorter.
    ///
    /// Each child may drain and clean up for its own time, but no longer than that: of what is left
    /// when a child is told, its clean-up keeps its own time or half, whichever is shorter. What is
    /// left at the end is aborted; the supervisor then waits for another 5 seconds at most for what
    /// does not yield. Supervisors among the children keep the same time.
    pub fn request_stop_within(&self, time: Duration) {
        self.tell(Inbox::Stop { deadline: now().checked_add(time) });
    }

    pub(super) fn ended(&self, snapshot: SupervisorSnapshot) {
        let _ = self.shared.last.set(snapshot);
    }

    pub(crate) fn ready(&self, slot: SlotKey, incarnation: Incarnation) {
        self.tell(Inbox::Ready { slot, incarnation });
    }

    pub(crate) fn declines(&self, slot: SlotKey, incarnation: Incarnation) {
        self.tell(Inbox::Declines { slot, incarnation });
    }

    pub(super) fn exited(
        &self,
        slot: SlotKey,
        incarnation: Incarnation,
        exit: Exit<Failure>,
        directive: Directive,
    ) {
        self.tell(Inbox::Exited { slot, incarnation, exit, directive });
    }

    /// The driver has gone only if the supervisor has ended, or was aborted: then nobody listens.
    fn tell(&self, message: Inbox) {
        let _ = self.shared.inbox.try_send(message);
    }

    /// Waits for an answer.
    async fn answered<T>(&self, answer: oneshot::Receiver<T>) -> Result<T, oneshot::error::RecvError> {
        telling(answer, || format!("an answer of the supervisor {}", self.name())).await
    }

    async fn call(&self, request: Request) -> Result<(), CallError> {
        let too_late = request.too_late();
        let (reply, answer) = oneshot::channel();
        let gone = || Err(too_late);
        if self.shared.inbox.try_send(Inbox::Call { request, reply }).is_err() {
            return gone();
        }
        self.answered(answer).await.unwrap_or_else(|_| gone())
    }
}

impl fmt::Debug for SupervisorHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupervisorHandle").field("name", &self.shared.name).finish_non_exhaustive()
    }
}
