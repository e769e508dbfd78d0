//! Until when each cancelled child may clean up. Pure.

use crate::machine::SlotKey;
use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

/// The budgets that run, found by slot and by time.
#[derive(Debug, Default)]
pub(super) struct Budgets {
    by_slot: HashMap<SlotKey, Instant>,
    by_time: BTreeSet<(Instant, SlotKey)>,
}

impl Budgets {
    pub(super) fn start(&mut self, slot: SlotKey, until: Instant) {
        self.end(slot);
        self.by_slot.insert(slot, until);
        self.by_time.insert((until, slot));
    }

    /// The slot is free, or its budget was acted upon.
    pub(super) fn end(&mut self, slot: SlotKey) {
        if let Some(until) = self.by_slot.remove(&slot) {
            self.by_time.remove(&(until, slot));
        }
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.by_time.first().map(|&(until, _)| until)
    }

    /// A slot whose budget is over; it is counted out.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<SlotKey> {
        let &(until, slot) = self.by_time.first()?;
        if until > now {
            return None;
        }
        self.end(slot);
        Some(slot)
    }
}
