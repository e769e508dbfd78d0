//! Starting: the first sequence, single starts, and starts that decline or fail.

use super::{
    Action, CallError, Directive, Done, Ended, Incarnation, Machine, Next, Outcome, Phase, SlotKey,
    SlotState, StartedBy, Step, StopCause, What,
};
use crate::{
    directive::Fate,
    exit::ExitKind,
    fault::fault,
    restart::{AfterExit, Restart},
};

impl Machine {
    pub(super) fn start_all(&mut self, step: &mut Step<'_>) {
        if self.phase == Phase::Idle {
            self.phase = Phase::FirstStart;
            self.continue_with(self.slots.first(), step);
        }
    }

    fn continue_with(&mut self, next: Option<SlotKey>, step: &mut Step<'_>) {
        match next {
            Some(key) => {
                self.start(key, StartedBy::Sequence, step);
                if fault("the_next_is_started_before_the_last_is_ready") {
                    self.continue_with(self.slots.after(key), step);
                }
            }
            None => self.all_started(step),
        }
    }

    /// The first start, or a restart of several, is over.
    pub(super) fn all_started(&mut self, step: &mut Step<'_>) {
        if self.phase == Phase::FirstStart {
            self.phase = Phase::Up;
            step.push(Action::Ready);
            for (call, request) in std::mem::take(&mut self.queued) {
                self.answer(call, request, step);
            }
        }
        self.look_for_significant(step);
    }

    pub(super) fn start(&mut self, key: SlotKey, by: StartedBy, step: &mut Step<'_>) {
        let by_policy = matches!(by, StartedBy::Policy | StartedBy::Group);
        let (incarnation, timeout) = self.slots.change(key, |slot| {
            slot.incarnation.0 += 1;
            slot.restarts += u64::from(by_policy);
            if !by_policy {
                slot.attempt = 0;
            }
            slot.may_take = slot.policy.start_timeout;
            (slot.incarnation, slot.may_take)
        });
        self.restarts += u64::from(by_policy);
        self.slots.enter(key, SlotState::Starting { until: step.after(timeout), by });
        step.push(Action::Start { slot: key, incarnation });
    }

    pub(super) fn ready(&mut self, key: SlotKey, incarnation: Incarnation, step: &mut Step<'_>) {
        let Some(SlotState::Starting { by, .. }) = self.slots.state_of(key, incarnation) else { return };
        self.slots.change(key, |slot| {
            slot.was_ready = true;
            slot.state = SlotState::Running { since: step.now };
        });
        step.report(&self.slots[key], What::Ready);
        if let Some(call) = by.call() {
            step.reply(call, Ok(Done::Started { slot: key, incarnation }));
        }
        self.start_is_over(key, by, step);
    }

    /// Whatever came of it: what waits for the end of this start goes on.
    pub(super) fn start_is_over(&mut self, key: SlotKey, by: StartedBy, step: &mut Step<'_>) {
        let in_sequence =
            by == StartedBy::Sequence && self.phase == Phase::FirstStart && self.group.is_none();
        if !self.group_goes_on(key, step) && in_sequence {
            self.continue_with(self.slots.after(key), step);
        }
    }

    /// Whether a child in this state may decline: one whose readiness is not its own word may as long as it runs.
    pub(super) fn may_decline(&self, key: SlotKey, state: SlotState) -> Option<StartedBy> {
        match state {
            SlotState::Starting { by, .. } => Some(by),
            SlotState::Running { .. } if !self.slots[key].policy.reports_ready => Some(StartedBy::Policy),
            _ => None,
        }
    }

    pub(super) fn declined(&mut self, key: SlotKey, by: StartedBy, step: &mut Step<'_>) {
        step.report(&self.slots[key], What::Declined);
        self.free(key, step);
        if let Some(call) = by.call() {
            step.reply(call, Ok(Done::Declined));
        }
        self.start_is_over(key, by, step);
    }

    /// The time to become ready is over: the child is cancelled, and the start has failed when it is gone.
    pub(super) fn not_ready(&mut self, key: SlotKey, by: StartedBy, step: &mut Step<'_>) {
        step.report(&self.slots[key], What::NotReady(self.slots[key].may_take));
        self.cancel(key, StopCause::NotReady(by), None, step);
    }

    pub(super) fn start_failed(
        &mut self,
        key: SlotKey,
        by: StartedBy,
        ended: Ended,
        directive: Directive,
        step: &mut Step<'_>,
    ) {
        match by {
            StartedBy::Sequence => self.roll_back(key, ended, step),
            StartedBy::StartChild(call) => {
                self.tell_end(key, ended, Next::Forgotten, step);
                let id = self.slots[key].id.clone();
                self.remove(key, step);
                step.reply(call, Err(CallError::StartFailed { id, ended }));
                self.start_is_over(key, by, step);
            }
            StartedBy::RestartChild(call) => {
                self.tell_end(key, ended, Next::StaysDown, step);
                self.slots.enter(key, SlotState::Down);
                step.reply(call, Err(CallError::StartFailed { id: self.slots[key].id.clone(), ended }));
                self.start_is_over(key, by, step);
            }
            StartedBy::Policy | StartedBy::Group => self.attempt_failed(key, ended, directive, step),
        }
    }

    /// A failed start is tried again however it ended, unless somebody who has seen it asks for something else.
    fn attempt_failed(&mut self, key: SlotKey, ended: Ended, directive: Directive, step: &mut Step<'_>) {
        if fault("a_failed_attempt_is_not_counted") {
            return self.start(key, StartedBy::Policy, step);
        }
        match directive.fate(Restart::Permanent, ExitKind::Failed) {
            Fate::After(AfterExit::Restart) => self.restart(key, ended, step),
            Fate::After(AfterExit::KeepDown | AfterExit::Forget) => self.is_done(key, ended, step),
            Fate::Escalate => self.escalate(key, ended, step),
        }
    }

    fn roll_back(&mut self, key: SlotKey, ended: Ended, step: &mut Step<'_>) {
        self.tell_end(key, ended, Next::RollsBack, step);
        self.slots.enter(key, SlotState::Down);
        self.end(Outcome::StartFailed { slot: key, id: self.slots[key].id.clone(), ended }, step);
    }
}
