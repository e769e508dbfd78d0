//! Readiness and liveness, as functions of a snapshot.

use super::drawing::word;
use super::snapshot::{ChildSnapshot, SupervisorSnapshot};
use crate::failure::Failure;
use crate::machine::{Ended, SlotState};
use std::fmt;

/// Somebody who keeps a tree from being ready, or alive. Prints as a line.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Unfit {
    /// The names from the root of the tree down to the child, with `/` between; the root's alone where it is meant.
    pub path: String,
    /// Where its slot stands; `None` for the root, which has ended.
    pub state: Option<SlotState>,
    /// How it last ended without being stopped.
    pub last_end: Option<Ended>,
    /// What the last run left behind, if it failed or panicked.
    pub last_failure: Option<Failure>,
}

impl SupervisorSnapshot {
    /// Whether the tree can do its work: a readiness probe. See [`not_ready`](Self::not_ready).
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.not_ready().is_empty()
    }

    /// Who keeps the tree from being ready, in the order of start.
    ///
    /// A child is ready that runs and has said so. So is one that is down with its work done: it ended
    /// normally, declined, or was stopped by somebody. Any other is not, and neither is a supervisor that has ended.
    #[must_use]
    pub fn not_ready(&self) -> Vec<Unfit> {
        self.unfit(is_unready)
    }

    /// Whether the tree can still come to itself: a liveness probe, whose failure asks for another process.
    /// See [`not_live`](Self::not_live).
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.not_live().is_empty()
    }

    /// Who keeps the tree from ever being well again: a supervisor that has ended, and every child that is stuck.
    ///
    /// A child that waits for its next restart is no reason: it is cared for already.
    #[must_use]
    pub fn not_live(&self) -> Vec<Unfit> {
        self.unfit(|child| matches!(child.state, SlotState::Stuck { .. }))
    }

    fn unfit(&self, is_unfit: fn(&ChildSnapshot) -> bool) -> Vec<Unfit> {
        if self.ended {
            let path = self.name.clone();
            return vec![Unfit { path, state: None, last_end: None, last_failure: None }];
        }
        let mut found = Vec::new();
        self.collect(&self.name, is_unfit, &mut found);
        found
    }

    fn collect(&self, path: &str, is_unfit: fn(&ChildSnapshot) -> bool, found: &mut Vec<Unfit>) {
        for child in &self.children {
            let path = format!("{path}/{}", child.id);
            // What a supervisor shows that does not run is how it was.
            let inside = child.supervisor.as_ref().filter(|inside| !inside.ended);
            let before = found.len();
            if let Some(inside) = inside {
                inside.collect(&path, is_unfit, found);
            }
            // The children say more than that their supervisor is not ready.
            if found.len() == before && is_unfit(child) {
                found.push(Unfit::of(path, child));
            }
        }
    }
}

impl Unfit {
    fn of(path: String, child: &ChildSnapshot) -> Self {
        let ChildSnapshot { state, last_end, .. } = *child;
        Self { path, state: Some(state), last_end, last_failure: child.last_failure.clone() }
    }
}

fn is_unready(child: &ChildSnapshot) -> bool {
    match child.state {
        SlotState::Running { .. } => false,
        SlotState::Down if child.incarnation == 0 => true,
        SlotState::Down => !child.was_stopped && child.last_end.is_some_and(is_failure),
        _ => true,
    }
}

fn is_failure(ended: Ended) -> bool {
    match ended {
        Ended::AfterReady(exit) => exit.is_abnormal(),
        Ended::BeforeReady(_) | Ended::NotReadyIn(_) => true,
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.state.map_or("has ended", word))?;
        if let Some(SlotState::Waiting { attempt, .. }) = self.state {
            write!(f, " (restart {attempt} in a row)")?;
        }
        if let Some(end) = self.last_end {
            write!(f, ", last {end}")?;
        }
        match &self.last_failure {
            Some(failure) => write!(f, ": {failure}"),
            None => Ok(()),
        }
    }
}
