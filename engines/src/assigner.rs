//! Sharing resources among workers: what users call.

mod assignment;
mod crew;
mod plan;
mod rounds;
#[cfg(test)]
mod tests;

pub use assignment::Assignment;

use crate::begin::begin;
use crate::leases::{HoldError, Lease, Leases};
use crate::machine::LeaseState;
use crate::store::{BadName, LeaseName, Token};
use arbour_primitives::scope::{ScopeHandle, stopping};
use arbour_primitives::stream::BroadcastReceiver;
use arbour_supervisor::intensity::RestartLimit;
use arbour_supervisor::restart::Restart;
use arbour_supervisor::shutdown::Shutdown;
use arbour_supervisor::{
    ChildContext, DynamicSupervisor, Failure, GroupError, machine::ChildPolicy, try_task_group,
};
use assignment::Events;
use crew::{Crew, Gone, Left};
use rounds::Rounds;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::sleep;

/// Shares resources among the workers that run an assigner of the same group: each resource is held by one of them,
/// and worked by a supervised child.
///
/// - Shares are fair: they differ by at most one. Who is alive is told by leases of the workers themselves, below
///   `<group>.members/`; resources are leases below `<group>/`. There is no leader, and no document that all write.
/// - They are sticky: when workers come and go, only what has to moves, and each worker gives up only a few at once.
/// - A resource that is given up is drained first: [`stopping`] resolves in its body, which has until its
///   `drain_deadline` to finish. Then its lease is released, and who waits for it goes on at once.
/// - A worker that is drained leaves the group first, and then gives up everything side by side.
/// - A resource whose lease is lost ends that body only, and an error that it then ends with is no failure: `?` behind
///   [`Lease::confirmed`] and [`Lease::write`] is all that it needs. A body that fails otherwise is restarted by the rules of its
///   [`policy`](Self::policy), by who then holds the resource. A body that ends without being asked to has its resource
///   assigned anew, after a third of the time to live at the earliest.
///
/// # Examples
///
/// ```
/// use arbour::leases::{Assigner, Lease, Leases, MemoryStore};
/// use arbour::{CancelScope, Failure, stopping};
/// use std::time::Duration;
///
/// # arbour::testing::block_on(async {
/// let leases = Leases::new(MemoryStore::new(), Duration::from_secs(15))?.owner("worker a");
/// let assigner = Assigner::new(leases.clone(), "orders", (0..4).map(|number| format!("p{number}")))?;
/// let scope = CancelScope::new();
/// let handle = scope.handle();
/// let run = scope.run(assigner.run(async |lease: Lease| {
///     lease.write(&[("owner", b"worker a")]).await?;
///     Ok::<_, Failure>(stopping().await)
/// }));
/// let look = async {
///     tokio::time::sleep(Duration::from_secs(1)).await;
///     let names: Vec<String> = leases.statuses().iter().map(|status| status.name.to_string()).collect();
///     handle.drain();
///     names
/// };
/// let (ended, names) = arbour::join!(run, look);
/// ended.unwrap().unwrap();
/// assert_eq!(names.iter().filter(|name| name.starts_with("orders/")).count(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
#[must_use = "an assigner does nothing until it runs"]
pub struct Assigner {
    leases: Leases,
    group: LeaseName,
    resources: Vec<LeaseName>,
    moves: usize,
    policy: ChildPolicy,
    drain: Option<Duration>,
    limit: RestartLimit,
    events: Events,
}

impl Assigner {
    /// Shares these resources of this group. Every worker must name the same.
    ///
    /// # Errors
    ///
    /// [`BadName`] if a name of theirs cannot be that of a lease.
    pub fn new<R>(leases: Leases, group: &str, resources: R) -> Result<Self, BadName>
    where
        R: IntoIterator,
        R::Item: AsRef<str>,
    {
        let named = |resource: R::Item| LeaseName::new(format!("{group}/{}", resource.as_ref()));
        let mut resources = resources.into_iter().map(named).collect::<Result<Vec<_>, _>>()?;
        resources.sort_unstable();
        resources.dedup();
        let policy = ChildPolicy::plain().restart(Restart::Transient).limit(RestartLimit::default());
        let policy = policy.shutdown(Shutdown::After(leases.times().ttl()));
        Ok(Self {
            group: LeaseName::new(group)?,
            moves: (resources.len() / 8).max(1),
            limit: limit_of(resources.len()),
            leases,
            resources,
            policy,
            drain: None,
            events: Events::new(),
        })
    }

    /// What happens from now on to the resources that this worker takes and gives up, as long as there is this
    /// assigner or a clone of it: those tell the same subscribers.
    ///
    /// Nobody waits for a subscriber. One that is more than 1,024 events behind loses the oldest and finds
    /// `BroadcastRecvError::Lagged` in their place.
    ///
    /// # Examples
    ///
    /// ```
    /// use arbour::leases::{Assigner, Assignment, Leases, MemoryStore};
    /// use arbour::{CancelScope, Failure, stopping};
    /// use std::time::Duration;
    ///
    /// # arbour::testing::block_on(async {
    /// let leases = Leases::new(MemoryStore::new(), Duration::from_secs(15))?;
    /// let assigner = Assigner::new(leases, "orders", ["p0"])?;
    /// let mut events = assigner.events();
    /// let scope = CancelScope::new();
    /// let handle = scope.handle();
    /// let run = scope.run(assigner.run(async |_| Ok::<_, Failure>(stopping().await)));
    /// let watch = async {
    ///     let Ok(Assignment::Assigned { fence, .. }) = events.recv().await else { panic!() };
    ///     handle.drain();
    ///     assert!(matches!(events.recv().await, Ok(Assignment::Revoking { deadline: Some(_), .. })));
    ///     let released = events.recv().await.unwrap();
    ///     assert_eq!(released.to_string(), format!("orders/p0 is released, with fence {fence}"));
    ///     assert!(events.recv().await.is_err(), "the assigner is gone");
    /// };
    /// let (ended, ()) = arbour::join!(run, watch);
    /// ended.unwrap().unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use = "a receiver that is dropped receives nothing"]
    pub fn events(&self) -> BroadcastReceiver<Assignment> {
        self.events.subscribe()
    }

    /// Sets how many resources a worker gives up at once while shares become fair; an eighth of all unless set, and
    /// one at least.
    pub fn moves(self, moves: usize) -> Self {
        Self { moves: moves.max(1), ..self }
    }

    /// Sets how long a body may finish that gives up its resource, before it is cancelled: whatever its policy says. The
    /// time to live unless one of them is set.
    pub fn drain(self, drain: Duration) -> Self {
        Self { drain: Some(drain), ..self }
    }

    /// Sets how many restarts, of all bodies together, are too many; more than three in 5 seconds for each resource
    /// unless set. What ails the store ails all bodies at once.
    pub fn limit(self, limit: RestartLimit) -> Self {
        Self { limit, ..self }
    }

    /// Sets how bodies that fail are restarted, and all else of their supervisor's children. Permanent ones count as
    /// transient, and as a body does not report that it is ready, it is not waited for. Unless set, a body alone may be
    /// restarted three times in 5 seconds.
    ///
    /// What is not brought back by its policy, as a temporary one, or one that stays down, has its resource assigned
    /// anew like one that ends without being asked to.
    pub fn policy(self, policy: ChildPolicy) -> Self {
        Self { policy, ..self }
    }

    /// Takes this worker's share, and runs `work` for each resource while it is held, until the current scope is
    /// drained or cancelled.
    ///
    /// A store that does not answer is asked again: what is held is kept or lost as [`Leases::hold`] says.
    ///
    /// # Cancel safety
    ///
    /// That of a task group, and of [`Leases::hold`] for each resource: everything is released.
    ///
    /// # Errors
    ///
    /// [`GroupError::Failed`] with the error of the supervisor, when a body failed once too often, or with the
    /// [`HoldError`] of the worker's own lease, when the store refused the first it asked for. What a store refuses
    /// later, as one with a full disk does, is asked for again.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with its timer.
    pub async fn run<F, Fut, E>(self, work: F) -> Result<(), GroupError>
    where
        F: Fn(Lease) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Failure> + 'static,
    {
        begin().await;
        let owner: Arc<str> =
            format!("{}#{}", self.leases.owner_label(), &Token::new().to_string()[..8]).into();
        let leases = self.leases.clone().owner(Arc::clone(&owner));
        let crew = Crew::default();
        let supervisor = self.supervisor(leases.clone(), crew.clone(), work);
        try_task_group(async move |group| {
            let supervisor = supervisor?;
            let member = LeaseName::new(format!("{}.members/{}", self.group, Token::new()));
            let member = member.map_err(Failure::from)?;
            let rounds = Rounds::new(self, leases.clone(), owner, crew, supervisor.handle());
            let work = group.task().name("work").spawn(supervisor.run());
            group.task().name("membership").spawn(membership(leases, member));
            rounds.run(&group).await;
            work.await.map_err(Failure::from)
        })
        .await
    }

    /// The supervisor whose children hold a resource each, and work on it.
    fn supervisor<F, Fut, E>(
        &self,
        leases: Leases,
        crew: Crew,
        work: F,
    ) -> Result<DynamicSupervisor<LeaseName>, Failure>
    where
        F: Fn(Lease) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Failure> + 'static,
    {
        let (events, work) = (self.events.clone(), Arc::new(work));
        let start = move |context: ChildContext, resource: LeaseName| {
            let (leases, crew, child) = (leases.clone(), crew.clone(), context.child());
            let (events, work) = (events.clone(), Arc::clone(&work));
            async move {
                let how = hold(&leases, &resource, &events, &*work).await?;
                crew.is_gone(Left { resource, child, how });
                Ok::<_, Failure>(())
            }
        };
        let builder = DynamicSupervisor::builder(self.group.as_str(), start);
        let built = builder.policy(self.child_policy()).limit(self.limit).build();
        built.map_err(Failure::from)
    }

    /// The policy as it fits what a body is: it has no way to report that it is ready, and ends when it is done.
    fn child_policy(&self) -> ChildPolicy {
        let mut policy = self.policy;
        policy.reports_ready = false;
        if policy.restart == Restart::Permanent {
            policy.restart = Restart::Transient;
        }
        if let Some(drain) = self.drain {
            policy.shutdown = Shutdown::After(drain);
        }
        policy
    }
}

/// So many restarts for each resource as a supervisor admits for all its children.
fn limit_of(resources: usize) -> RestartLimit {
    let each = RestartLimit::default();
    let all = u32::try_from(resources.max(1)).unwrap_or(u32::MAX).saturating_mul(each.intensity());
    RestartLimit::new(all, each.period()).unwrap_or(each)
}

/// Works on a resource while it is held. That somebody else has it, or has it now, is no failure.
async fn hold<F, Fut, E>(
    leases: &Leases,
    resource: &LeaseName,
    events: &Events,
    work: &F,
) -> Result<Gone, Failure>
where
    F: Fn(Lease) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: Into<Failure>,
{
    let story = events.of_one();
    // Its error is made a failure inside, so that it need not be `Send`.
    let work = async |lease: Lease| {
        let ended = story.of(&lease, work(lease.clone())).await.map_err(Into::into);
        ended.or_else(|failure| unless_lost(&lease, failure))
    };
    match leases.run(resource.clone(), true, work).await {
        Ok(worked) => worked.map(|()| Gone::ByItself),
        Err(HoldError::Lost(_)) => Ok(Gone::ByItself),
        Err(HoldError::Held(_)) => Ok(Gone::Outrun),
        Err(HoldError::Refused(error) | HoldError::Unanswered(error)) => {
            tracing::warn!(resource = resource.as_str(), %error, "a resource could not be taken; it is tried again");
            Ok(Gone::ByItself)
        }
        Err(error) => Err(error.into()),
    }
}

/// What fails under a lease that is lost is ended, as the loss itself would have ended it.
fn unless_lost(lease: &Lease, failure: Failure) -> Result<(), Failure> {
    let LeaseState::Lost { .. } = lease.state() else { return Err(failure) };
    tracing::info!(resource = lease.name().as_str(), %failure, "the work on a resource ended with its lease");
    Ok(())
}

/// Holds the worker's own lease until it is drained, and takes it again when it was lost.
async fn membership(leases: Leases, member: LeaseName) -> Result<(), Failure> {
    let is_draining = || ScopeHandle::current().is_some_and(|scope| scope.is_draining());
    let (has_joined, every) = (AtomicBool::new(false), leases.times().renew_every);
    while !is_draining() {
        let hold = async {
            let joined = async |_| {
                has_joined.store(true, Ordering::Relaxed);
                stopping().await
            };
            leases.run(member.clone(), false, joined).await
        };
        let leave = async {
            stopping().await;
            Ok(())
        };
        match arbour_primitives::race!(hold, leave).value {
            Err(HoldError::Lost(lost)) => {
                tracing::warn!(%lost, "a worker seemed dead to others; it joins again")
            }
            // What was right once is not set up wrongly: it has to be mended where the store is.
            Err(HoldError::Refused(error)) if has_joined.load(Ordering::Relaxed) => {
                tracing::warn!(%error, again_in = ?every, "a worker seems dead to others, and may not join again");
                let _ = arbour_primitives::race!(sleep(every), stopping());
            }
            Err(error) => return Err(error.into()),
            Ok(()) => {}
        }
    }
    Ok(())
}
