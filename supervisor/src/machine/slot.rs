//! A slot: the supervisor's record of one child, which outlives every incarnation of it.

use crate::{
    intensity::RestartWindow,
    machine::{
        event::CallId,
        report::Ended,
        spec::{ChildPolicy, ChildSpec},
    },
    restart::Restart,
};
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

/// The name of a child, cheap to clone.
pub type ChildId = Arc<str>;

/// A slot's number: grows in the order of start, and is never used again for another slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotKey(pub(super) u64);

impl SlotKey {
    pub(super) const FIRST: Self = Self(0);
}

/// Counts the runs in one slot: the first is 1, 0 stands for none yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Incarnation(pub(super) u64);

impl fmt::Display for SlotKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Incarnation {
    /// The count as a number.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a slot stands. What each event does there is also drawn in full in `machine/transitions.txt`.
///
/// An event that a variant does not mention is without effect there. Calls of the administration are answered at
/// once in every state, by the table in `machine/admin.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SlotState {
    /// Nothing runs. The first start sequence, `start_child` or `restart_child` makes it `Starting`.
    Down,
    /// An incarnation runs but is not ready.
    ///
    /// *Ready*: `Running`. *Exited*: a failed start, whatever the kind of exit: the first start of the supervisor is
    /// rolled back, a call gets the error, a restart becomes the next attempt. *Timer*: it is cancelled,
    /// `Stopping`. A stop cancels it too, for before it is ready it has nothing to drain; but one whose readiness is
    /// not its own word is drained.
    Starting {
        /// When it must be ready.
        until: Instant,
        /// On whose behalf it was started.
        by: StartedBy,
    },
    /// An incarnation runs and is ready.
    ///
    /// *Exited*: by the restart table, `Starting` or `Waiting`, `Down`, or the slot is removed. A stop drains it, or
    /// cancels it if it has no time to drain.
    Running {
        /// When it became ready.
        since: Instant,
    },
    /// An incarnation has been asked to finish.
    ///
    /// *Exited*: the slot is free: `Down`, or removed if the child is temporary; not counted and not restarted.
    /// *Timer*: it is cancelled, `Stopping`.
    Draining {
        /// When it will be cancelled; `None` is never.
        until: Option<Instant>,
    },
    /// An incarnation has been cancelled and cleans up, or has been aborted.
    ///
    /// *Exited*: the slot is free, and what happens next is in `cause`. *Timer*: it is aborted, and if it is not gone
    /// 5 seconds later, `Stuck`.
    Stopping {
        /// When its time in this gear is over.
        until: Instant,
        /// What it was told last.
        gear: StopGear,
        /// Why it was cancelled.
        cause: StopCause,
    },
    /// Nothing runs; the next attempt waits for its back-off.
    ///
    /// *Timer*: `Starting`. A stop makes it `Down` at once.
    Waiting {
        /// When the next attempt begins.
        until: Instant,
        /// Which restart in a row that will be; the first is 1.
        attempt: u32,
    },
    /// An incarnation was aborted and is not gone: it does not yield, and cannot be ended.
    ///
    /// Nothing is started beside it, its name stays taken, and no shutdown waits for it. *Exited*: the slot is free
    /// after all: `Down`, or removed if the child is temporary.
    Stuck {
        /// Since when.
        since: Instant,
    },
}

impl SlotState {
    /// Whether an incarnation holds the slot.
    #[must_use]
    pub fn is_occupied(self) -> bool {
        !matches!(self, Self::Down | Self::Waiting { .. })
    }

    /// Whether the end of an incarnation is waited for: nobody waits for one that is stuck.
    pub(super) fn is_awaited(self) -> bool {
        self.is_occupied() && !matches!(self, Self::Stuck { .. })
    }

    /// When the machine wants to hear of the time again because of this slot.
    pub(super) fn deadline(self) -> Option<Instant> {
        match self {
            Self::Starting { until, .. } | Self::Waiting { until, .. } | Self::Stopping { until, .. } => {
                Some(until)
            }
            Self::Draining { until } => until,
            Self::Down | Self::Running { .. } | Self::Stuck { .. } => None,
        }
    }
}

/// On whose behalf an incarnation was started, and so who hears of a failed start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartedBy {
    /// The first start of the supervisor, which fails with it.
    Sequence,
    /// A `start_child`; if the start fails, its slot is removed.
    StartChild(CallId),
    /// A `restart_child`; if the start fails, its slot stays down.
    RestartChild(CallId),
    /// The child's own restart policy; if the start fails, that was one attempt.
    Policy,
    /// A restart of several; if the start fails, that was one attempt, and the restart begins anew.
    Group,
}

impl StartedBy {
    /// The call that is answered when the start is over.
    pub(super) fn call(self) -> Option<CallId> {
        match self {
            Self::StartChild(call) | Self::RestartChild(call) => Some(call),
            Self::Sequence | Self::Policy | Self::Group => None,
        }
    }
}

/// What an incarnation that is being stopped was told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopGear {
    /// It was cancelled and cleans up.
    CleaningUp,
    /// It was aborted.
    Aborted,
}

/// Why an incarnation was cancelled, and so what happens when it has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopCause {
    /// It was stopped, by a call or with its supervisor: the slot is free.
    Asked,
    /// It was not ready in time: a failed start.
    NotReady(StartedBy),
}

/// The supervisor's record of one child.
#[derive(Clone, Debug)]
pub struct Slot {
    pub(super) key: SlotKey,
    pub(super) id: ChildId,
    pub(super) policy: ChildPolicy,
    /// Written by `Slots::enter` only, which keeps the deadlines in step.
    pub(super) state: SlotState,
    pub(super) incarnation: Incarnation,
    /// How long the latest incarnation may take to become ready, whatever was configured since.
    pub(super) may_take: Duration,
    /// Whether any incarnation has been ready.
    pub(super) was_ready: bool,
    pub(super) restarts: u64,
    /// Restarts in a row, without a healthy run between them.
    pub(super) attempt: u32,
    pub(super) window: Option<RestartWindow>,
    pub(super) last_end: Option<Ended>,
    /// Calls that are answered when the slot is free.
    pub(super) stop_calls: Vec<CallId>,
}

impl Slot {
    pub(super) fn new(key: SlotKey, spec: ChildSpec) -> Self {
        Self {
            key,
            id: spec.id,
            policy: spec.policy,
            state: SlotState::Down,
            incarnation: Incarnation::default(),
            may_take: spec.policy.start_timeout,
            was_ready: false,
            restarts: 0,
            attempt: 0,
            window: spec.policy.limit.map(RestartWindow::new),
            last_end: None,
            stop_calls: Vec::new(),
        }
    }

    /// The slot's number.
    #[must_use]
    pub fn key(&self) -> SlotKey {
        self.key
    }

    /// The child's name.
    #[must_use]
    pub fn id(&self) -> &ChildId {
        &self.id
    }

    /// How the child is started, stopped and restarted.
    #[must_use]
    pub fn policy(&self) -> &ChildPolicy {
        &self.policy
    }

    /// Where the slot stands.
    #[must_use]
    pub fn state(&self) -> SlotState {
        self.state
    }

    /// The latest run in this slot, over or not.
    #[must_use]
    pub fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// How often the restart policy has started this child again.
    #[must_use]
    pub fn restarts(&self) -> u64 {
        self.restarts
    }

    /// How the last incarnation that was not stopped has ended.
    #[must_use]
    pub fn last_end(&self) -> Option<Ended> {
        self.last_end
    }

    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.state, SlotState::Waiting { .. })
    }

    pub(super) fn is_temporary(&self) -> bool {
        self.policy.restart == Restart::Temporary
    }

    /// Takes another policy; the restarts that were still count.
    pub(super) fn set_policy(&mut self, policy: ChildPolicy) {
        self.window = match (self.window.take(), policy.limit) {
            (Some(mut window), Some(limit)) => {
                window.set_limit(limit);
                Some(window)
            }
            (_, limit) => limit.map(RestartWindow::new),
        };
        self.policy = policy;
    }
}
