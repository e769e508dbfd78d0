//! One line of the list of children.

use super::started::ChildRef;
use crate::machine::{ChildId, ChildKind, Slot, SlotState};

/// A child in the list of its supervisor's children.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildInfo {
    /// Its name.
    pub id: ChildId,
    /// What calls know it by.
    pub child: ChildRef,
    /// What it is to those who count.
    pub kind: ChildKind,
    /// Where its slot stands.
    pub state: SlotState,
    /// The number of its latest run; 0 before the first.
    pub incarnation: u64,
}

impl ChildInfo {
    pub(super) fn new(supervisor: u64, slot: &Slot) -> Self {
        Self {
            id: slot.id().clone(),
            child: ChildRef::new(supervisor, slot.key()),
            kind: slot.policy().kind,
            state: slot.state(),
            incarnation: slot.incarnation().number(),
        }
    }

    /// Whether it runs and is ready.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.state, SlotState::Running { .. })
    }

    /// Whether it is being started, or waits for its next attempt.
    #[must_use]
    pub fn is_restarting(&self) -> bool {
        matches!(self.state, SlotState::Starting { .. } | SlotState::Waiting { .. })
    }
}
