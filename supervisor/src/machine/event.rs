//! What the machine hears.

use crate::{
    directive::Directive,
    exit::ExitKind,
    machine::{
        error::CallError,
        slot::{ChildId, Incarnation, SlotKey},
        spec::{ChildPolicy, ChildSpec, Config},
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
        /// What the child's own judgement of that exit asks for.
        directive: Directive,
    },
    /// An incarnation is gone like one that has exited, for there was nothing for it to do: it wants neither to run
    /// nor to be tried again.
    ///
    /// That is a start which declines. From a child that had said it was ready it is a normal exit.
    ChildDeclined {
        /// Where it ran.
        slot: SlotKey,
        /// Which run in that slot.
        incarnation: Incarnation,
    },
    /// The time that [`next_deadline`](crate::machine::Machine::next_deadline) named has come.
    Timer,
    /// Stop all children, by default in the reverse order of their start: each drains, is cancelled after its own
    /// time, and the next is told when the slot is free. Heard again, it may only bring the deadline nearer.
    Shutdown {
        /// When all of it must be over: no child drains or cleans up beyond it, and what is left then is aborted.
        deadline: Option<Instant>,
    },
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

/// What can be asked of a supervisor.
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
    /// Go on with these policies for the child of this name. What has begun keeps its times.
    ReconfigureChild(ChildSpec),
    /// Go on with this configuration. Children stay as they are, and a restart of several ends as it began.
    Reconfigure(Config),
    /// Of a dynamic supervisor: start one more child; answered when it is ready.
    StartDynamic,
    /// Of a dynamic supervisor: stop the child in this slot; answered when it is gone, and its slot with it.
    StopDynamic(SlotKey),
    /// Of a dynamic supervisor: these policies are those of the children that are started from now on.
    ReplaceTemplate(ChildPolicy),
}

impl Request {
    /// The child it is about, if it names one.
    #[must_use]
    pub fn id(&self) -> Option<&ChildId> {
        match self {
            Self::StartChild(spec) | Self::ReconfigureChild(spec) => Some(&spec.id),
            Self::StopChild(id) | Self::RestartChild(id) | Self::DeleteChild(id) => Some(id),
            Self::Reconfigure(_) | Self::StartDynamic | Self::StopDynamic(_) | Self::ReplaceTemplate(_) => {
                None
            }
        }
    }

    /// The answer of a supervisor that is ending or has ended.
    #[must_use]
    pub fn too_late(&self) -> CallError {
        match self.id() {
            Some(id) => CallError::ShuttingDown { id: id.clone() },
            None => CallError::SupervisorEnding,
        }
    }
}
