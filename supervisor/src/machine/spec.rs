//! What the machine is told about a child and about itself.

use crate::{
    backoff::Backoff,
    intensity::{Exhausted, RestartLimit},
    machine::{error::SpecError, slot::ChildId},
    restart::Restart,
    shutdown::Shutdown,
    significance::AutoShutdown,
    strategy::{StopOrder, Strategy},
};
use std::time::Duration;

/// What holds for the supervisor as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// Whom the failure of one child concerns; that child alone unless set.
    pub strategy: Strategy,
    /// What the end of significant children does; nothing unless set.
    pub auto_shutdown: AutoShutdown,
    /// In what order children are stopped; in the reverse order of start unless set.
    pub stop_order: StopOrder,
    /// How many restarts, of all children together, are too many; 3 in 5 seconds unless set.
    pub limit: RestartLimit,
    /// Where the jitter of back-off begins; 0 unless set. Give each supervisor another number.
    pub seed: u64,
}

/// A child as the machine knows it: its name and its policies, but not what it runs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ChildSpec {
    /// The name of the child, which no other child of the same supervisor has.
    pub id: ChildId,
    /// How it is started, stopped and restarted.
    pub policy: ChildPolicy,
}

impl ChildSpec {
    /// A child of this name and policy.
    pub fn new(id: impl Into<ChildId>, policy: ChildPolicy) -> Self {
        Self { id: id.into(), policy }
    }

    /// Whether the policy makes sense, under a supervisor that does this at the end of significant children.
    ///
    /// # Errors
    ///
    /// [`SpecError::ZeroStartTimeout`] if no child could ever become ready in time.
    /// [`SpecError::SignificantPermanent`] if its end is awaited although it never ends for good.
    /// [`SpecError::SignificantUnheard`] if its end is awaited by nobody.
    pub fn check(&self, auto_shutdown: AutoShutdown) -> Result<(), SpecError> {
        let (id, policy) = (|| self.id.clone(), &self.policy);
        if policy.start_timeout.is_zero() {
            return Err(SpecError::ZeroStartTimeout { id: id() });
        }
        if policy.significant && policy.restart == Restart::Permanent {
            return Err(SpecError::SignificantPermanent { id: id() });
        }
        if policy.significant && auto_shutdown == AutoShutdown::Never {
            return Err(SpecError::SignificantUnheard { id: id() });
        }
        Ok(())
    }
}

/// How a child is started, stopped and restarted.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ChildPolicy {
    /// What it is to those who count; a worker unless set.
    pub kind: ChildKind,
    /// After which exits it comes back; always unless set.
    pub restart: Restart,
    /// How long it may drain when it is stopped; 5 seconds unless set.
    pub shutdown: Shutdown,
    /// How long it may clean up, counted from its cancellation, before it is aborted; 5 seconds unless set.
    pub clean_up: Duration,
    /// Whether being ready is the child's own word; it is unless set. One for which it is not has nothing to set up,
    /// and is drained when it is stopped, also before it was seen to run.
    pub reports_ready: bool,
    /// How long it may take to become ready; 30 seconds unless set.
    pub start_timeout: Duration,
    /// How long to wait between restarts; 100 ms to 30 seconds unless set.
    pub backoff: Backoff,
    /// How many restarts of this child are too many, besides the supervisor's own limit; no such limit unless set.
    pub limit: Option<RestartLimit>,
    /// How many restarts in a row, without a healthy run between them, are allowed; no such limit unless set.
    ///
    /// It catches what fails so slowly that it never has many restarts within one period. How long a run must last
    /// to be healthy is said by [`Backoff::reset_after`].
    pub max_consecutive: Option<u32>,
    /// What happens when one of the child's own limits, `limit` or `max_consecutive`, is used up; the supervisor gives
    /// up unless set.
    pub exhausted: Exhausted,
    /// Whether its end counts for [`AutoShutdown`]; it does not unless set.
    pub significant: bool,
}

/// What a child is to those who count children, and to a shutdown with a deadline: a supervisor splits the time itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChildKind {
    /// It does work itself.
    #[default]
    Worker,
    /// It has children of its own.
    Supervisor,
}

impl Default for ChildPolicy {
    fn default() -> Self {
        Self {
            kind: ChildKind::default(),
            restart: Restart::default(),
            shutdown: Shutdown::default(),
            clean_up: Duration::from_secs(5),
            reports_ready: true,
            start_timeout: Duration::from_secs(30),
            backoff: Backoff::default(),
            limit: None,
            max_consecutive: None,
            exhausted: Exhausted::default(),
            significant: false,
        }
    }
}
