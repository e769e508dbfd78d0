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
    /// The supervisor has ended and no incarnation is left. Nothing follows but refusals.
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
    /// The child does not run, and its slot is free.
    Stopped,
    /// The slot is gone.
    Deleted,
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
        }
    }
}
