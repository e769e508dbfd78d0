//! A restart of several: the children concerned are stopped, wait once, and are started in order.
//!
//! 1. *Stopping*: from the moment the failure is heard, newest first and each by its own rule. By default each is gone
//!    before the next is told; where the supervisor stops its children together, all are told at once. What ends by
//!    itself before its turn counts as stopped too, and temporary children go for good.
//! 2. *Waiting*, once, when all of them are gone: for the back-off of the child that failed. This is the only wait in
//!    its range.
//! 3. *Starting*, oldest first, each ready before the next. Whatever is down in the range is started, also what had
//!    been stopped by hand, had finished or had declined before.
//!
//! A further failure of a child that was up, or of a start, begins it anew; it never waits for less than was left.
//! A stop of the child that failed, before it is up again, calls the rest off: what is down stays down. Any other that
//! is stopped meanwhile is left out. A child that is added or started by hand meanwhile takes its turn.
//!
//! It ends with the strategy with which it began, whatever is configured meanwhile.

use super::{Ended, Machine, Next, Phase, Slot, SlotKey, SlotState, StartedBy, Step, What};
use crate::{
    fault::fault,
    strategy::{StopOrder, Strategy},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    time::{Duration, Instant},
};

#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) strategy: Strategy,
    /// The slots from here on are concerned.
    first: SlotKey,
    /// The child that failed last.
    failed: SlotKey,
    stage: Stage,
    /// Those of the range that were stopped by hand meanwhile.
    left_out: BTreeSet<SlotKey>,
    /// Calls that are answered when the start of their child is over.
    calls: BTreeMap<SlotKey, StartedBy>,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Stopping {
        delay: Duration,
    },
    Waiting {
        until: Instant,
    },
    /// This one is being started; those after it are still to be.
    Starting {
        current: SlotKey,
    },
}

impl Group {
    fn new(strategy: Strategy, failed: SlotKey, delay: Duration) -> Self {
        let all = strategy == Strategy::OneForAll || fault("siblings_before_the_failed_one_are_restarted");
        let first = if all { SlotKey::FIRST } else { failed };
        let stage = Stage::Stopping { delay };
        Self { strategy, first, failed, stage, left_out: BTreeSet::new(), calls: BTreeMap::new() }
    }

    /// Takes over what is left of the one it replaces.
    fn instead_of(self, old: Self, now: Instant) -> Self {
        let left = match old.stage {
            Stage::Stopping { delay } => delay,
            Stage::Waiting { until } => until.saturating_duration_since(now),
            Stage::Starting { .. } => Duration::ZERO,
        };
        let Stage::Stopping { delay } = self.stage else { return self };
        let left = if fault("the_last_delay_counts_for_the_group") { Duration::ZERO } else { left };
        let stage = Stage::Stopping { delay: delay.max(left) };
        Self {
            first: self.first.min(old.first_to_start()),
            stage,
            left_out: old.left_out,
            calls: old.calls,
            ..self
        }
    }

    fn first_to_start(&self) -> SlotKey {
        match self.stage {
            Stage::Starting { current } => current,
            Stage::Stopping { .. } | Stage::Waiting { .. } => self.first,
        }
    }

    /// Whether this slot is stopped by it now, or has been.
    pub(super) fn stops(&self, key: SlotKey) -> bool {
        matches!(self.stage, Stage::Stopping { .. }) && key >= self.first
    }

    /// Whether this slot, being down, will be started by it.
    pub(super) fn will_start(&self, key: SlotKey) -> bool {
        self.is_ahead(key) && !self.left_out.contains(&key)
    }

    fn is_ahead(&self, key: SlotKey) -> bool {
        match self.stage {
            Stage::Stopping { .. } | Stage::Waiting { .. } => key >= self.first,
            Stage::Starting { current } => key > current,
        }
    }

    fn starts(&self, key: SlotKey) -> bool {
        matches!(self.stage, Stage::Starting { current } if current == key)
    }
}

impl Machine {
    /// Whether the failure of one child concerns others now.
    pub(super) fn strategy(&self) -> Strategy {
        self.group.as_ref().map_or(self.config.strategy, |group| group.strategy)
    }

    /// Whether this slot is being stopped by a group, or waits for its turn to be.
    pub(super) fn group_stops(&self, key: SlotKey) -> bool {
        self.group.as_ref().is_some_and(|group| group.stops(key))
    }

    pub(super) fn restart_group(
        &mut self,
        failed: SlotKey,
        ended: Ended,
        after: Duration,
        step: &mut Step<'_>,
    ) {
        let attempt = self.slots[failed].attempt;
        self.tell_end(failed, ended, Next::RestartsGroup { attempt, after }, step);
        self.slots.enter(failed, SlotState::Down);
        let group = Group::new(self.strategy(), failed, after);
        let group = match self.group.take() {
            Some(old) => {
                self.end_wait(old.failed);
                group.instead_of(old, step.now)
            }
            None => group,
        };
        let first = group.first;
        self.group = Some(group);
        if self.config.stop_order == StopOrder::Together {
            self.slots.awaited_from(first).into_iter().for_each(|key| self.stop(key, step));
        }
    }

    fn end_wait(&mut self, key: SlotKey) {
        if self.slots.get(key).is_some_and(Slot::is_waiting) {
            self.slots.enter(key, SlotState::Down);
        }
    }

    /// While a group is being stopped: stops the newest that is left, or goes on when there is none.
    pub(super) fn stop_group(&mut self, step: &mut Step<'_>) {
        let Some(Group { stage: Stage::Stopping { delay }, first, .. }) = self.group else { return };
        match self.slots.last_awaited().filter(|&newest| newest >= first) {
            Some(newest) => self.stop(newest, step),
            None if self.nobody_significant_is_left() => self.end_for_lost(step),
            None => self.wait_group(delay, step),
        }
    }

    fn wait_group(&mut self, delay: Duration, step: &mut Step<'_>) {
        let Some(group) = &mut self.group else { return };
        if delay.is_zero() {
            return self.start_group(step);
        }
        let until = step.after(delay);
        group.stage = Stage::Waiting { until };
        let failed = group.failed;
        let attempt = self.slots[failed].attempt;
        self.slots.enter(failed, SlotState::Waiting { until, attempt });
    }

    /// Whether this slot waits on behalf of a group.
    pub(super) fn group_waits_in(&self, key: SlotKey) -> bool {
        matches!(self.group, Some(Group { stage: Stage::Waiting { .. }, failed, .. }) if failed == key)
    }

    pub(super) fn start_group(&mut self, step: &mut Step<'_>) {
        let Some(&Group { first, failed, .. }) = self.group.as_ref() else { return };
        self.end_wait(failed);
        self.start_group_from(Bound::Included(first), step);
    }

    fn start_group_from(&mut self, from: Bound<SlotKey>, step: &mut Step<'_>) {
        let Some(group) = &mut self.group else { return };
        let Some(current) = self.slots.next_down(from, &group.left_out) else {
            self.group = None;
            return self.all_started(step);
        };
        group.stage = Stage::Starting { current };
        let never_up = self.phase == Phase::FirstStart && !self.slots[current].was_ready;
        let by = if never_up { StartedBy::Sequence } else { StartedBy::Group };
        let by = group.calls.remove(&current).unwrap_or(by);
        self.start(current, by, step);
    }

    /// The start in this slot is over, however it ended: the next one may begin.
    ///
    /// Returns whether that was the business of a group.
    pub(super) fn group_goes_on(&mut self, key: SlotKey, step: &mut Step<'_>) -> bool {
        let concerned = self.group.as_ref().is_some_and(|group| group.starts(key));
        if concerned {
            self.start_group_from(Bound::Excluded(key), step);
        }
        concerned
    }

    /// A start is interrupted: the call behind it keeps its turn in the group that interrupts it, or is told.
    pub(super) fn interrupt(&mut self, key: SlotKey, by: StartedBy, step: &mut Step<'_>) {
        let has_turn = !self.is_ephemeral(key) && self.slots[key].stop_calls.is_empty();
        match &mut self.group {
            Some(group) if group.stops(key) && has_turn && by.call().is_some() => {
                group.calls.insert(key, by);
            }
            _ => self.call_off(key, by, step),
        }
    }

    /// Lets a child take its turn in the group that is going on; false if there is none, or its turn is over. Either
    /// way it is left out no more, should the group begin anew.
    pub(super) fn start_in_turn(&mut self, key: SlotKey, by: StartedBy) -> bool {
        let Some(group) = &mut self.group else { return false };
        group.left_out.remove(&key);
        let to_come = group.is_ahead(key);
        if to_come {
            group.calls.insert(key, by);
        }
        to_come
    }

    /// A stop by hand is heard: of the child that all wait for it ends the group, any other is left out.
    pub(super) fn leave_group(&mut self, key: SlotKey, step: &mut Step<'_>) {
        let Some(group) = &mut self.group else { return };
        if group.failed == key && (group.is_ahead(key) || group.starts(key)) {
            step.report(&self.slots[key], What::GroupCalledOff);
            self.call_off_group(step);
            return self.look_after_call_off(key, step);
        }
        if group.is_ahead(key) || group.starts(key) {
            group.left_out.insert(key);
        }
        self.lose_turn(key, step);
    }

    /// The child will not be started by the group: a call that had a turn for it is told.
    pub(super) fn lose_turn(&mut self, key: SlotKey, step: &mut Step<'_>) {
        if let Some(by) = self.group.as_mut().and_then(|group| group.calls.remove(&key)) {
            self.call_off(key, by, step);
        }
    }

    /// There is no group any more; calls that had a turn in it are told, and a temporary child of theirs has no slot.
    pub(super) fn call_off_group(&mut self, step: &mut Step<'_>) {
        let Some(group) = self.group.take() else { return };
        for (key, by) in group.calls {
            self.call_off(key, by, step);
            if self.slots[key].state == SlotState::Down {
                self.free(key, step);
            }
        }
    }
}
