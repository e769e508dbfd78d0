//! What the machine wants done.

use crate::machine::{
    error::CallError,
    event::CallId,
    report::{BrokenLimit, Ended, Report},
    slot::{ChildId, Incarnation, SlotKey},
};
use std::{fmt, time::Instant};

/// What the driver is to do, in this order.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// A slot was made for this `start_child`: what the child runs belongs to it now.
    Added {
        /// The new slot.
        slot: SlotKey,
        /// The call that brought the child.
        call: CallId,
    },
    /// Start this incarnation. The slot is free.
    Start {
        /// Where to run it.
        slot: SlotKey,
        /// Which run in that slot.
        incarnation: Incarnation,
    },
    /// Ask this incarnation to finish.
    Drain {
        /// Where it runs.
        slot: SlotKey,
        /// Which run in that slot.
        incarnation: Incarnation,
        /// When it will be cancelled; `None` is never.
        until: Option<Instant>,
        /// When all it leaves must be gone, for it is aborted then: a supervisor pushes that down to its own children.
        deadline: Option<Instant>,
    },
    /// Cancel this incarnation.
    Cancel {
        /// Where it runs.
        slot: SlotKey,
        /// Which run in that slot.
        incarnation: Incarnation,
        /// When its clean-up must be over.
        clean_up_until: Instant,
    },
    /// Abort this incarnation, shields and finalizers included. If it is not gone 5 seconds later it is stuck.
    Abort {
        /// Where it runs.
        slot: SlotKey,
        /// Which run in that slot.
        incarnation: Incarnation,
    },
    /// The slot is gone, and what its child runs is needed no more.
    Removed {
        /// The slot that was.
        slot: SlotKey,
    },
    /// Answer this call.
    Reply {
        /// Which call.
        call: CallId,
        /// The answer.
        reply: Result<Done, CallError>,
    },
    /// The first start is over: every child has been ready.
    Ready,
    /// The supervisor has ended, and no incarnation is left but those that are stuck. Nothing follows but refusals.
    Finished(Outcome),
    /// Tell people.
    Report(Report),
}

/// What a call of the administration has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Done {
    /// The child was started and is ready.
    Started {
        /// Where it runs.
        slot: SlotKey,
        /// Which run in that slot.
        incarnation: Incarnation,
    },
    /// The child was started and has declined: it does not run, and its slot is kept only if it could be restarted.
    Declined,
    /// The child does not run, and its slot is free.
    Stopped,
    /// The slot is gone.
    Deleted,
    /// The new configuration holds from now on.
    Reconfigured,
}

/// How a supervisor has ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was asked to stop.
    Shutdown,
    /// A child did not start, and those before it were stopped again.
    StartFailed {
        /// The slot of that child.
        slot: SlotKey,
        /// Its name.
        id: ChildId,
        /// What happened to it.
        ended: Ended,
    },
    /// A child was to be restarted once too often. This is an abnormal end.
    GaveUp {
        /// The slot of that child.
        slot: SlotKey,
        /// Its name.
        id: ChildId,
        /// What happened to it at last.
        ended: Ended,
        /// The limit that forbade another restart.
        limit: BrokenLimit,
    },
    /// A significant child had ended, and the others were stopped: an orderly end.
    AutoShutdown {
        /// The slot of that child.
        slot: SlotKey,
        /// Its name.
        id: ChildId,
    },
    /// The failure of a child was handed on, as its own judgement of that exit asked for. This is an abnormal end.
    Escalated {
        /// The slot of that child.
        slot: SlotKey,
        /// Its name.
        id: ChildId,
        /// What happened to it.
        ended: Ended,
    },
    /// A child was aborted and was not gone: it should have come back, or the supervisor should have ended without
    /// it. This is an abnormal end.
    Stuck {
        /// The slot of that child; the first such slot, if there are several.
        slot: SlotKey,
        /// Its name.
        id: ChildId,
    },
}

impl Outcome {
    /// Whether this is an orderly end.
    #[must_use]
    pub fn is_orderly(&self) -> bool {
        matches!(self, Self::Shutdown | Self::AutoShutdown { .. })
    }

    /// The slot of the child that brought the supervisor down, if one did.
    #[must_use]
    pub fn slot(&self) -> Option<SlotKey> {
        match self {
            Self::Shutdown => None,
            Self::StartFailed { slot, .. }
            | Self::GaveUp { slot, .. }
            | Self::AutoShutdown { slot, .. }
            | Self::Escalated { slot, .. }
            | Self::Stuck { slot, .. } => Some(*slot),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shutdown => f.write_str("the supervisor was shut down"),
            Self::StartFailed { id, ended, .. } => {
                write!(f, "the supervisor did not start: child `{id}` {ended}")
            }
            Self::GaveUp { id, ended, limit, .. } => {
                write!(f, "the supervisor gave up: child `{id}` {ended}, and {limit} has no restart left")
            }
            Self::AutoShutdown { id, .. } => {
                write!(f, "the supervisor was shut down by the end of its significant child `{id}`")
            }
            Self::Escalated { id, ended, .. } => {
                write!(f, "the supervisor failed with its child `{id}`, which {ended}")
            }
            Self::Stuck { id, .. } => {
                write!(f, "child `{id}` was aborted and is not gone: it does not yield, and is left behind")
            }
        }
    }
}
