//! Stopping: one child by its own rule, all of them in order or together, or all at once; and those that do not go.

use super::{
    Action, CallError, Done, Ended, Machine, Outcome, Phase, SlotKey, SlotState, StartedBy, Step, StopCause,
    StopGear, What, allowance,
};
use crate::{exit::ExitKind, fault::fault, shutdown::Shutdown, strategy::StopOrder};
use std::time::{Duration, Instant};

/// How long an aborted incarnation may take to be gone.
const STUCK_AFTER: Duration = Duration::from_secs(5);

impl Machine {
    /// Ends the supervisor in good order. The first reason to end is the one that counts.
    pub(super) fn end(&mut self, outcome: Outcome, step: &mut Step<'_>) {
        self.begin_ending(outcome, step);
        if self.stops_together() {
            self.slots.awaited_from(SlotKey::FIRST).into_iter().for_each(|key| self.stop(key, step));
        }
    }

    fn stops_together(&self) -> bool {
        self.config.stop_order == StopOrder::Together || self.is_dynamic()
    }

    /// Ends the supervisor in good order and in time.
    pub(super) fn shut_down(&mut self, deadline: Option<Instant>, step: &mut Step<'_>) {
        if let Some(deadline) = deadline.filter(|_| !self.is_finished()) {
            self.deadline = allowance::earlier(self.deadline, Some(deadline));
            self.hurry(deadline, step);
        }
        self.end(Outcome::Shutdown, step);
    }

    /// What is being stopped already must keep the deadline too.
    fn hurry(&mut self, deadline: Instant, step: &mut Step<'_>) {
        for key in self.slots.awaited_from(SlotKey::FIRST) {
            let slot = &self.slots[key];
            match slot.state {
                SlotState::Draining { until } => {
                    let room = allowance::leaving_room(&slot.policy, step.now, deadline);
                    let until = allowance::earlier(until, Some(room));
                    self.slots.enter(key, SlotState::Draining { until });
                }
                SlotState::Stopping { until, gear: gear @ StopGear::CleaningUp, cause } => {
                    self.slots.enter(key, SlotState::Stopping { until: until.min(deadline), gear, cause });
                }
                _ => {}
            }
        }
    }

    pub(super) fn cancel_all(&mut self, clean_up_until: Option<Instant>, step: &mut Step<'_>) {
        self.begin_ending(Outcome::Shutdown, step);
        for key in self.slots.awaited_from(SlotKey::FIRST) {
            self.cancel_now(key, clean_up_until, step);
        }
    }

    /// The time of the whole shutdown is over: what is left is aborted, newest first.
    pub(super) fn abort_all(&mut self, step: &mut Step<'_>) {
        self.deadline = None;
        for key in self.slots.awaited_from(SlotKey::FIRST) {
            self.abort_now(key, step);
        }
    }

    fn begin_ending(&mut self, outcome: Outcome, step: &mut Step<'_>) {
        if self.is_ending() {
            return;
        }
        self.phase = Phase::Ending(outcome);
        for (call, request) in std::mem::take(&mut self.queued) {
            step.reply(call, Err(request.too_late()));
        }
        self.call_off_group(step);
        self.slots.give_up_waiting();
    }

    /// While the supervisor ends: stops the newest slot that is left, or finishes when there is none.
    pub(super) fn stop_next(&mut self, step: &mut Step<'_>) {
        if !matches!(self.phase, Phase::Ending(_)) {
            return;
        }
        let oldest_first = fault("the_oldest_is_stopped_first");
        let oldest = || self.slots.awaited_from(SlotKey::FIRST).last().copied();
        match if oldest_first { oldest() } else { self.slots.last_awaited() } {
            Some(newest) => self.stop(newest, step),
            None => self.finish(step),
        }
    }

    fn finish(&mut self, step: &mut Step<'_>) {
        self.deadline = None;
        let Phase::Ending(outcome) = std::mem::replace(&mut self.phase, Phase::Finished) else { return };
        let left_behind = self.slots.first_stuck().filter(|_| outcome.is_orderly());
        let outcome = match left_behind {
            Some(slot) => Outcome::Stuck { slot: slot.key, id: slot.id.clone() },
            None => outcome,
        };
        step.push(Action::Finished(outcome));
    }

    /// Begins to stop a slot by its own rule; one that is being stopped already, or is free, is left alone.
    pub(super) fn stop(&mut self, key: SlotKey, step: &mut Step<'_>) {
        match self.slots[key].state {
            SlotState::Running { .. } => self.drain(key, step),
            SlotState::Starting { by, .. } if !self.slots[key].policy.reports_ready => {
                self.interrupt(key, by, step);
                self.drain(key, step);
            }
            SlotState::Starting { .. } | SlotState::Stopping { .. } => self.cancel_now(key, None, step),
            SlotState::Down
            | SlotState::Draining { .. }
            | SlotState::Waiting { .. }
            | SlotState::Stuck { .. } => {}
        }
    }

    fn drain(&mut self, key: SlotKey, step: &mut Step<'_>) {
        let (slot, deadline) = (&self.slots[key], self.deadline);
        let until = allowance::drain_until(&slot.policy, step.now, deadline);
        if until.is_some_and(|until| until <= step.now) {
            return self.cancel(key, StopCause::Asked, None, step);
        }
        let deadline = allowance::all_over(&slot.policy, until, deadline);
        let incarnation = slot.incarnation;
        self.slots.enter(key, SlotState::Draining { until });
        step.push(Action::Drain { slot: key, incarnation, until, deadline });
    }

    /// Cancels a slot whatever its rule says; one that is cancelled already keeps its time to clean up.
    fn cancel_now(&mut self, key: SlotKey, limit: Option<Instant>, step: &mut Step<'_>) {
        match self.slots[key].state {
            SlotState::Starting { by, .. } => {
                self.interrupt(key, by, step);
                self.cancel(key, StopCause::Asked, limit, step);
            }
            SlotState::Running { .. } | SlotState::Draining { .. } => {
                self.cancel(key, StopCause::Asked, limit, step);
            }
            SlotState::Stopping { until, gear, cause: StopCause::NotReady(by) } => {
                self.interrupt(key, by, step);
                self.slots.enter(key, SlotState::Stopping { until, gear, cause: StopCause::Asked });
            }
            SlotState::Stopping { gear: StopGear::CleaningUp, cause, .. }
                if fault("clean_up_begins_anew") =>
            {
                self.cancel(key, cause, limit, step);
            }
            SlotState::Stopping { .. }
            | SlotState::Down
            | SlotState::Waiting { .. }
            | SlotState::Stuck { .. } => {}
        }
    }

    /// Tells the call that wanted this start, if one did, that it will not come about.
    pub(super) fn call_off(&self, key: SlotKey, by: StartedBy, step: &mut Step<'_>) {
        let Some(call) = by.call() else { return };
        let id = self.slots[key].id.clone();
        let error = if self.is_ending() {
            CallError::ShuttingDown { id }
        } else {
            CallError::StoppedMeanwhile { id }
        };
        step.reply(call, Err(error));
    }

    /// The second gear; for a child whose rule is to be aborted it is left out.
    pub(super) fn cancel(
        &mut self,
        key: SlotKey,
        cause: StopCause,
        limit: Option<Instant>,
        step: &mut Step<'_>,
    ) {
        let slot = &self.slots[key];
        if slot.policy.shutdown == Shutdown::Abort {
            return self.abort(key, cause, step);
        }
        let incarnation = slot.incarnation;
        let limit = allowance::earlier(limit, self.deadline);
        let clean_up_until = allowance::clean_up_until(&slot.policy, step.now, limit);
        let gear = StopGear::CleaningUp;
        self.slots.enter(key, SlotState::Stopping { until: clean_up_until, gear, cause });
        step.push(Action::Cancel { slot: key, incarnation, clean_up_until });
    }

    /// The third gear, whatever was told before.
    fn abort_now(&mut self, key: SlotKey, step: &mut Step<'_>) {
        match self.slots[key].state {
            SlotState::Stopping { gear: StopGear::Aborted, .. } => return,
            SlotState::Starting { by, .. } | SlotState::Stopping { cause: StopCause::NotReady(by), .. } => {
                self.call_off(key, by, step);
            }
            _ => {}
        }
        self.abort(key, StopCause::Asked, step);
    }

    pub(super) fn abort(&mut self, key: SlotKey, cause: StopCause, step: &mut Step<'_>) {
        let (until, gear) = (step.after(STUCK_AFTER), StopGear::Aborted);
        self.slots.enter(key, SlotState::Stopping { until, gear, cause });
        step.push(Action::Abort { slot: key, incarnation: self.slots[key].incarnation });
    }

    /// An aborted incarnation is not gone. If it should have come back, the supervisor cannot keep its promise.
    pub(super) fn stuck(&mut self, key: SlotKey, cause: StopCause, step: &mut Step<'_>) {
        step.report(&self.slots[key], What::Stuck);
        let id = self.slots[key].id.clone();
        let stopped = self.slots.change(key, |slot| std::mem::take(&mut slot.stop_calls));
        self.slots.enter(key, SlotState::Stuck { since: step.now });
        let started = if let StopCause::NotReady(by) = cause { by.call() } else { None };
        for call in stopped.into_iter().chain(started) {
            step.reply(call, Err(CallError::Stuck { id: id.clone() }));
        }
        let was_to_return = matches!(cause, StopCause::NotReady(by) if by.call().is_none());
        if fault("a_child_that_is_stuck_is_restarted") && was_to_return {
            return self.start(key, StartedBy::Policy, step);
        }
        if was_to_return || self.group_stops(key) {
            return self.end(Outcome::Stuck { slot: key, id }, step);
        }
        self.group_goes_on(key, step);
    }

    /// One that was stuck is gone after all.
    pub(super) fn unstuck(&mut self, key: SlotKey, step: &mut Step<'_>) {
        step.report(&self.slots[key], What::Unstuck);
        self.free(key, step);
    }

    /// One ended although its turn to be stopped with its siblings had not come.
    pub(super) fn stopped_in_turn(&mut self, key: SlotKey, exit: ExitKind, step: &mut Step<'_>) {
        match self.slots[key].state {
            SlotState::Starting { by, .. } | SlotState::Stopping { cause: StopCause::NotReady(by), .. } => {
                self.interrupt(key, by, step);
            }
            _ => {}
        }
        self.stopped(key, exit, step);
    }

    /// A slot that was being stopped is free.
    pub(super) fn stopped(&mut self, key: SlotKey, exit: ExitKind, step: &mut Step<'_>) {
        if fault("a_stop_is_counted") && exit.is_abnormal() {
            return self.restart(key, Ended::AfterReady(exit), step);
        }
        step.report(&self.slots[key], What::Stopped(exit));
        let calls = self.slots.change(key, |slot| std::mem::take(&mut slot.stop_calls));
        if calls.is_empty() {
            self.stopped_with_siblings(key);
        } else if fault("a_stopped_significant_child_ends_its_supervisor")
            && self.slots[key].policy.significant
        {
            self.significant_ended(key, self.slots[key].id.clone(), step);
        }
        self.free(key, step);
        let heard = if fault("a_call_that_waits_is_forgotten") { 1 } else { calls.len() };
        for call in calls.into_iter().take(heard) {
            step.reply(call, Ok(Done::Stopped));
        }
        self.group_goes_on(key, step);
    }

    fn stopped_with_siblings(&mut self, key: SlotKey) {
        let slot = &self.slots[key];
        if self.group_stops(key) && slot.policy.significant && slot.is_temporary() {
            self.significant_lost(key, slot.id.clone());
        }
    }
}
