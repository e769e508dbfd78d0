//! Stopping: one child by its own rule, all of them in reverse order, or all at once.

use super::{
    Action, CallError, Done, Machine, Outcome, Phase, SlotKey, SlotState, StartedBy, Step, StopCause, What,
};
use crate::exit::ExitKind;
use std::time::Instant;

impl Machine {
    /// Ends the supervisor in good order. The first reason to end is the one that counts.
    pub(super) fn end(&mut self, outcome: Outcome, step: &mut Step<'_>) {
        self.begin_ending(outcome, step);
        self.stop_next(step);
    }

    pub(super) fn cancel_all(&mut self, clean_up_until: Option<Instant>, step: &mut Step<'_>) {
        self.begin_ending(Outcome::Shutdown, step);
        let newest_first: Vec<SlotKey> = self.slots.iter().rev().map(|slot| slot.key).collect();
        for key in newest_first {
            self.cancel_now(key, clean_up_until, step);
        }
        self.stop_next(step);
    }

    fn begin_ending(&mut self, outcome: Outcome, step: &mut Step<'_>) {
        if self.is_ending() {
            return;
        }
        self.phase = Phase::Ending { outcome, upto: SlotKey::LAST };
        for (call, request) in std::mem::take(&mut self.queued) {
            step.reply(call, Err(CallError::ShuttingDown { id: request.id().clone() }));
        }
        self.slots.give_up_waiting();
    }

    /// While the supervisor ends: stops the newest slot that is occupied, or finishes when there is none.
    pub(super) fn stop_next(&mut self, step: &mut Step<'_>) {
        let Phase::Ending { upto, .. } = &mut self.phase else { return };
        match self.slots.last_occupied(*upto) {
            Some(newest) => {
                *upto = newest;
                self.stop(newest, step);
            }
            None => self.finish(step),
        }
    }

    fn finish(&mut self, step: &mut Step<'_>) {
        if let Phase::Ending { outcome, .. } = std::mem::replace(&mut self.phase, Phase::Finished) {
            step.push(Action::Finished(outcome));
        }
    }

    /// Begins to stop a slot by its own rule; one that is being stopped already, or is free, is left alone.
    pub(super) fn stop(&mut self, key: SlotKey, step: &mut Step<'_>) {
        match self.slots[key].state {
            SlotState::Running { .. } => self.drain(key, step),
            SlotState::Starting { by, .. } if !self.slots[key].policy.reports_ready => {
                self.call_off(key, by, step);
                self.drain(key, step);
            }
            SlotState::Starting { .. } | SlotState::Stopping { .. } => self.cancel_now(key, None, step),
            SlotState::Down | SlotState::Draining { .. } | SlotState::Waiting { .. } => {}
        }
    }

    fn drain(&mut self, key: SlotKey, step: &mut Step<'_>) {
        let slot = &self.slots[key];
        let (incarnation, drain) = (slot.incarnation, slot.policy.shutdown.drain());
        if drain.is_some_and(|time| time.is_zero()) {
            return self.cancel(key, StopCause::Asked, None, step);
        }
        let until = drain.map(|time| step.after(time));
        self.slots.enter(key, SlotState::Draining { until });
        step.push(Action::Drain { slot: key, incarnation, until });
    }

    /// Cancels a slot whatever its rule says; one that is cancelled already keeps its time to clean up.
    fn cancel_now(&mut self, key: SlotKey, limit: Option<Instant>, step: &mut Step<'_>) {
        match self.slots[key].state {
            SlotState::Starting { by, .. } => {
                self.call_off(key, by, step);
                self.cancel(key, StopCause::Asked, limit, step);
            }
            SlotState::Running { .. } | SlotState::Draining { .. } => {
                self.cancel(key, StopCause::Asked, limit, step);
            }
            SlotState::Stopping { clean_up_until, cause: StopCause::NotReady(by) } => {
                self.call_off(key, by, step);
                self.slots.enter(key, SlotState::Stopping { clean_up_until, cause: StopCause::Asked });
            }
            SlotState::Stopping { .. } | SlotState::Down | SlotState::Waiting { .. } => {}
        }
    }

    /// Tells the call that wanted this start, if one did, that it will not come about.
    fn call_off(&self, key: SlotKey, by: StartedBy, step: &mut Step<'_>) {
        let (StartedBy::StartChild(call) | StartedBy::RestartChild(call)) = by else { return };
        let id = self.slots[key].id.clone();
        let error = if self.is_ending() {
            CallError::ShuttingDown { id }
        } else {
            CallError::StoppedMeanwhile { id }
        };
        step.reply(call, Err(error));
    }

    pub(super) fn cancel(
        &mut self,
        key: SlotKey,
        cause: StopCause,
        limit: Option<Instant>,
        step: &mut Step<'_>,
    ) {
        let slot = &self.slots[key];
        let incarnation = slot.incarnation;
        let own = step.after(slot.policy.clean_up);
        let clean_up_until = limit.map_or(own, |limit| limit.min(own));
        self.slots.enter(key, SlotState::Stopping { clean_up_until, cause });
        step.push(Action::Cancel { slot: key, incarnation, clean_up_until });
    }

    /// A slot that was being stopped is free.
    pub(super) fn stopped(&mut self, key: SlotKey, exit: ExitKind, step: &mut Step<'_>) {
        step.report(&self.slots[key], What::Stopped(exit));
        let calls = std::mem::take(&mut self.slots[key].stop_calls);
        if self.slots[key].is_temporary() {
            self.remove(key, step);
        } else {
            self.slots.enter(key, SlotState::Down);
        }
        for call in calls {
            step.reply(call, Ok(Done::Stopped));
        }
    }
}
