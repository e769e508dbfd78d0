//! What a supervisor is given for each child: a name, policies, and a way to start it again and again.

use crate::backoff::Backoff;
use crate::failure::Failure;
use crate::intensity::RestartLimit;
use crate::machine::{ChildId, ChildPolicy, ChildSpec as PureSpec, Incarnation, SlotKey};
use crate::restart::Restart;
use crate::shutdown::Shutdown;
use crate::supervisor::SupervisorHandle;
use arbour_primitives::scope::BoxFuture;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub(crate) type Start = Box<dyn FnMut(ChildContext) -> BoxFuture<Result<(), Failure>> + Send>;

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
}

impl ChildSpec {
    /// A child with the default policies. `start` is called for each incarnation, in the child's own
    /// task.
    ///
    /// The child counts as ready as soon as it runs; see [`reports_ready`](Self::reports_ready).
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
        let policy = ChildPolicy { reports_ready: false, ..ChildPolicy::default() };
        Self { id: id.into(), policy, start }
    }

    /// After which exits it comes back. Default: [`Restart::Permanent`], after each.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.policy.restart = restart;
        self
    }

    /// How long it may drain when it is stopped, before it is cancelled. Default: 5 seconds.
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

    /// The child's name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
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

    /// Says that the child is ready. Once is enough; more often changes nothing.
    pub fn ready(&self) {
        self.supervisor.ready(self.slot, self.incarnation);
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
