//! How a supervisor and its children are, at one moment; prints as a tree.

use crate::machine::{Ended, Machine, Slot, SlotState};
use std::fmt;

/// How a supervisor is. [`Display`](fmt::Display) draws the tree.
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
        }
    }
}

impl fmt::Display for SupervisorSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, counted(self.restarts))?;
        let width = self.children.iter().map(|child| child.id.chars().count()).max().unwrap_or(0);
        for (at, child) in self.children.iter().enumerate() {
            let branch = if at + 1 == self.children.len() { "└─" } else { "├─" };
            write!(f, "\n{branch} {:width$}  {child}", child.id)?;
        }
        Ok(())
    }
}

impl fmt::Display for ChildSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            SlotState::Down => "down",
            SlotState::Starting { .. } => "starting",
            SlotState::Running { .. } => "running",
            SlotState::Draining { .. } => "draining",
            SlotState::Stopping { .. } => "stopping",
            SlotState::Waiting { .. } => "waiting to restart",
            SlotState::Stuck { .. } => "stuck",
        };
        write!(f, "{state}, {}", counted(self.restarts))?;
        match self.last_end {
            Some(end) => write!(f, ", last {end}"),
            None => Ok(()),
        }
    }
}

fn counted(restarts: u64) -> String {
    match restarts {
        0 => "no restarts".to_owned(),
        1 => "1 restart".to_owned(),
        many => format!("{many} restarts"),
    }
}
