//! How a supervisor and its children are, at one moment.

use crate::failure::Failure;
use crate::machine::{ChildKind, Ended, Machine, Slot, SlotState};

/// How a supervisor is, with its children and theirs.
///
/// [`Display`](std::fmt::Display) draws the tree as text, [`to_dot`](Self::to_dot) for Graphviz,
/// [`to_mermaid`](Self::to_mermaid) for Mermaid; with the feature `serde` it is serialised as it stands here, states and
/// ends as words.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SupervisorSnapshot {
    /// The supervisor's name.
    pub name: String,
    /// Whether it has ended.
    pub ended: bool,
    /// How often its restart policies have started a child again.
    pub restarts: u64,
    /// The children, in the order of their start.
    pub children: Vec<ChildSnapshot>,
}

/// How a child is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ChildSnapshot {
    /// The child's name.
    pub id: String,
    /// Where its slot stands.
    pub state: SlotState,
    /// The number of its latest run; 0 before the first.
    pub incarnation: u64,
    /// How often its restart policy has started it again.
    pub restarts: u64,
    /// How the last incarnation ended that was not stopped.
    pub last_end: Option<Ended>,
    /// What the last incarnation left behind, if it failed or panicked.
    pub last_failure: Option<Failure>,
    /// Whether the last incarnation was stopped by somebody.
    pub was_stopped: bool,
    /// Whether it has children of its own.
    pub kind: ChildKind,
    /// How many messages or items wait for it; none where nobody counts.
    pub mailbox: Option<usize>,
    /// How the supervisor is that it is; none before its first run.
    pub supervisor: Option<SupervisorSnapshot>,
}

impl SupervisorSnapshot {
    pub(super) fn of(name: &str, machine: &Machine) -> Self {
        Self {
            name: name.to_owned(),
            ended: machine.is_finished(),
            restarts: machine.restarts(),
            children: machine.slots().map(ChildSnapshot::of).collect(),
        }
    }

    /// Of a supervisor that was dropped before it ran.
    pub(super) fn never_ran(name: &str) -> Self {
        Self { name: name.to_owned(), ended: true, restarts: 0, children: Vec::new() }
    }
}

impl ChildSnapshot {
    fn of(slot: &Slot) -> Self {
        Self {
            id: slot.id().to_string(),
            state: slot.state(),
            incarnation: slot.incarnation().number(),
            restarts: slot.restarts(),
            last_end: slot.last_end(),
            last_failure: None,
            was_stopped: false,
            kind: slot.policy().kind,
            mailbox: None,
            supervisor: None,
        }
    }
}
