//! Holds: what keeps a cancelled body alive (C6, invariant 5).

use super::{Effects, Link, NIL, Phase, Tree};
use crate::scope::node::CANCELLED;

impl Tree {
    /// Computes `busy` anew and carries a change upwards, as far as it goes.
    pub(super) fn refresh_busy(&mut self, mut index: u32, effects: &mut Effects) {
        while index != NIL {
            let record = self.at(index);
            let busy = record.link == Link::Nested
                && match record.phase {
                    Phase::Running => record.shield || record.holds > 0,
                    Phase::Finishing => true,
                    Phase::Fresh | Phase::Passing | Phase::Ended => false,
                };
            if record.busy == busy {
                return;
            }
            record.busy = busy;
            index = record.parent;
            self.count_hold(index, busy, effects);
        }
    }

    /// Takes back the hold of a record that is about to end or move.
    pub(super) fn release_busy(&mut self, index: u32, effects: &mut Effects) {
        let record = self.at(index);
        if core::mem::take(&mut record.busy) {
            let parent = record.parent;
            self.count_hold(parent, false, effects);
            self.refresh_busy(parent, effects);
        }
    }

    fn count_hold(&mut self, index: u32, busy: bool, effects: &mut Effects) {
        if index == NIL {
            return;
        }
        let cancelled = self.tag(index).is_some_and(|tag| tag.has(CANCELLED));
        let record = self.at(index);
        if busy {
            record.holds += 1;
            return;
        }
        record.holds -= 1;
        if record.holds == 0 && cancelled && !crate::loom::fault("scope_keeps_hold_release") {
            effects.wake(record.waker.as_ref());
        }
    }
}
