//! Dynamic supervisors: many children of one kind, each started with an argument of its own.

mod argument;
mod handle;

pub use handle::{DynamicSupervisorHandle, RefusedArgument};

use crate::child::ChildContext;
use crate::failure::Failure;
use crate::intensity::RestartLimit;
use crate::machine::{ChildPolicy, Config, Machine, SpecError};
use crate::supervisor::{Supervisor, SupervisorError};
use argument::Template;
use std::convert::Infallible;
use std::fmt;
use std::future::Ready;
use std::sync::Arc;

/// A supervisor of children that come and go, all made by one function, each with an argument of its own.
///
/// They have no names and no order: each is known by its [`ChildRef`](crate::ChildRef), is started, restarted and
/// stopped by itself, and slow starts do not wait for each other. When the supervisor stops, all are told at once. A
/// child that is not brought back leaves nothing behind.
///
/// The argument of a permanent or transient child is kept, and cloned for each incarnation. That of a temporary child
/// is moved into its only incarnation.
///
/// # Examples
///
/// ```
/// use arbour::{ChildPolicy, DynamicSupervisor, Failure, Restart, stopping, task_group};
///
/// # arbour::testing::block_on(async {
/// let policy = ChildPolicy::plain().restart(Restart::Temporary);
/// let sessions = DynamicSupervisor::builder("sessions", |_, user: String| async move {
///     println!("{user} is here");
///     Ok::<_, Failure>(stopping().await)
/// })
/// .policy(policy)
/// .max_children(1)
/// .build()
/// .unwrap();
/// let handle = sessions.handle();
/// task_group(async |group| {
///     group.spawn(sessions.run());
///     let ada = handle.start_child("ada".to_owned()).await.unwrap().child().unwrap();
///
///     let refused = handle.start_child("grace".to_owned()).await.unwrap_err();
///     assert_eq!(refused.to_string(), "the supervisor has 1 children, and may have no more");
///     assert_eq!(refused.argument.as_deref(), Some("grace"));
///
///     handle.stop_child(ada).await.unwrap();
///     handle.request_stop();
/// })
/// .await
/// .unwrap();
/// # });
/// ```
#[must_use = "a supervisor does nothing until it runs"]
pub struct DynamicSupervisor<A> {
    supervisor: Supervisor,
    template: Arc<Template<A>>,
}

impl<A: Clone + Send + 'static> DynamicSupervisor<A> {
    /// A supervisor of this name whose children `start` makes. It is called for each incarnation of each child, in the
    /// child's own task, with the child's argument.
    pub fn builder<F, Fut, E>(name: impl Into<Arc<str>>, start: F) -> DynamicSupervisorBuilder<A>
    where
        F: Fn(ChildContext, A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Failure>,
    {
        DynamicSupervisorBuilder {
            name: name.into(),
            config: Config::default(),
            policy: ChildPolicy::plain(),
            max_children: None,
            template: Template::new(start),
        }
    }
}

impl DynamicSupervisor<Infallible> {
    /// A supervisor of this name whose children are each described by a specification of their own, as that of an
    /// actor; see [`start_spec`](DynamicSupervisorHandle::start_spec). With actors among them, its
    /// [policy](DynamicSupervisorBuilder::policy) says that children report that they are ready.
    pub fn of_specs(name: impl Into<Arc<str>>) -> DynamicSupervisorBuilder<Infallible> {
        Self::builder(name, |_, never: Infallible| -> Ready<Result<(), Failure>> { match never {} })
    }
}

impl<A> DynamicSupervisor<A> {
    /// A handle: starts and stops children, tells how they are, asks for the end.
    #[must_use]
    pub fn handle(&self) -> DynamicSupervisorHandle<A> {
        DynamicSupervisorHandle::new(self.supervisor.handle(), Arc::clone(&self.template))
    }

    /// Runs until the supervisor is asked to stop or gives up. It begins without children.
    ///
    /// Asked to drain, it tells all children at once, and each stops by its own rule. Otherwise it ends like
    /// [`Supervisor::run`].
    ///
    /// # Cancel safety
    ///
    /// That of [`Supervisor::run`].
    ///
    /// # Errors
    ///
    /// [`SupervisorError`] when a child had to be restarted once too often, escalated its failure, or is stuck.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn run(self) -> Result<(), SupervisorError> {
        self.supervisor.run().await
    }
}

/// For [`ChildSpec::supervisor`](crate::ChildSpec::supervisor): take the handle first.
impl<A> From<DynamicSupervisor<A>> for Supervisor {
    fn from(dynamic: DynamicSupervisor<A>) -> Self {
        dynamic.supervisor
    }
}

impl<A> fmt::Debug for DynamicSupervisor<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamicSupervisor").field("supervisor", &self.supervisor).finish_non_exhaustive()
    }
}

/// A dynamic supervisor that is being described; see [`DynamicSupervisor::builder`].
#[must_use = "a supervisor does nothing until it is built and runs"]
pub struct DynamicSupervisorBuilder<A> {
    name: Arc<str>,
    config: Config,
    policy: ChildPolicy,
    max_children: Option<usize>,
    template: Template<A>,
}

impl<A> DynamicSupervisorBuilder<A> {
    /// How each child is started, stopped and restarted. Default: [`ChildPolicy::plain`].
    pub fn policy(mut self, policy: ChildPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// How many children there may be at a time; those that wait for their next restart count. Default: no limit.
    pub fn max_children(mut self, max: usize) -> Self {
        self.max_children = Some(max);
        self
    }

    /// How many restarts, of all children together, are too many. Default: more than 3 in 5 seconds.
    pub fn limit(mut self, limit: RestartLimit) -> Self {
        self.config.limit = limit;
        self
    }

    /// Where the jitter of the back-off begins; supervisors with one seed and one history wait alike.
    /// Default: 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.config.seed = seed;
        self
    }

    /// Checks the whole description.
    ///
    /// # Errors
    ///
    /// [`SpecError`] if no child could be started with this policy, or its end is significant.
    pub fn build(self) -> Result<DynamicSupervisor<A>, SpecError> {
        let machine = Machine::dynamic(self.config, self.policy, self.max_children)?;
        let supervisor = Supervisor::of(self.name, machine, Vec::new());
        Ok(DynamicSupervisor { supervisor, template: Arc::new(self.template) })
    }
}

impl<A> fmt::Debug for DynamicSupervisorBuilder<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamicSupervisorBuilder")
            .field("name", &self.name)
            .field("config", &self.config)
            .field("policy", &self.policy)
            .field("max_children", &self.max_children)
            .finish_non_exhaustive()
    }
}
