//! What a supervisor is given for each child: a name, policies, and a way to start it again and again.

mod own_thread;
mod policy;

use crate::backoff::Backoff;
use crate::directive::Directive;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::intensity::{Exhausted, RestartLimit};
use crate::machine::{
    ChildId, ChildKind, ChildPolicy, ChildSpec as PureSpec, Incarnation, SlotKey, SpecError,
};
use crate::restart::Restart;
use crate::shutdown::Shutdown;
use crate::supervisor::{ChildRef, Inside, Nested, Shows, StartInfo, Supervisor, SupervisorHandle};
use arbour_primitives::scope::BoxFuture;
use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub(crate) type Start = Box<dyn FnMut(ChildContext) -> BoxFuture<Result<(), Failure>> + Send>;

/// What hears of a child's exits first, in its own task, and may know more of them.
pub(crate) type Refine = Box<dyn FnMut(Exit<Failure>) -> Exit<Failure> + Send>;

/// What judges a child's exits.
pub(crate) type Judge = Box<dyn FnMut(&Exit<Failure>) -> Directive + Send>;

/// A child of a supervisor: its name, its policies, and the closure that starts each incarnation.
///
/// What the closure owns belongs to the slot: it lives from one incarnation to the next, and is
/// dropped when the slot is deleted or the supervisor has ended.
///
/// # Examples
///
/// ```
/// use arbour::{ChildSpec, Failure, Restart, Supervisor};
///
/// # arbour::testing::block_on(async {
/// let mut attempts = 0;
/// let child = ChildSpec::new("job", move |_| {
///     attempts += 1;
///     let attempt = attempts;
///     async move { if attempt < 3 { Err(Failure::message("not yet")) } else { Ok(()) } }
/// })
/// .restart(Restart::Transient);
/// let supervisor = Supervisor::builder("jobs").child(child).build().unwrap();
/// let handle = supervisor.handle();
/// arbour::task_group(async |group| {
///     group.spawn(supervisor.run());
///     while handle.snapshot().await.children[0].last_end.is_none() {
///         tokio::task::yield_now().await;
///     }
///     handle.request_stop();
/// })
/// .await
/// .unwrap();
/// # });
/// ```
#[must_use = "a child does nothing until a supervisor starts it"]
pub struct ChildSpec {
    pub(crate) id: ChildId,
    pub(crate) policy: ChildPolicy,
    pub(crate) start: Start,
    pub(crate) refine: Option<Refine>,
    pub(crate) judge: Option<Judge>,
    pub(crate) shows: Shows,
}

impl ChildSpec {
    /// A child with the default policies. `start` is called for each incarnation, in the child's own
    /// task.
    ///
    /// The child counts as ready as soon as it is started; see [`reports_ready`](Self::reports_ready).
    pub fn new<F, Fut, E>(id: impl Into<Arc<str>>, mut start: F) -> Self
    where
        F: FnMut(ChildContext) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Failure>,
    {
        let start: Start = Box::new(move |cx| {
            let child = start(cx);
            Box::pin(async move { child.await.map_err(Into::into) })
        });
        Self::of(id.into(), start)
    }

    pub(crate) fn of(id: ChildId, start: Start) -> Self {
        Self { id, policy: ChildPolicy::plain(), start, refine: None, judge: None, shows: Shows::default() }
    }

    /// A child that is a supervisor. `build` is called for each incarnation, which begins with the
    /// children that it is built with.
    ///
    /// It is ready when its children are up, and is waited for when it is stopped
    /// ([`Shutdown::Wait`]), so that it can stop them in good order; a deadline for the stop of the
    /// outer one is pushed down to it.
    ///
    /// # Examples
    ///
    /// ```
    /// use arbour::{ChildSpec, Failure, Supervisor, stopping};
    ///
    /// # arbour::testing::block_on(async {
    /// let workers = ChildSpec::supervisor("workers", || {
    ///     let worker = ChildSpec::new("worker", |_| async { Ok::<_, Failure>(stopping().await) });
    ///     Supervisor::builder("workers").child(worker).build()
    /// });
    /// let app = Supervisor::builder("app").child(workers).build().unwrap();
    /// app.handle().request_stop();
    /// app.run().await.unwrap();
    /// # });
    /// ```
    pub fn supervisor<F, S>(id: impl Into<Arc<str>>, mut build: F) -> Self
    where
        F: FnMut() -> Result<S, SpecError> + Send + 'static,
        S: Into<Supervisor>,
    {
        let inside = Inside::default();
        let shown = inside.clone();
        let mut spec = Self::new(id, move |cx| {
            let (built, within) = (build().map(Into::into), Nested::new(cx, shown.clone()));
            async move { built?.run_within(within).await.map_err(Failure::from) }
        });
        spec.policy.kind = ChildKind::Supervisor;
        spec.shows.inside = Some(inside);
        spec.shutdown(Shutdown::Wait).reports_ready()
    }

    /// All its policies at once, in place of those set so far.
    pub fn policy(mut self, policy: ChildPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// After which exits it comes back. Default: [`Restart::Permanent`], after each.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.policy.restart = restart;
        self
    }

    /// Makes its end count for the supervisor's [auto-shutdown](crate::SupervisorBuilder::auto_shutdown).
    /// Default: it does not. A permanent child cannot be significant.
    pub fn significant(mut self) -> Self {
        self.policy.significant = true;
        self
    }

    /// Has each of its exits judged, by this function in the child's own task, before its policy
    /// decides: a failure may be escalated, or be none to be restarted for. Default:
    /// [`Directive::ByPolicy`]. An end that somebody asked for is judged too, but without effect. If the
    /// function panics, that is reported and the policy decides.
    pub fn on_exit(mut self, judge: impl FnMut(&Exit<Failure>) -> Directive + Send + 'static) -> Self {
        self.judge = Some(Box::new(judge));
        self
    }

    /// Has this function hear each exit, in the child's own task, when nothing of the incarnation is left: what it gives
    /// is the exit from there on. It must not panic.
    #[doc(hidden)]
    pub fn refine_exits(
        mut self,
        refine: impl FnMut(Exit<Failure>) -> Exit<Failure> + Send + 'static,
    ) -> Self {
        self.refine = Some(Box::new(refine));
        self
    }

    /// How it is stopped: aborted, or given time to drain before it is cancelled. Default: 5 seconds.
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.policy.shutdown = shutdown;
        self
    }

    /// How long it may clean up, counted from its cancellation, before it is aborted and the rest of
    /// its clean-up is dropped. Default: 5 seconds.
    pub fn clean_up(mut self, budget: Duration) -> Self {
        self.policy.clean_up = budget;
        self
    }

    /// How long to wait between restarts. Default: not before the first, then up to 100 ms, doubled
    /// each time up to 30 s, with full jitter.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.policy.backoff = backoff;
        self
    }

    /// How many restarts of this child are too many, besides the supervisor's own limit. Default: no
    /// such limit.
    pub fn limit(mut self, limit: RestartLimit) -> Self {
        self.policy.limit = Some(limit);
        self
    }

    /// How many restarts in a row, without a healthy run between them, are allowed. Default: no such
    /// limit.
    pub fn max_consecutive(mut self, restarts: u32) -> Self {
        self.policy.max_consecutive = Some(restarts);
        self
    }

    /// What happens when [`limit`](Self::limit) or [`max_consecutive`](Self::max_consecutive) is used up.
    /// Default: [`Exhausted::Escalate`], the supervisor gives up.
    pub fn exhausted(mut self, exhausted: Exhausted) -> Self {
        self.policy.exhausted = exhausted;
        self
    }

    /// Makes readiness the child's own word: it counts as ready when it calls
    /// [`ChildContext::ready`], and the children after it are started only then.
    pub fn reports_ready(mut self) -> Self {
        self.policy.reports_ready = true;
        self
    }

    /// How long it may take to become ready. Default: 30 seconds.
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.policy.start_timeout = timeout;
        self
    }

    /// How many items wait for it, for those who ask for a [`snapshot`](SupervisorHandle::snapshot): the function
    /// is called in their task, and gives `None` when there is no queue any more. If it panics, that is reported and
    /// nothing is told, as by default. An actor tells it by itself.
    ///
    /// What the function owns lives as long as the slot: it wants a weak end of the queue.
    pub fn mailbox_depth(mut self, depth: impl Fn() -> Option<usize> + Send + Sync + 'static) -> Self {
        self.shows.depth = Some(Arc::new(depth));
        self
    }

    /// The child's name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn renamed(mut self, id: impl Into<ChildId>) -> Self {
        self.id = id.into();
        self
    }

    pub(crate) fn pure(&self) -> PureSpec {
        PureSpec::new(Arc::clone(&self.id), self.policy)
    }
}

impl fmt::Debug for ChildSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildSpec")
            .field("id", &self.id)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// What an incarnation knows of itself.
pub struct ChildContext {
    pub(crate) id: ChildId,
    pub(crate) incarnation: Incarnation,
    pub(crate) slot: SlotKey,
    /// Whether it will never be started again.
    pub(crate) is_last: bool,
    pub(crate) supervisor: SupervisorHandle,
}

impl ChildContext {
    /// The child's name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Which run this is: 1 for the first.
    #[must_use]
    pub fn incarnation(&self) -> u64 {
        self.incarnation.number()
    }

    /// What calls know this child by, in this run and all later ones.
    #[must_use]
    pub fn child(&self) -> ChildRef {
        self.supervisor.child(self.slot)
    }

    /// Says that the child is ready. Once is enough; more often changes nothing.
    pub fn ready(&self) {
        self.supervisor.ready(self.slot, self.incarnation, None);
    }

    /// Like [`ready`](Self::ready), with something for whoever starts this incarnation by a call and waits for it:
    /// they find it in [`ChildStart::Started`](crate::ChildStart::Started). Where nobody does, it is dropped.
    pub fn ready_with(&self, info: impl Any + Send + Sync) {
        self.supervisor.ready(self.slot, self.incarnation, Some(StartInfo::new(info)));
    }

    /// Says that there is nothing to do for this child: when it then ends normally, that is no failed
    /// start. It stays down, is not tried again, and those after it are started; a temporary child
    /// is forgotten. Once it has said that it is [ready](Self::ready) it is too late.
    pub fn decline(&self) {
        self.supervisor.declines(self.slot, self.incarnation);
    }

    /// The supervisor of this child. A child that wants it to end asks with
    /// [`request_stop`](SupervisorHandle::request_stop), and does not wait for it.
    #[must_use]
    pub fn supervisor(&self) -> &SupervisorHandle {
        &self.supervisor
    }
}

impl fmt::Debug for ChildContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildContext")
            .field("id", &self.id)
            .field("incarnation", &self.incarnation.number())
            .finish_non_exhaustive()
    }
}
