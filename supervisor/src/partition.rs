//! Partition supervisors: so many alike children, and a key that says which of them is meant.

mod error;
mod handle;

pub use error::{NoPartitions, PartitionError, ResizeError};
pub use handle::PartitionSupervisorHandle;

use crate::child::ChildSpec;
use crate::intensity::RestartLimit;
use crate::supervisor::{Supervisor, SupervisorBuilder, SupervisorError};
use handle::Partitions;
use std::fmt;
use std::sync::Arc;

/// A supervisor of alike children, the partitions, over which work is spread by key.
///
/// Each partition is made once, with its index, and leaves a target behind, such as the address of an actor:
/// that is what [routing](PartitionSupervisorHandle::route) gives. A partition that fails is restarted by itself.
///
/// # Examples
///
/// ```
/// use arbour::{Actor, ActorSpec, Context, Failure, PartitionSupervisor, Reply, task_group};
///
/// struct Shard(usize);
///
/// impl Actor for Shard {
///     type Message = Reply<usize>;
///
///     async fn handle(&mut self, reply: Reply<usize>, _: &mut Context<Self>) -> Result<(), Failure> {
///         reply.send(self.0);
///         Ok(())
///     }
/// }
///
/// # arbour::testing::block_on(async {
/// let shards = PartitionSupervisor::builder("shards", 3, |index| {
///     ActorSpec::new(format!("shard {index}"), move || Shard(index)).build()
/// })
/// .build()
/// .unwrap();
/// let handle = shards.handle();
/// task_group(async |group| {
///     group.spawn(shards.run());
///     let shard = handle.route_number(-4).unwrap();
///     assert_eq!(shard.ask(|reply| reply).await, Ok(1));
///     assert_eq!(handle.index_of(&"ada"), handle.index_of(&"ada"), "a key stays where it is");
///     handle.supervisor().request_stop();
/// })
/// .await
/// .unwrap();
/// # });
/// ```
#[must_use = "a supervisor does nothing until it runs"]
pub struct PartitionSupervisor<T> {
    supervisor: Supervisor,
    partitions: Arc<Partitions<T>>,
}

impl<T> PartitionSupervisor<T> {
    /// A supervisor of this name and of so many partitions. `make` is called for each of them, with its index from 0
    /// on, when the supervisor is built, and gives the partition's target and its child. The child's name becomes its
    /// index.
    pub fn builder(
        name: impl Into<Arc<str>>,
        partitions: usize,
        mut make: impl FnMut(usize) -> (T, ChildSpec),
    ) -> PartitionSupervisorBuilder<T> {
        let name = name.into();
        let mut builder = Supervisor::builder(Arc::clone(&name));
        let mut targets = Vec::with_capacity(partitions);
        for index in 0..partitions {
            let (target, child) = make(index);
            targets.push(target);
            builder = builder.child(child.renamed(index.to_string()));
        }
        PartitionSupervisorBuilder { name, builder, targets }
    }

    /// A handle: routes by key, changes the number of partitions.
    #[must_use]
    pub fn handle(&self) -> PartitionSupervisorHandle<T> {
        PartitionSupervisorHandle::new(self.supervisor.handle(), Arc::clone(&self.partitions))
    }

    /// Runs the partitions until the supervisor is asked to stop or gives up, like [`Supervisor::run`].
    ///
    /// # Cancel safety
    ///
    /// That of [`Supervisor::run`].
    ///
    /// # Errors
    ///
    /// [`SupervisorError`] when a partition did not start the first time, had to be restarted once too often,
    /// escalated its failure, or is stuck.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn run(self) -> Result<(), SupervisorError> {
        self.supervisor.run().await
    }
}

/// For [`ChildSpec::supervisor`]: take the handle first.
impl<T> From<PartitionSupervisor<T>> for Supervisor {
    fn from(partitioned: PartitionSupervisor<T>) -> Self {
        partitioned.supervisor
    }
}

impl<T> fmt::Debug for PartitionSupervisor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartitionSupervisor").field("supervisor", &self.supervisor).finish_non_exhaustive()
    }
}

/// A partition supervisor that is being described; see [`PartitionSupervisor::builder`].
#[must_use = "a supervisor does nothing until it is built and runs"]
pub struct PartitionSupervisorBuilder<T> {
    name: Arc<str>,
    builder: SupervisorBuilder,
    targets: Vec<T>,
}

impl<T> PartitionSupervisorBuilder<T> {
    /// How many restarts, of all partitions together, are too many. Default: more than 3 in 5 seconds.
    pub fn limit(mut self, limit: RestartLimit) -> Self {
        self.builder = self.builder.limit(limit);
        self
    }

    /// Where the jitter of the back-off begins; supervisors with one seed and one history wait alike.
    /// Default: 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.builder = self.builder.seed(seed);
        self
    }

    /// Checks the whole description.
    ///
    /// # Errors
    ///
    /// [`PartitionError`] for no partitions, or for the first partition whose child makes no sense or would have no
    /// slot to come back to.
    pub fn build(self) -> Result<PartitionSupervisor<T>, PartitionError> {
        if self.targets.is_empty() {
            return Err(PartitionError::NoPartitions { supervisor: self.name.to_string() });
        }
        if let Some(index) = self.builder.first_temporary() {
            return Err(PartitionError::Temporary { index });
        }
        let supervisor = self.builder.build()?;
        Ok(PartitionSupervisor { supervisor, partitions: Arc::new(Partitions::new(self.targets)) })
    }
}

impl<T> fmt::Debug for PartitionSupervisorBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartitionSupervisorBuilder").field("builder", &self.builder).finish_non_exhaustive()
    }
}
