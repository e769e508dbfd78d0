//! How many children there are, by kind and by whether they run.

use super::{ChildKind, Machine, Slot, SlotState, StopCause};

/// How many children a supervisor has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// How many specifications: one for each slot, or the one template of a dynamic supervisor.
    pub specs: usize,
    /// How many run: ready, or on their way to an end. Those that are being started or tried again do not.
    pub active: usize,
    /// How many are supervisors themselves, running or not.
    pub supervisors: usize,
    /// How many are workers, running or not.
    pub workers: usize,
}

impl Machine {
    /// How many children there are, at once and in every phase.
    #[must_use]
    pub fn count_children(&self) -> Counts {
        let mut counts = Counts::default();
        for slot in self.slots() {
            counts.specs += 1;
            counts.active += usize::from(is_active(slot));
            match slot.policy().kind {
                ChildKind::Worker => counts.workers += 1,
                ChildKind::Supervisor => counts.supervisors += 1,
            }
        }
        if self.is_dynamic() {
            counts.specs = 1;
        }
        counts
    }
}

fn is_active(slot: &Slot) -> bool {
    match slot.state() {
        SlotState::Running { .. } | SlotState::Draining { .. } | SlotState::Stuck { .. } => true,
        SlotState::Stopping { cause, .. } => cause == StopCause::Asked,
        SlotState::Down | SlotState::Starting { .. } | SlotState::Waiting { .. } => false,
    }
}
