//! What others may ask of a supervisor.

use super::error::Refused;
use super::event::SupervisionEvent;
use super::inbox::{Inbox, Sight};
use super::inside::{Probe, count};
use super::snapshot::SupervisorSnapshot;
use super::start_call::{StartAnswer, StartCall};
use super::started::{ChildRef, ChildStart, StartInfo};
use crate::child::ChildSpec;
use crate::directive::Directive;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::machine::{
    CallError, ChildId, ChildPolicy, ChildSpec as PureSpec, Config, Incarnation, Machine, Request, SlotKey,
};
use crate::timeout::now;
use arbour_primitives::scope::ScopeHandle;
use arbour_primitives::standstill::telling;
use arbour_primitives::stream::{BroadcastReceiver, BroadcastSender, SendStream, SlowReceiver, broadcast};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::oneshot;

/// A handle to a supervisor. Cheap to clone; it does not keep the supervisor running.
///
/// Calls are answered while children start slowly, crash in a loop or are slow to stop; those made before the
/// supervisor runs wait for it. A call from within a child that would wait for that child itself is refused with
/// [`CallError::WouldWait`]: a stop of it, and whatever waits behind its own start. The way out is
/// [`request_stop`](Self::request_stop), or simply to return.
#[derive(Clone)]
pub struct SupervisorHandle {
    shared: Arc<Shared>,
}

struct Shared {
    name: Arc<str>,
    /// Which one of this process, so that children of several are told apart.
    number: u64,
    inbox: SendStream<Inbox>,
    /// How it was when it ended.
    last: OnceLock<SupervisorSnapshot>,
    /// The supervisor around this one, and the path that both make.
    around: OnceLock<(SupervisorHandle, Arc<str>)>,
    /// Made with the first subscription.
    events: OnceLock<BroadcastSender<SupervisionEvent>>,
}

/// How many events a subscriber may be behind.
const EVENTS: usize = 1024;

impl SupervisorHandle {
    pub(super) fn new(name: Arc<str>, inbox: SendStream<Inbox>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        // ORDERING: only to be unlike any other; it pairs with nothing.
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let (last, around, events) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Self { shared: Arc::new(Shared { name, number, inbox, last, around, events }) }
    }

    /// The supervisor's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Its name, behind those of the supervisors around it, with `/` between. Until it runs it is in no tree.
    #[must_use]
    pub fn path(&self) -> Arc<str> {
        let around = self.shared.around.get();
        around.map_or_else(|| Arc::clone(&self.shared.name), |(_, path)| Arc::clone(path))
    }

    /// Every decision of this supervisor and of those among its children, and theirs, from now on.
    ///
    /// The supervisor never waits for who listens: a subscriber that is more than 1024 events behind finds
    /// [`Lagged`](arbour_primitives::stream::BroadcastRecvError::Lagged) with the number of those it has missed, and
    /// goes on with the oldest that is left. The stream ends with the supervisor. While nobody subscribes, nothing is
    /// made.
    ///
    /// # Examples
    ///
    /// ```
    /// use arbour::{ChildSpec, Failure, Supervisor, stopping};
    ///
    /// # arbour::testing::block_on(async {
    /// let child = ChildSpec::new("job", |_| async { Ok::<_, Failure>(stopping().await) });
    /// let app = Supervisor::builder("app").child(child).build().unwrap();
    /// let mut events = app.handle().events();
    /// app.handle().request_stop();
    /// app.run().await.unwrap();
    ///
    /// let mut lines = Vec::new();
    /// while let Ok(event) = events.recv().await {
    ///     lines.push(event.to_string());
    /// }
    /// assert_eq!(lines[0], "app: child `job` (incarnation 1) is started");
    /// assert_eq!(lines.last().unwrap(), "app: the supervisor was shut down");
    /// # });
    /// ```
    #[must_use = "a receiver that is dropped receives nothing"]
    pub fn events(&self) -> BroadcastReceiver<SupervisionEvent> {
        let events = self.shared.events.get_or_init(|| {
            broadcast(EVENTS, SlowReceiver::Lag)
                .unwrap_or_else(|zero| unreachable!("{EVENTS} is not zero: {zero}"))
        });
        let receiver = events.subscribe();
        if self.shared.inbox.is_closed() {
            events.close();
        }
        receiver
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
    ///
    /// # Examples
    ///
    /// ```
    /// use arbour::{CallError, ChildSpec, Failure, Supervisor, stopping, task_group};
    ///
    /// # arbour::testing::block_on(async {
    /// let supervisor = Supervisor::builder("app").build().unwrap();
    /// let handle = supervisor.handle();
    /// task_group(async |group| {
    ///     group.spawn(supervisor.run());
    ///     let server = || {
    ///         let server = ChildSpec::new("server", |cx| async move {
    ///             cx.ready_with(8080_u16);
    ///             Ok::<_, Failure>(stopping().await)
    ///         });
    ///         server.reports_ready()
    ///     };
    ///     let started = handle.start_child(server()).await.unwrap();
    ///     assert_eq!(started.info::<u16>().as_deref(), Some(&8080));
    ///
    ///     let refused = handle.start_child(server()).await.unwrap_err();
    ///     assert!(matches!(refused.reason, CallError::AlreadyStarted { .. }));
    ///     assert_eq!(refused.spec.unwrap().id(), "server");
    ///     handle.request_stop();
    /// })
    /// .await
    /// .unwrap();
    /// # });
    /// ```
    pub async fn start_child(&self, spec: ChildSpec) -> Result<ChildStart, Refused> {
        self.start(StartCall::of_child(spec)).await
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
    /// [`Refused`] when it is not down, or did not become ready; there is no specification in it.
    pub async fn restart_child(&self, id: impl Into<ChildId>) -> Result<ChildStart, Refused> {
        self.start(StartCall::again(id.into())).await
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

    /// Goes on with these policies for the child of this name. What has begun keeps its times, and the restarts that
    /// were still count.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it only stops waiting: the policies are taken all the same.
    ///
    /// # Errors
    ///
    /// [`CallError::NotFound`], or [`CallError::Refused`] when the policies make no sense here.
    pub async fn reconfigure_child(
        &self,
        id: impl Into<ChildId>,
        policy: ChildPolicy,
    ) -> Result<(), CallError> {
        self.call(Request::ReconfigureChild(PureSpec::new(id, policy))).await
    }

    /// Goes on with this configuration. Children stay as they are, and a restart of several ends as it began.
    ///
    /// It is what [`config`](Self::config) gave, changed.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it only stops waiting: the configuration is taken all the same.
    ///
    /// # Errors
    ///
    /// [`CallError::Refused`] when this supervisor cannot be configured so.
    pub async fn reconfigure(&self, config: Config) -> Result<(), CallError> {
        self.call(Request::Reconfigure(config)).await
    }

    /// How the supervisor and its children are, and theirs; after its end, how they were then. Before the supervisor
    /// runs it waits for it.
    ///
    /// Each supervisor of the tree answers for itself, one after another: each part is of one moment, and the whole
    /// is not.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it has no effect.
    pub async fn snapshot(&self) -> SupervisorSnapshot {
        let (mut snapshot, probes) = self.sight().await;
        for (at, Probe { inside, depth }) in probes {
            let child = &mut snapshot.children[at];
            child.mailbox = depth.and_then(|depth| count(&child.id, &depth));
            if let Some(inside) = inside {
                child.supervisor = Some(Box::pin(inside.snapshot()).await);
            }
        }
        snapshot
    }

    async fn sight(&self) -> Sight {
        let (reply, answer) = oneshot::channel();
        if self.shared.inbox.try_send(Inbox::Snapshot(reply)).is_ok()
            && let Ok(sight) = self.answered(answer).await
        {
            return sight;
        }
        let last = self.shared.last.get().cloned();
        (last.unwrap_or_else(|| SupervisorSnapshot::never_ran(&self.shared.name)), Vec::new())
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

    /// It is a child of that one from now on.
    pub(super) fn stands_in(&self, around: &Self) {
        let path = format!("{}/{}", around.path(), self.name());
        let _ = self.shared.around.set((around.clone(), path.into()));
    }

    /// Hands an event to all who subscribed here or further out; without any it is not made.
    pub(super) fn emit(&self, event: impl FnOnce(Arc<str>) -> SupervisionEvent) {
        let mut listeners = self.listeners().peekable();
        if listeners.peek().is_none() {
            return;
        }
        let event = event(self.path());
        for listener in listeners {
            // Without receivers it comes back.
            drop(listener.try_send(event.clone()));
        }
    }

    pub(super) fn has_listeners(&self) -> bool {
        self.listeners().next().is_some()
    }

    fn listeners(&self) -> impl Iterator<Item = &BroadcastSender<SupervisionEvent>> {
        std::iter::successors(Some(self), |handle| handle.around())
            .filter_map(|handle| handle.shared.events.get())
    }

    fn around(&self) -> Option<&Self> {
        self.shared.around.get().map(|(around, _)| around)
    }

    /// Nothing more will happen.
    pub(super) fn end_events(&self) {
        if let Some(events) = self.shared.events.get() {
            events.close();
        }
    }

    pub(super) fn ended(&self, snapshot: SupervisorSnapshot) {
        let _ = self.shared.last.set(snapshot);
    }

    pub(crate) fn child(&self, slot: SlotKey) -> ChildRef {
        ChildRef::new(self.shared.number, slot)
    }

    pub(super) fn number(&self) -> u64 {
        self.shared.number
    }

    pub(crate) fn ready(&self, slot: SlotKey, incarnation: Incarnation, info: Option<StartInfo>) {
        self.tell(Inbox::Ready { slot, incarnation, info });
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

    pub(super) async fn call(&self, request: Request) -> Result<(), CallError> {
        let too_late = request.too_late();
        let (reply, answer) = oneshot::channel();
        let call = Inbox::Call { request, caller: ScopeHandle::current(), reply };
        if self.shared.inbox.try_send(call).is_err() {
            return Err(too_late);
        }
        self.answered(answer).await.unwrap_or(Err(too_late))
    }

    pub(super) async fn start(
        &self,
        (call, answer): (Box<StartCall>, oneshot::Receiver<StartAnswer>),
    ) -> StartAnswer {
        // A call that is not taken is dropped, which answers it.
        drop(self.shared.inbox.try_send(Inbox::Start { call, caller: ScopeHandle::current() }));
        let ending = |_| Refused { reason: CallError::SupervisorEnding, failure: None, spec: None };
        self.answered(answer).await.map_err(ending)?
    }

    /// Looks at the machine where it is; `None` after the supervisor has ended.
    pub(super) async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Machine) -> T + Send + 'static,
    ) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        // Whoever asked may have gone.
        let look = Inbox::Look(Box::new(|machine| drop(reply.send(look(machine)))));
        self.shared.inbox.try_send(look).ok()?;
        self.answered(answer).await.ok()
    }
}

impl fmt::Debug for SupervisorHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupervisorHandle").field("name", &self.shared.name).finish_non_exhaustive()
    }
}
