//! Cancelling, shielding, draining, aborting: flags of a whole subtree, then wakes (C5).

use super::{Effects, Link, NIL, Phase, Tree};
use crate::loom::Arc;
use crate::scope::cause::Cause;
use crate::scope::node::{ABORT, CANCELLED, DELIVER, DRAIN, NUDGED, Node, OVER, REARM, Tag};
use std::time::Instant;

/// What goes down to everything inside and is never taken back.
const GEARS: [u32; 3] = [DRAIN, ABORT, OVER];
/// What a new node takes over from its parent.
pub(super) const INHERITED: u32 = CANCELLED | DRAIN | ABORT | OVER;

impl Tree {
    /// Cancels a node; the first cause is kept.
    pub(in crate::scope) fn cancel(&mut self, node: &Tag, cause: Cause, effects: &mut Effects) {
        let record = self.at(node.index);
        if record.phase == Phase::Ended || record.own_cause {
            return;
        }
        record.cause = Some(Arc::new(cause));
        record.own_cause = true;
        self.refresh(node.index, effects);
    }

    pub(in crate::scope) fn set_shield(&mut self, node: &Node, shield: bool, effects: &mut Effects) {
        let record = self.at(node.index);
        if record.phase != Phase::Ended && record.shield != shield {
            record.shield = shield;
            let from = match crate::loom::fault("scope_unshields_delivered") {
                true => node.index,
                false => self.deliver_anew_around(node.index, effects),
            };
            self.refresh_busy(node.index, effects);
            self.refresh(from, effects);
        }
    }

    /// What a lifted shield lets in must be woken before the bodies around it may be dropped, though
    /// these were delivered long ago (invariant 4): withdraws that, and delivers them last.
    ///
    /// Returns where to refresh from: the outermost node around that another thread has not yet
    /// delivered, as its wakes may still be to come, or the node itself.
    fn deliver_anew_around(&mut self, index: u32, effects: &mut Effects) -> u32 {
        let mut around = Vec::new();
        let mut inner = index;
        while self.at(inner).link == Link::Nested && self.is_cancelled_from_outside(inner) {
            inner = self.at(inner).parent;
            around.push(inner);
        }
        let mut from = index;
        for outer in around.into_iter().rev() {
            let Some(tag) = self.tag(outer) else { continue };
            let delivered = tag.has(DELIVER);
            let epoch = tag.begin_cancel(false);
            if from == index && delivered {
                effects.deliver(tag.node(), epoch);
            } else if from == index {
                from = outer;
            }
        }
        from
    }

    pub(in crate::scope) fn is_shielded(&self, node: &Node) -> bool {
        self.records[node.index].shield
    }

    /// Asks a node and everything inside to drain, as far as no shield stands between: what is
    /// shielded is drained by whoever put the shield there.
    pub(in crate::scope) fn drain(&mut self, node: &Node, effects: &mut Effects) {
        self.flag_all(node.index, DRAIN, effects);
    }

    /// The same, with the time by which they should have come to their end; an earlier time stays.
    pub(in crate::scope) fn drain_until(&mut self, node: &Node, until: Instant, effects: &mut Effects) {
        let record = self.at(node.index);
        if record.phase != Phase::Ended {
            let known = &mut record.extra().drain_by;
            *known = Some(known.map_or(until, |known| known.min(until)));
            self.drain(node, effects);
        }
    }

    /// The earliest time that was said to this node and those around it, as far as no shield stands between.
    pub(in crate::scope) fn drain_deadline(&self, node: &Node) -> Option<Instant> {
        let mut index = node.index;
        let mut earliest: Option<Instant> = None;
        while index != NIL {
            let record = &self.records[index];
            let own = record.extra.as_ref().and_then(|extra| extra.drain_by);
            earliest = earliest.into_iter().chain(own).min();
            index = if record.shield { NIL } else { record.parent };
        }
        earliest
    }

    /// Has whoever polls this node look at something that is not in the tree.
    pub(in crate::scope) fn nudge(&mut self, node: &Node, effects: &mut Effects) {
        let record = self.at(node.index);
        if record.phase != Phase::Ended {
            node.set(NUDGED);
            effects.wake(record.waker.as_ref());
        }
    }

    /// Aborts a node and everything inside: shields, clean-ups and finalizers are dropped.
    pub(in crate::scope) fn abort(&mut self, node: &Node, cause: Cause, effects: &mut Effects) {
        self.cancel(node, cause, effects);
        self.flag_all(node.index, ABORT, effects);
    }

    pub(super) fn flag_all(&mut self, top: u32, bit: u32, effects: &mut Effects) {
        let mut pending = vec![top];
        while let Some(index) = pending.pop() {
            let Some(tag) = self.tag(index) else { continue };
            let record = self.at(index);
            if tag.has(bit) || (index != top && record.keeps_out(bit)) {
                continue;
            }
            tag.set(bit);
            effects.wake(record.waker.as_ref());
            for (_, waker) in record.extra.iter().flat_map(|extra| &extra.watchers) {
                effects.wake(Some(waker));
            }
            self.push_children(index, &mut pending);
        }
    }

    /// Computes the effective flag of a node and of everything inside anew (invariant 3), and
    /// collects the wakes, outermost first.
    ///
    /// Descends where something changes, and where a node is cancelled but not yet all woken: the
    /// other thread that flagged it may be slower than we are (invariant 4). What is delivered inside
    /// of such a node is woken once more for the same reason, and is not descended into.
    pub(super) fn refresh(&mut self, top: u32, effects: &mut Effects) {
        let mut pending = vec![top];
        while let Some(index) = pending.pop() {
            let inside = index != top;
            let cancelled = self.is_effective(index);
            let record = &self.records[index];
            let Some(tag) = self.tag(index) else { continue };
            let was = tag.has(CANCELLED);
            if was == cancelled && (!was || tag.has(DELIVER)) {
                if was && inside && !crate::loom::fault("scope_trusts_a_slower_cancel") {
                    effects.wake(record.waker.as_ref());
                }
                continue;
            }
            if !cancelled {
                tag.clear(CANCELLED | DELIVER);
                effects.wake(record.waker.as_ref());
            } else if record.first_child == NIL && record.watchers().next().is_none() {
                // Nothing inside has to be woken first.
                tag.begin_cancel(true);
                effects.wake(record.waker.as_ref());
            } else {
                let early = crate::loom::fault("scope_delivers_early");
                let epoch = if was { tag.epoch() } else { tag.begin_cancel(early) };
                effects.deliver(tag.node(), epoch);
            }
            for waker in record.watchers() {
                effects.wake(Some(waker));
            }
            if was != cancelled {
                self.inherit_cause(index, cancelled);
            }
            if self.records[index].first_child != NIL {
                self.push_children(index, &mut pending);
            }
        }
    }

    /// The flags of a node that has nothing inside and that nobody waits for yet.
    pub(super) fn refresh_new(&mut self, index: u32) {
        let record = &self.records[index];
        let around = self.word_of(record.parent) & INHERITED;
        if around == 0 && !record.own_cause {
            return;
        }
        let cancelled = self.is_effective(index);
        let record = &self.records[index];
        let gears = GEARS.into_iter().filter(|&bit| around & bit != 0 && !record.keeps_out(bit));
        let inherited = gears.fold(0, |bits, bit| bits | bit);
        let Some(tag) = self.tag(index) else { return };
        if cancelled && !tag.has(CANCELLED) {
            tag.begin_cancel(true);
        } else if cancelled {
            tag.set(DELIVER);
        }
        if inherited != 0 {
            tag.set(inherited);
        }
        if cancelled {
            self.inherit_cause(index, true);
        }
    }

    pub(super) fn is_effective(&self, index: u32) -> bool {
        self.records[index].own_cause || self.is_cancelled_from_outside(index)
    }

    /// Whether something outside the node cancels it.
    pub(super) fn is_cancelled_from_outside(&self, index: u32) -> bool {
        let record = &self.records[index];
        !record.shield && self.word_of(record.parent) & CANCELLED != 0
    }

    /// A node that moved is drained and aborted with its new parent.
    pub(super) fn inherit_gears(&mut self, index: u32, effects: &mut Effects) {
        let above = self.word_of(self.records[index].parent);
        for bit in GEARS {
            if above & bit != 0 && !self.records[index].keeps_out(bit) {
                self.flag_all(index, bit, effects);
            }
        }
    }

    pub(super) fn word_of(&self, index: u32) -> u32 {
        if index == NIL {
            return 0;
        }
        self.tag(index).map_or(0, Tag::word)
    }

    pub(super) fn push_children(&self, index: u32, pending: &mut Vec<u32>) {
        let mut child = self.records[index].first_child;
        while child != NIL {
            pending.push(child);
            child = self.records[child].next;
        }
    }

    /// The cause in force: the node's own, or that of the nearest cancelled ancestor it can see.
    /// Noted when the node was flagged, so that a deep tree need not be walked for each of its nodes.
    pub(in crate::scope) fn cause(&self, node: &Node) -> Option<Arc<Cause>> {
        self.records[node.index].cause.clone()
    }

    /// Notes the parent's cause for a node that is cancelled from outside; none for one that is not
    /// cancelled any more.
    fn inherit_cause(&mut self, index: u32, cancelled: bool) {
        let record = &self.records[index];
        if record.own_cause {
            return;
        }
        let parent = record.parent;
        let inherited = cancelled && parent != NIL;
        let cause = inherited.then(|| self.records[parent].cause.clone()).flatten();
        self.at(index).cause = cause;
    }

    pub(in crate::scope) fn set_deadline(
        &mut self,
        node: &Node,
        deadline: Option<Instant>,
        effects: &mut Effects,
    ) {
        let record = self.at(node.index);
        if record.phase == Phase::Ended {
            return;
        }
        record.extra().deadline = deadline;
        node.set(REARM);
        effects.wake(record.waker.as_ref());
    }

    /// The node's own deadline.
    pub(in crate::scope) fn deadline(&self, node: &Node) -> Option<Instant> {
        self.records[node.index].extra.as_ref().and_then(|extra| extra.deadline)
    }

    /// The nearest deadline in force through unshielded ancestors. For a clean-up that is what is left of
    /// the budget (C8).
    pub(in crate::scope) fn effective_deadline(&self, node: &Node) -> Option<Instant> {
        let mut index = node.index;
        let mut nearest: Option<Instant> = None;
        while index != NIL {
            let record = &self.records[index];
            let own = record.extra.as_ref().and_then(|extra| extra.deadline);
            nearest = nearest.into_iter().chain(own).min();
            if record.shield {
                let limit =
                    if record.link == Link::Beside { self.earliest_limit(record.parent) } else { None };
                return nearest.into_iter().chain(limit).min();
            }
            index = record.parent;
        }
        nearest
    }
}

impl super::Record {
    /// Whether this record's shield stops a gear. Nothing stops an abort; a clean-up's shield keeps it
    /// from the cancellation, and not from the end of its budget.
    fn keeps_out(&self, gear: u32) -> bool {
        self.shield && (gear == DRAIN || (gear == OVER && self.link != Link::Beside))
    }

    pub(super) fn watchers(&self) -> impl Iterator<Item = &core::task::Waker> {
        self.extra.iter().flat_map(|extra| extra.watchers.iter().map(|(_, waker)| waker))
    }
}
