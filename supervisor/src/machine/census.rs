//! How many children stand in each state, kept up to date as they change.

use super::slot::SlotState;

/// The states of a slot, as words.
pub(crate) const STATES: [&str; 7] =
    ["down", "starting", "running", "draining", "stopping", "waiting", "stuck"];

/// The number of slots in each state, in the order of [`STATES`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Census([u32; STATES.len()]);

impl Census {
    /// A slot goes from one state to another; `None` is where there is no slot.
    pub(super) fn moved(&mut self, from: Option<SlotState>, to: Option<SlotState>) {
        if let Some(from) = from {
            self.0[place(from)] -= 1;
        }
        if let Some(to) = to {
            self.0[place(to)] += 1;
        }
    }

    pub(crate) fn counts(&self) -> impl Iterator<Item = u32> + use<> {
        self.0.into_iter()
    }
}

fn place(state: SlotState) -> usize {
    match state {
        SlotState::Down => 0,
        SlotState::Starting { .. } => 1,
        SlotState::Running { .. } => 2,
        SlotState::Draining { .. } => 3,
        SlotState::Stopping { .. } => 4,
        SlotState::Waiting { .. } => 5,
        SlotState::Stuck { .. } => 6,
    }
}
