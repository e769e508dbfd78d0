//! Holding leases: what users call.

mod error;
mod holder;
mod keeper;
mod lease;
#[cfg(test)]
mod tests;

pub use error::{HoldError, LeaseLost, WriteError};
pub use lease::Lease;

use crate::begin::begin;
use crate::clock::Clock;
use crate::machine::LeaseState;
use crate::store::{AnyLeaseStore, LeaseName, LeaseStore};
use crate::times::{BadTimes, LeaseTimes};
use arbour_primitives::scope::defer;
use arbour_primitives::sync::Event as Once;
use arbour_supervisor::{CancelScope, task_group};
use holder::Holder;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Holds leases of a store, by the times and under the owner's name that it was made with. Clones hold alike.
///
/// - [`hold`](Self::hold) waits for a lease, runs a body while it is held, and releases it. [`try_hold`](Self::try_hold)
///   does not wait.
/// - The lease is renewed by a child task of its own, however long the body takes. What blocks a runtime of one thread
///   stops its renewals, too.
/// - A lease that is lost cancels its body. Its body ended, in whatever way, with all it spawned and deferred, the
///   lease is released: who waits for it hears at once.
///
/// The lock is an optimisation, the fence is the safety: between a look at the lease and a write, any time may pass.
/// [`Lease::write`] is checked in the store; what else you write should carry [`Lease::fence`], and be refused where
/// a newer one was seen.
///
/// # Examples
///
/// ```
/// use arbour::leases::{Leases, MemoryStore};
/// use std::time::Duration;
///
/// # arbour::testing::block_on(async {
/// let leases = Leases::new(MemoryStore::new(), Duration::from_secs(15))?.owner("worker a");
/// let sum = leases
///     .hold("orders/3", async |lease| {
///         lease.write(&[("cursor", b"41")]).await?;
///         Ok::<_, arbour::leases::WriteError>(19 + 23)
///     })
///     .await??;
/// assert_eq!(sum, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// One of many is the leader: a lease like any other, held by a supervised child, which takes it again when it was
/// lost. To lose it is no failure, and counts against no limit.
///
/// ```
/// use arbour::leases::{HoldError, Leases, MemoryStore};
/// use arbour::{ChildSpec, Supervisor, stopping};
/// use std::time::Duration;
///
/// # arbour::testing::block_on(async {
/// let leases = Leases::new(MemoryStore::new(), Duration::from_secs(15)).unwrap();
/// let leader = ChildSpec::new("leader", move |_| {
///     let leases = leases.clone();
///     async move {
///         loop {
///             match leases.hold("leader", async |_lease| stopping().await).await {
///                 Err(HoldError::Lost(lost)) => println!("{lost}"),
///                 ended => return ended,
///             }
///         }
///     }
/// });
/// let supervisor = Supervisor::builder("elected").child(leader).build().unwrap();
/// # drop(supervisor);
/// # });
/// ```
#[derive(Clone)]
pub struct Leases {
    store: AnyLeaseStore,
    times: LeaseTimes,
    clock: Clock,
    owner: Arc<str>,
    held: Arc<Mutex<Vec<Weak<Holder>>>>,
}

/// A lease that is held, or wanted, by [`Leases`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LeaseStatus {
    /// Which lease.
    pub name: LeaseName,
    /// How it is.
    pub state: LeaseState,
    /// How long ago it was first asked for.
    pub wanted_for: std::time::Duration,
}

impl Leases {
    /// Leases of this store, with these times: a time to live is enough.
    ///
    /// Their owner is told to others as this process, by its number, unless [`owner`](Self::owner) says more.
    ///
    /// # Errors
    ///
    /// [`BadTimes`] if the times do not fit together, or not to those of the store.
    pub fn new(store: impl LeaseStore, times: impl Into<LeaseTimes>) -> Result<Self, BadTimes> {
        let times = times.into().checked()?.for_a_store_of(store.least_ttl())?;
        let clock = store.clock();
        let owner = format!("process {}", std::process::id()).into();
        Ok(Self { store: AnyLeaseStore::new(store), times, clock, owner, held: Arc::default() })
    }

    /// Sets what others are told of who holds these leases.
    #[must_use]
    pub fn owner(self, owner: impl Into<Arc<str>>) -> Self {
        Self { owner: owner.into(), ..self }
    }

    /// Sets by which clock the time of the leases is counted; the store's own choice unless set.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &AnyLeaseStore {
        &self.store
    }

    pub(crate) fn owner_label(&self) -> &str {
        &self.owner
    }

    pub(crate) fn own_clock(&self) -> &Clock {
        &self.clock
    }

    /// The times of the leases.
    pub fn times(&self) -> LeaseTimes {
        self.times
    }

    /// Every lease that these, and their clones, hold or want, in the order in which they were asked for; and those
    /// that are over, for as long as somebody keeps a [`Lease`] of them.
    #[must_use]
    pub fn statuses(&self) -> Vec<LeaseStatus> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().filter_map(Weak::upgrade).map(|holder| holder.status()).collect()
    }

    /// Waits for the lease, runs `body` while it is held, and releases it.
    ///
    /// Waiting has no limit and is no error: a deadline of the scope bounds it, and [`statuses`](Self::statuses) shows
    /// who is waited for. A store that does not answer is asked again; meanwhile, too, it waits.
    ///
    /// `body` runs in a scope of its own, in this task. When the lease is lost, that scope is cancelled. While the
    /// lease is suspect, the body goes on, and [`Lease::confirmed`] and [`Lease::write`] wait.
    ///
    /// # Cancel safety
    ///
    /// Safe. Dropped or cancelled while it waits, it leaves nothing behind in the store: a request that is under way
    /// is waited for, and what it was granted released. Dropped or cancelled later, the body ends first, with all it
    /// spawned and deferred; then the lease is released. Both are done in a child task of the nearest living scope,
    /// shielded, within a time of their own: [`LeaseTimes::release_within`]. If that is not enough, or the scope is
    /// aborted, the lease ends with its time to live.
    ///
    /// A request to acquire that got no answer is given up after [`LeaseTimes::answer_within`], and what it may have
    /// been granted is released. Over a network it may arrive later than its release, though: then the lease stands
    /// until its time to live is over. Nobody works under it, and nobody else has it meanwhile.
    ///
    /// # Errors
    ///
    /// [`HoldError`]: the name is none, the store refused, or the lease was lost before the body gave a value. A value
    /// that was given counts, whatever became of the lease.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with its timer. Resumes a panic of the body, after the lease was released.
    pub async fn hold<F, Fut>(&self, name: &str, body: F) -> Result<Fut::Output, HoldError>
    where
        F: FnOnce(Lease) -> Fut,
        Fut: Future,
    {
        self.run(LeaseName::new(name)?, false, body).await
    }

    /// Runs `body` while the lease is held, if nobody else has it, and releases it. It waits neither for who has the
    /// lease nor for a store that is away.
    ///
    /// # Cancel safety
    ///
    /// As for [`hold`](Self::hold).
    ///
    /// # Errors
    ///
    /// As for [`hold`](Self::hold); [`HoldError::Held`] if somebody else has it; [`HoldError::Unanswered`] if the store
    /// cannot be reached, or has not answered twice, each within [`LeaseTimes::answer_within`].
    ///
    /// # Panics
    ///
    /// As for [`hold`](Self::hold).
    pub async fn try_hold<F, Fut>(&self, name: &str, body: F) -> Result<Fut::Output, HoldError>
    where
        F: FnOnce(Lease) -> Fut,
        Fut: Future,
    {
        self.run(LeaseName::new(name)?, true, body).await
    }

    pub(crate) async fn run<F, Fut>(
        &self,
        name: LeaseName,
        once: bool,
        body: F,
    ) -> Result<Fut::Output, HoldError>
    where
        F: FnOnce(Lease) -> Fut,
        Fut: Future,
    {
        begin().await;
        let scope = CancelScope::new();
        let holder = Arc::new(Holder::new(self, name, scope.handle()));
        self.enter(&holder);
        // Boxed once, beside a task that is spawned: the layers around a hold would each make its future larger.
        let held = Box::pin(task_group(async |group| {
            let over = Over(Once::new());
            let keeper = keeper::keep(Arc::clone(&holder), once, over.0.clone());
            group.task().name(format!("lease {}", holder.name)).spawn_value(keeper);
            let lease = Lease::new(&holder, holder.granted().await?);
            let body = async {
                // Deferred first, so that it runs last: after all that the body spawned and deferred.
                defer(async move { drop(over) });
                body(lease).await
            };
            scope.run(body).await.map_err(|cancelled| holder.why_cancelled(cancelled))
        }));
        held.await.map_err(HoldError::Failed)?
    }

    /// Enters a lease among those that can be seen, and strikes those that are over.
    fn enter(&self, holder: &Arc<Holder>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|holder| holder.strong_count() > 0);
        held.push(Arc::downgrade(holder));
    }
}

impl fmt::Debug for Leases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let leases = &mut f.debug_struct("Leases");
        leases.field("owner", &self.owner).field("times", &self.times).field("held", &self.statuses());
        leases.finish_non_exhaustive()
    }
}

/// Dropped, it tells the keeper that nobody wants the lease any more.
struct Over(Once);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.set();
    }
}
