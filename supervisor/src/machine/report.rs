//! What the machine tells people: each decision in one sentence.

use crate::{
    exit::ExitKind,
    intensity::RestartLimit,
    machine::slot::{ChildId, Incarnation, SlotKey},
};
use std::{fmt, time::Duration};

/// Something that happened to a child, and what happens next.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The slot of the child, which may be gone by now.
    pub slot: SlotKey,
    /// The name of the child.
    pub id: ChildId,
    /// Which run in that slot.
    pub incarnation: Incarnation,
    /// What happened.
    pub what: What,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "child `{}` (incarnation {}) {}", self.id, self.incarnation, self.what)
    }
}

/// What happened to a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// It is ready.
    Ready,
    /// It was not ready within this time and has been cancelled.
    NotReady(Duration),
    /// It had not finished within its time to drain and has been cancelled.
    DrainOver,
    /// It had not cleaned up within its time and has been aborted.
    CleanUpOver,
    /// It was aborted 5 seconds ago and is not gone: nothing takes its place, and nobody waits for it.
    Stuck,
    /// It was stuck, and is gone after all.
    Unstuck,
    /// It declined to run.
    Declined,
    /// It was stopped while several were to be restarted because of it: those that had not come back stay down.
    GroupCalledOff,
    /// It was stopped, and ended like this.
    Stopped(ExitKind),
    /// It ended although nobody had stopped it.
    Ended {
        /// How.
        how: Ended,
        /// What happens next.
        next: Next,
    },
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("is ready"),
            Self::NotReady(limit) => write!(f, "was not ready within {limit:?}: it has been cancelled"),
            Self::DrainOver => f.write_str("did not finish within its time to drain: it has been cancelled"),
            Self::CleanUpOver => f.write_str("had not cleaned up within its time: it has been aborted"),
            Self::Stuck => f.write_str(
                "is stuck: it was aborted and has not yielded since; its slot stays taken until it is gone",
            ),
            Self::Unstuck => f.write_str("was stuck and is gone after all: its slot is free"),
            Self::Declined => f.write_str("declined to run: it is not tried again"),
            Self::GroupCalledOff => {
                f.write_str("was stopped while its siblings waited for it: those that are down stay down")
            }
            Self::Stopped(exit) => write!(f, "was stopped and {exit}"),
            Self::Ended { how, next } => write!(f, "{how}: {next}"),
        }
    }
}

/// How an incarnation has ended that was not stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// It had been ready.
    AfterReady(ExitKind),
    /// It ended before it was ready, which is a failed start, however it ended.
    BeforeReady(ExitKind),
    /// It was not ready within this time.
    NotReadyIn(Duration),
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AfterReady(exit) => exit.fmt(f),
            Self::BeforeReady(exit) => write!(f, "{exit} before it was ready"),
            Self::NotReadyIn(limit) => write!(f, "was not ready within {limit:?}"),
        }
    }
}

/// What happens after a child has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// It is started again.
    Restarts {
        /// Which restart in a row this is; the first is 1.
        attempt: u32,
        /// After what time.
        after: Duration,
    },
    /// It is started again together with its siblings.
    RestartsGroup {
        /// Which restart in a row this is; the first is 1.
        attempt: u32,
        /// How long they wait when all of them are stopped.
        after: Duration,
    },
    /// It stays down; its slot is kept.
    StaysDown,
    /// Its slot is removed.
    Forgotten,
    /// The supervisor's first start is rolled back.
    RollsBack,
    /// It stays down, for its own limit is used up; its slot is kept.
    SlotGivesUp(BrokenLimit),
    /// The supervisor fails with it.
    Escalates,
    /// The supervisor gives up.
    GivesUp(BrokenLimit),
}

impl fmt::Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restarts { attempt, after } if after.is_zero() => {
                write!(f, "it is restarted at once, restart {attempt} in a row")
            }
            Self::Restarts { attempt, after } => {
                write!(f, "it is restarted in {after:?}, restart {attempt} in a row")
            }
            Self::RestartsGroup { attempt, after } => {
                write!(
                    f,
                    "it is restarted together with its siblings after {after:?}, restart {attempt} in a row"
                )
            }
            Self::StaysDown => f.write_str("it stays down"),
            Self::Forgotten => f.write_str("its slot is removed"),
            Self::RollsBack => f.write_str("the supervisor does not start, and stops the children before it"),
            Self::SlotGivesUp(limit) => write!(f, "it stays down, for {limit} has no restart left"),
            Self::Escalates => f.write_str("the supervisor fails with it"),
            Self::GivesUp(limit) => write!(f, "the supervisor gives up, for {limit} has no restart left"),
        }
    }
}

/// The limit that forbade another restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BrokenLimit {
    /// The limit of all children together.
    Supervisor(RestartLimit),
    /// The limit of this child.
    Child(RestartLimit),
    /// The limit of restarts in a row of this child.
    Consecutive(u32),
}

impl fmt::Display for BrokenLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Supervisor(limit) => write!(f, "the supervisor's limit of {limit}"),
            Self::Child(limit) => write!(f, "the child's limit of {limit}"),
            Self::Consecutive(max) => write!(f, "the child's limit of {max} in a row"),
        }
    }
}
