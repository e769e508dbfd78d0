//! Limits on clean-up, and what was lost to them (C13, C14).

use super::{Effects, Link, NIL, Phase, Tree};
use crate::scope::cause::Cause;
use crate::scope::node::{ABORT, Node, OVER, REARM};
use crate::scope::subject::Subject;
use core::panic::Location;
use std::time::Instant;

/// Until when a node may clean up, and who said so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    until: Instant,
    /// Set by whoever stopped the node; otherwise it is what a scope gives itself.
    given: bool,
}

impl Tree {
    /// Sets until when a node may clean up; an earlier time stays.
    pub(in crate::scope) fn limit(&mut self, node: &Node, until: Instant, effects: &mut Effects) {
        let record = self.at(node.index);
        if record.phase == Phase::Ended {
            return;
        }
        let known = record.extra().limit;
        if known.is_some_and(|known| known.given && known.until <= until) {
            return;
        }
        record.extra().limit = Some(Limit { until, given: true });
        node.set(REARM);
        effects.wake(record.waker.as_ref());
        if !known.is_some_and(|known| known.given) {
            self.limits += 1;
        }
    }

    /// Notes until when a node that nobody limits gives itself.
    pub(in crate::scope) fn note_own_budget(&mut self, node: &Node, until: Instant) {
        let limit = &mut self.at(node.index).extra().limit;
        limit.get_or_insert(Limit { until, given: false });
    }

    /// The time that was set for this node itself.
    pub(in crate::scope) fn own_limit(&self, node: &Node) -> Option<Instant> {
        let limit = self.records[node.index].extra.as_ref()?.limit?;
        limit.given.then_some(limit.until)
    }

    /// Whether whoever stopped this node, or one around it, has set a time. With none set anywhere,
    /// which is the rule, nothing is walked.
    pub(in crate::scope) fn is_limited(&self, node: &Node) -> bool {
        self.limits > 0 && self.limits_above(node.index).any(|limit| limit.given)
    }

    /// The earliest time in force.
    pub(in crate::scope) fn clean_up_until(&self, node: &Node) -> Option<Instant> {
        self.earliest_limit(node.index)
    }

    pub(super) fn earliest_limit(&self, index: u32) -> Option<Instant> {
        self.limits_above(index).map(|limit| limit.until).min()
    }

    /// The limits on the way up. A shield of a body ends the way, as it does for the cancellation that
    /// brought the limit; that of a clean-up does not.
    fn limits_above(&self, mut index: u32) -> impl Iterator<Item = Limit> {
        core::iter::from_fn(move || {
            let record = (index != NIL).then(|| &self.records[index])?;
            index = if record.shield && record.link != Link::Beside { NIL } else { record.parent };
            Some(record.extra.as_ref().and_then(|extra| extra.limit))
        })
        .flatten()
    }

    /// The event "budget over": flags the node and everything that is stopped with it.
    pub(in crate::scope) fn budget_over(&mut self, node: &Node, effects: &mut Effects) {
        if self.at(node.index).phase == Phase::Ended {
            return;
        }
        match crate::loom::fault("scope_ends_budget_unheard") {
            true => node.set(OVER),
            false => self.flag_all(node.index, OVER, effects),
        }
    }

    /// Counts clean-ups that were refused or dropped.
    pub(in crate::scope) fn lose(&mut self, index: u32, count: u32) {
        if count > 0 && index != NIL {
            self.at(index).extra().lost += count;
        }
    }

    /// What an ending record has lost belongs to what it was inside of too. The outermost that was stopped
    /// reports the sum; those around it, which go on, only count it.
    pub(super) fn hand_up_losses(&mut self, index: u32, effects: &mut Effects) {
        let lost = self.lost(index);
        if lost == 0 {
            return;
        }
        let above = self.living_from(self.records[index].parent);
        self.lose(above, lost);
        let was_stopped = self.records.tag(index).word() & (ABORT | OVER) != 0;
        if was_stopped && self.word_of(above) & (ABORT | OVER) == 0 {
            effects.losses = Some(Box::new((self.subject(index), lost)));
        }
    }

    pub(super) fn end_limit(&mut self, limit: Option<Limit>) {
        self.limits -= usize::from(limit.is_some_and(|limit| limit.given));
    }

    pub(in crate::scope) fn losses(&self, node: &Node) -> usize {
        self.lost(node.index) as usize
    }

    fn lost(&self, index: u32) -> u32 {
        self.records[index].extra.as_ref().map_or(0, |extra| extra.lost)
    }

    pub(in crate::scope) fn note_place(&mut self, node: &Node, place: &'static Location<'static>) {
        self.at(node.index).place = Some(place);
    }

    /// The shields inside a body that keep it: their numbers and places.
    pub(in crate::scope) fn shields_inside(
        &self,
        node: &Node,
    ) -> Vec<(u64, Option<&'static Location<'static>>)> {
        let mut found = Vec::new();
        let mut pending = Vec::new();
        self.push_children(node.index, &mut pending);
        while let Some(index) = pending.pop() {
            let record = &self.records[index];
            if !record.busy {
                continue;
            }
            if record.shield {
                found.push((self.records.tag(index).id(), record.place));
            } else {
                self.push_children(index, &mut pending);
            }
        }
        found
    }

    /// Whether this node was cancelled itself and something inside its body holds it.
    pub(in crate::scope) fn is_held_against_its_own_cancellation(&self, node: &Node) -> bool {
        let record = &self.records[node.index];
        record.own_cause && record.holds > 0
    }

    /// Waits no longer for the tasks of an aborted node: each stands alone from now on, cancelled for
    /// good. Returns the innermost ones, which are those that do not yield.
    pub(in crate::scope) fn let_go(&mut self, node: &Node, effects: &mut Effects) -> Vec<Subject> {
        let mut children = Vec::new();
        self.push_children(node.index, &mut children);
        let mut stuck = Vec::new();
        for index in children {
            if !self.at(index).link.is_counted() {
                continue;
            }
            self.push_innermost(index, &mut stuck);
            self.cancel(self.records.tag(index), Cause::Dropped, effects);
            let link = self.at(index).link;
            self.move_up(index, NIL, link, effects);
        }
        stuck
    }

    fn push_innermost(&self, top: u32, found: &mut Vec<Subject>) {
        let mut pending = vec![top];
        while let Some(index) = pending.pop() {
            let before = pending.len();
            self.push_children(index, &mut pending);
            if pending.len() == before {
                found.push(self.subject(index));
            }
        }
    }
}
