//! A restart of several in the model: all are stopped, wait once, and are started in order.

use super::{
    super::words::{End, Number, Time},
    By, Model, Phase, State,
};
use arbour_supervisor::{
    machine::{Ended, Next, What},
    strategy::{StopOrder, Strategy},
};
use std::time::Duration;

#[derive(Clone, Debug)]
pub(super) struct Regroup {
    pub(super) strategy: Strategy,
    /// This child and all after it are concerned.
    pub(super) first: Number,
    /// The child that failed last.
    failed: Number,
    pub(super) stage: Stage,
    /// Who was stopped by hand, and so is left out.
    left_out: Vec<Number>,
    /// Calls for the start of a child whose turn is to come.
    turns: Vec<(Number, By)>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    Stopping { then_wait: Duration },
    Waiting { until: Time },
    Starting { current: Number },
}

impl Regroup {
    pub(super) fn waits_in(&self, child: Number) -> bool {
        matches!(self.stage, Stage::Waiting { .. }) && self.failed == child
    }

    /// Whether the turn of this child to be started is to come.
    fn is_ahead(&self, child: Number) -> bool {
        match self.stage {
            Stage::Stopping { .. } | Stage::Waiting { .. } => child >= self.first,
            Stage::Starting { current } => child > current,
        }
    }

    fn is_at(&self, child: Number) -> bool {
        matches!(self.stage, Stage::Starting { current } if current == child)
    }

    fn will_start(&self, child: Number) -> bool {
        self.is_ahead(child) && !self.left_out.contains(&child)
    }
}

impl Model {
    pub(super) fn group_stops(&self, child: Number) -> bool {
        let stops = |group: &Regroup| matches!(group.stage, Stage::Stopping { .. }) && child >= group.first;
        self.regroup.as_ref().is_some_and(stops)
    }

    pub(super) fn group_will_start(&self, child: Number) -> bool {
        self.regroup.as_ref().is_some_and(|group| group.will_start(child))
    }

    /// Begins a restart of several, or begins it anew: it never waits for less than was left.
    pub(super) fn regroup_for(&mut self, failed: Number, ended: Ended, after: Duration) {
        let attempt = self.of(failed).in_a_row;
        self.tell(failed, ended, Next::RestartsGroup { attempt, after });
        self.at(failed).state = State::Down;
        let strategy = self.strategy();
        let first = if strategy == Strategy::OneForAll { 0 } else { failed };
        let stage = Stage::Stopping { then_wait: after };
        let mut group = Regroup { strategy, first, failed, stage, left_out: Vec::new(), turns: Vec::new() };
        if let Some(old) = self.regroup.take() {
            let (old_first, left) = match old.stage {
                Stage::Stopping { then_wait } => (old.first, then_wait),
                Stage::Waiting { until } => (old.first, until.saturating_sub(self.now)),
                Stage::Starting { current } => (current, Duration::ZERO),
            };
            self.end_wait_of(old.failed);
            group.first = first.min(old_first);
            group.stage = Stage::Stopping { then_wait: after.max(left) };
            (group.left_out, group.turns) = (old.left_out, old.turns);
        }
        let first = group.first;
        self.regroup = Some(group);
        if self.config.stop_order == StopOrder::Together {
            self.all_newest_first(|model, child| {
                if child >= first {
                    model.stop(child)
                }
            });
        }
    }

    fn end_wait_of(&mut self, child: Number) {
        let waiting = |state| matches!(state, State::Waiting { .. });
        if self.find(child).is_some_and(|found| waiting(found.state)) {
            self.at(child).state = State::Down;
        }
    }

    /// If the last significant child is among those that are gone for good, nothing is started any more.
    pub(super) fn all_of_the_group_are_gone(&mut self) {
        let significant = self.children.iter().any(|child| child.rules.policy.significant);
        if let Some(lost) = self.lost.filter(|_| !significant && self.counts_significant()) {
            return self.end(End::AutoShutdown(lost));
        }
        let Some(group) = &mut self.regroup else { return };
        let Stage::Stopping { then_wait } = group.stage else { return };
        if then_wait.is_zero() {
            return self.begin_regroup();
        }
        let until = self.now + then_wait;
        group.stage = Stage::Waiting { until };
        let failed = group.failed;
        self.at(failed).state = State::Waiting { until };
    }

    pub(super) fn begin_regroup(&mut self) {
        if let Some(failed) = self.regroup.as_ref().map(|group| group.failed) {
            self.end_wait_of(failed);
            self.start_next_of_group(None);
        }
    }

    /// Starts the first that is down, behind `last` if one was started before.
    pub(super) fn start_next_of_group(&mut self, last: Option<Number>) {
        let Some(group) = &mut self.regroup else { return };
        let in_range = |child: Number| last.map_or(child >= group.first, |last| child > last);
        let next = self.children.iter().find(|child| {
            child.state == State::Down && in_range(child.number) && !group.left_out.contains(&child.number)
        });
        let Some(next) = next else {
            self.regroup = None;
            return self.all_are_up();
        };
        let (current, was_ready) = (next.number, next.was_ready);
        group.stage = Stage::Starting { current };
        let called = group.turns.iter().find(|(child, _)| *child == current).map(|&(_, by)| by);
        group.turns.retain(|(child, _)| *child != current);
        let first_start = matches!(self.phase, Phase::First(_)) && !was_ready;
        let by = called.unwrap_or(if first_start { By::FirstStart } else { By::Policy });
        self.start(current, by);
    }

    /// A start is stopped: a call behind it keeps its turn in the group that stops it, or is told.
    pub(super) fn interrupt(&mut self, child: Number, by: By) {
        let stays = !self.goes_with_its_slot(child) && self.of(child).stops.is_empty();
        let has_turn = stays && self.group_stops(child) && by.call().is_some();
        match &mut self.regroup {
            Some(group) if has_turn => group.turns.push((child, by)),
            _ => self.call_off(child, by),
        }
    }

    /// Gives a start by hand its turn in the group that is going on, if its turn is to come.
    pub(super) fn takes_turn(&mut self, child: Number, by: By) -> bool {
        let Some(group) = &mut self.regroup else { return false };
        group.left_out.retain(|&other| other != child);
        let to_come = group.is_ahead(child);
        if to_come {
            group.turns.push((child, by));
        }
        to_come
    }

    /// A stop by hand: of the child that all wait for it calls off the group, any other is left out.
    pub(super) fn leave_group(&mut self, child: Number) {
        let Some(group) = &mut self.regroup else { return };
        let concerned = group.is_ahead(child) || group.is_at(child);
        if concerned && group.failed == child {
            self.report(child, What::GroupCalledOff);
            self.call_off_group();
            return self.look_after_call_off(child);
        }
        if concerned {
            group.left_out.push(child);
        }
        self.lose_turn(child);
    }

    pub(super) fn lose_turn(&mut self, child: Number) {
        let Some(group) = &mut self.regroup else { return };
        let lost = group.turns.iter().find(|(other, _)| *other == child).map(|&(_, by)| by);
        group.turns.retain(|(other, _)| *other != child);
        if let Some(by) = lost {
            self.call_off(child, by);
        }
    }

    /// Those who had a turn are told, in order of start; a temporary child that is down has no slot any more.
    pub(super) fn call_off_group(&mut self) {
        let Some(mut group) = self.regroup.take() else { return };
        group.turns.sort_by_key(|&(child, _)| child);
        for (child, by) in group.turns {
            self.call_off(child, by);
            if self.of(child).state == State::Down {
                self.free(child);
            }
        }
    }
}
