//! The end of significant children, and what it ends.
//!
//! A restart of several may take away a temporary significant child, which is not brought back and has not ended by
//! itself either: in OTP its end counts for nothing, and a supervisor whose last significant child went like this lives
//! on for ever. Here too such an end does not count beside others; but where no significant child is left at all, the
//! supervisor shuts down before it starts the rest again.

use super::{ChildId, Machine, Outcome, Phase, SlotKey, Step};
use crate::significance::AutoShutdown;

/// A significant child that is gone.
#[derive(Clone, Debug)]
pub(super) struct Lost {
    slot: SlotKey,
    id: ChildId,
}

impl Machine {
    /// One has ended by itself and is not brought back.
    pub(super) fn significant_ended(&mut self, slot: SlotKey, id: ChildId, step: &mut Step<'_>) {
        self.lost = Some(Lost { slot, id });
        match self.config.auto_shutdown {
            AutoShutdown::Never => self.lost = None,
            AutoShutdown::AnySignificant => self.end_for_lost(step),
            AutoShutdown::AllSignificant => self.look_for_significant(step),
        }
    }

    /// One was stopped with its siblings, and is not brought back.
    pub(super) fn significant_lost(&mut self, slot: SlotKey, id: ChildId) {
        if self.config.auto_shutdown != AutoShutdown::Never {
            self.lost = Some(Lost { slot, id });
        }
    }

    /// Whether the last significant child went while its siblings were stopped.
    pub(super) fn nobody_significant_is_left(&self) -> bool {
        let heard = self.config.auto_shutdown != AutoShutdown::Never;
        heard && self.lost.is_some() && self.slots.significant() == 0
    }

    /// After an end that may have been the last: while a sequence runs, those that are down may be about to start.
    pub(super) fn look_for_significant(&mut self, step: &mut Step<'_>) {
        if self.phase != Phase::Up || self.group.is_some() {
            return;
        }
        if self.config.auto_shutdown == AutoShutdown::AllSignificant && self.slots.significant_alive() == 0 {
            return self.end_for_lost(step);
        }
        self.lost = None;
    }

    /// A stop of this child has called off the restart of several: nothing will start what is down. The child itself
    /// was about to come back until now, and its stop does not count.
    pub(super) fn look_after_call_off(&mut self, stopped: SlotKey, step: &mut Step<'_>) {
        if self.slots[stopped].policy.significant {
            self.lost = None;
        } else {
            self.look_for_significant(step);
        }
    }

    pub(super) fn end_for_lost(&mut self, step: &mut Step<'_>) {
        if let Some(Lost { slot, id }) = self.lost.take() {
            self.end(Outcome::AutoShutdown { slot, id }, step);
        }
    }
}
