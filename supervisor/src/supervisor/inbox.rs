//! What the supervisor's task hears, and who waits for the answer to a call.

use super::inside::Probe;
use super::snapshot::SupervisorSnapshot;
use super::start_call::StartCall;
use super::started::{ChildStart, StartInfo};
use crate::directive::Directive;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::machine::{CallError, Incarnation, Machine, Request, SlotKey};
use arbour_primitives::scope::ScopeHandle;
use tokio::sync::oneshot;

/// What the driver hears.
pub(super) enum Inbox {
    Ready {
        slot: SlotKey,
        incarnation: Incarnation,
        info: Option<StartInfo>,
    },
    /// It wants its end to be taken for that of a start which had nothing to do.
    Declines {
        slot: SlotKey,
        incarnation: Incarnation,
    },
    Exited {
        slot: SlotKey,
        incarnation: Incarnation,
        exit: Exit<Failure>,
        directive: Directive,
    },
    Start {
        call: Box<StartCall>,
        caller: Option<ScopeHandle>,
    },
    Call {
        request: Request,
        /// The scope in which it was made.
        caller: Option<ScopeHandle>,
        reply: oneshot::Sender<Result<(), CallError>>,
    },
    Snapshot(oneshot::Sender<Sight>),
    /// A look at the machine by code of ours.
    Look(Box<dyn FnOnce(&Machine) + Send>),
    Stop {
        deadline: Option<std::time::Instant>,
    },
}

/// How the supervisor is, and where to look further: at which child, by its place among them.
pub(super) type Sight = (SupervisorSnapshot, Vec<(usize, Probe)>);

/// Who waits for the answer to a call.
pub(super) enum Caller {
    Plain(oneshot::Sender<Result<(), CallError>>),
    Start(Box<StartCall>),
}

impl Caller {
    /// To one who asked for no start it says only that it was done.
    pub(super) fn answer(self, start: ChildStart) {
        match self {
            // A caller that has gone does not want the answer.
            Self::Plain(reply) => drop(reply.send(Ok(()))),
            Self::Start(call) => call.start(start),
        }
    }

    pub(super) fn refuse(self, reason: CallError, failure: Option<Failure>) {
        match self {
            Self::Plain(reply) => drop(reply.send(Err(reason))),
            Self::Start(call) => call.refuse(reason, failure),
        }
    }
}
