//! The supervisor: a task group whose children have restart policies.
//!
//! [`Machine`](crate::machine::Machine) decides; the driver here carries out. The driver runs no user code: each
//! child runs in a keeper task of ours, which owns the slot's scope and polls what its incarnation
//! leaves behind, so the supervisor answers while a child starts slowly, crashes in a loop or takes
//! its time to stop.

mod by_ref;
mod drawing;
mod driver;
mod error;
mod event;
mod handle;
mod health;
mod inbox;
mod info;
mod inside;
mod keeper;
#[cfg(feature = "metrics")]
mod meter;
mod nested;
mod outside;
mod owned;
mod reading;
#[cfg(feature = "serde")]
mod serialize;
mod snapshot;
mod start_call;
mod started;
mod telling;

pub use error::{Refused, SupervisorError};
pub use event::{Happened, SupervisionEvent};
pub use handle::SupervisorHandle;
pub use health::Unfit;
pub use info::ChildInfo;
pub(crate) use inside::{Inside, Shows};
pub(crate) use nested::Nested;
pub use snapshot::{ChildSnapshot, SupervisorSnapshot};
pub use started::{ChildRef, ChildStart, StartInfo};

use crate::child::ChildSpec;
use crate::intensity::RestartLimit;
use crate::machine::{Config, Machine, SpecError};
use crate::restart::Restart;
use crate::significance::AutoShutdown;
use crate::strategy::{StopOrder, Strategy};
use arbour_primitives::scope::{CancelScope, Ended, Observe, shield};
use arbour_primitives::stream::{Capacity, ReceiveStream, memory_stream};
use driver::Driver;
use inbox::Inbox;
use outside::Outside;
use std::fmt;
use std::sync::Arc;
use telling::Teller;

/// A supervisor that has not begun.
///
/// Its children are started in order, each ready before the next, and stopped in reverse. One that
/// ends is restarted as its policies say, by itself or with those that its [`Strategy`] names; when
/// restarts become too many, the supervisor stops the others and fails.
#[must_use = "a supervisor does nothing until it runs"]
pub struct Supervisor {
    machine: Machine,
    children: Vec<ChildSpec>,
    handle: SupervisorHandle,
    inbox: ReceiveStream<Inbox>,
    teller: Teller,
}

impl Supervisor {
    /// A supervisor of this name, to be given children and limits.
    pub fn builder(name: impl Into<Arc<str>>) -> SupervisorBuilder {
        SupervisorBuilder { name: name.into(), config: Config::default(), children: Vec::new() }
    }

    pub(crate) fn of(name: Arc<str>, machine: Machine, children: Vec<ChildSpec>) -> Self {
        let (sender, inbox) = memory_stream(Capacity::Unbounded);
        let handle = SupervisorHandle::new(name, sender);
        let teller = Teller::new(handle.clone(), &machine);
        Self { machine, children, handle, inbox, teller }
    }

    /// A handle: administers the children, tells how they are, asks for the end.
    #[must_use]
    pub fn handle(&self) -> SupervisorHandle {
        self.handle.clone()
    }

    /// Runs the children until the supervisor is asked to stop or gives up.
    ///
    /// Asked to drain, it stops its children in reverse order, each drained and then cancelled after
    /// its own time. Cancelled, it cancels them all at once. Either way it ends only when no task, no
    /// child and no clean-up of theirs is left, and then that is an orderly end. So is the end that a
    /// significant child brings about.
    ///
    /// Inside another supervisor it wants to be a [`ChildSpec::supervisor`].
    ///
    /// # Cancel safety
    ///
    /// Dropped half-way by foreign code, its children are cancelled and adopted by the enclosing
    /// scope, without order.
    ///
    /// # Errors
    ///
    /// [`SupervisorError`] when a child did not start the first time, had to be restarted once too
    /// often, escalated its failure, or is stuck; it names the child, the limit and the last failure.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn run(self) -> Result<(), SupervisorError> {
        self.run_within(Nested::default()).await
    }

    /// Not an `async fn`, so that its future need not hold what the driver is made of.
    pub(crate) fn run_within(
        self,
        within: Nested,
    ) -> impl Future<Output = Result<(), SupervisorError>> + Send {
        crate::runtime::install();
        within.enter(&self.handle);
        let scope = CancelScope::new();
        let outside = Outside::new(scope.handle(), within);
        let driver = Driver::new(self.machine, self.children, self.handle, self.inbox, self.teller, outside);
        // The children hear of an end from the driver, one by one: the shield keeps it from them.
        let shielded = shield(Box::pin(driver.run()));
        async move {
            match scope.run(shielded).await {
                Ok(outcome) => outcome,
                // Only an abort ends what is shielded.
                Err(cancelled) => Err(SupervisorError::Aborted { cause: cancelled.cause }),
            }
        }
    }
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor")
            .field("name", &self.handle.name())
            .field("children", &self.children)
            .finish_non_exhaustive()
    }
}

/// A supervisor that is being described; see [`Supervisor::builder`].
#[derive(Debug)]
#[must_use = "a supervisor does nothing until it is built and runs"]
pub struct SupervisorBuilder {
    name: Arc<str>,
    config: Config,
    children: Vec<ChildSpec>,
}

impl SupervisorBuilder {
    /// Adds a child. The order of children is the order in which they start.
    pub fn child(mut self, child: ChildSpec) -> Self {
        self.children.push(child);
        self
    }

    /// Whom the failure of one child concerns. Default: [`Strategy::OneForOne`], that child alone.
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.config.strategy = strategy;
        self
    }

    /// What the end of [significant](ChildSpec::significant) children does. Default:
    /// [`AutoShutdown::Never`], nothing.
    pub fn auto_shutdown(mut self, auto_shutdown: AutoShutdown) -> Self {
        self.config.auto_shutdown = auto_shutdown;
        self
    }

    /// Stops children together that are to be stopped, all told at once, newest first. Default: in
    /// reverse order, each gone before the next is told.
    pub fn stop_together(mut self) -> Self {
        self.config.stop_order = StopOrder::Together;
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

    /// The place of the first child that would lose its slot with its end.
    pub(crate) fn first_temporary(&self) -> Option<usize> {
        self.children.iter().position(|child| child.policy.restart == Restart::Temporary)
    }

    /// Checks the whole description.
    ///
    /// # Errors
    ///
    /// [`SpecError`] for the first child that makes no sense here, or that has the name of another.
    pub fn build(self) -> Result<Supervisor, SpecError> {
        let machine = Machine::new(self.config, self.children.iter().map(ChildSpec::pure))?;
        Ok(Supervisor::of(self.name, machine, self.children))
    }
}

/// Keeps a child's panic as a failure, with the place that the panic hook noted on that thread.
pub(crate) struct NotePanic;

impl<T> Observe<Result<T, crate::Failure>> for NotePanic {
    fn ended(&mut self, how: &mut Ended<Result<T, crate::Failure>>, _: bool) {
        if let Ended::Panicked(payload) = how {
            *how = Ended::Value(Err(crate::Failure::from_panic(payload)));
        }
    }
}
