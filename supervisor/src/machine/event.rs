//! What the machine hears.

use crate::{
    exit::ExitKind,
    machine::{
        slot::{ChildId, Incarnation, SlotKey},
        spec::ChildSpec,
    },
};
use std::time::Instant;

/// What has happened, or is asked for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Start the children, one after another, each ready before the next.
    Start,
    /// An incarnation is ready.
    ChildReady {
        /// Where it runs.
        slot: SlotKey,
        /// Which run in that slot.
        incarnation: Incarnation,
    },
    /// An incarnation is gone: its task, its children and its clean-up. Only then is the slot free.
    ChildExited {
        /// Where it ran.
        slot: SlotKey,
        /// Which run in that slot.
        incarnation: Incarnation,
        /// How it ended.
        exit: ExitKind,
    },
    /// The time that [`next_deadline`](crate::machine::Machine::next_deadline) named has come.
    Timer,
    /// Stop all children in the reverse order of their start: each drains, is cancelled after its own time, and the
    /// next is told when the slot is free.
    Shutdown,
    /// Cancel all children at once, newest first.
    CancelAll {
        /// When clean-up must be over for all of them; each child's own time may only shorten it.
        clean_up_until: Option<Instant>,
    },
    /// Somebody administers the children and waits for a [`Reply`](crate::machine::Action::Reply).
    Call {
        /// The number under which the reply comes.
        call: CallId,
        /// What is asked for.
        request: Request,
    },
}

/// The number of a call, chosen by the caller, who sees it again in the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a number that callers choose freely")]
pub struct CallId(pub u64);

/// What can be asked of a supervisor about one child.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Request {
    /// Add this child at the end and start it; answered when it is ready.
    StartChild(ChildSpec),
    /// Stop this child; answered when its slot is free. The slot stays unless the child is temporary.
    StopChild(ChildId),
    /// Start this child again, which is down; answered when it is ready.
    RestartChild(ChildId),
    /// Remove the slot of this child, which is down.
    DeleteChild(ChildId),
}

impl Request {
    /// The child it is about.
    #[must_use]
    pub fn id(&self) -> &ChildId {
        match self {
            Self::StartChild(spec) => &spec.id,
            Self::StopChild(id) | Self::RestartChild(id) | Self::DeleteChild(id) => id,
        }
    }
}
