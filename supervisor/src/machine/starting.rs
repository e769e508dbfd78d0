//! Starting: the first sequence, single starts, and starts that fail.

use super::{
    Action, CallError, Done, Ended, Incarnation, Machine, Next, Outcome, Phase, SlotKey, SlotState,
    StartedBy, Step, StopCause, What,
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
            Some(key) => self.start(key, StartedBy::Sequence, step),
            None => self.all_ready(step),
        }
    }

    fn all_ready(&mut self, step: &mut Step<'_>) {
        self.phase = Phase::Up;
        step.push(Action::Ready);
        for (call, request) in std::mem::take(&mut self.queued) {
            self.answer(call, request, step);
        }
    }

    pub(super) fn start(&mut self, key: SlotKey, by: StartedBy, step: &mut Step<'_>) {
        let slot = &mut self.slots[key];
        slot.incarnation.0 += 1;
        match by {
            StartedBy::Policy => {
                slot.restarts += 1;
                self.restarts += 1;
            }
            StartedBy::Sequence | StartedBy::StartChild(_) | StartedBy::RestartChild(_) => slot.attempt = 0,
        }
        let (incarnation, until) = (slot.incarnation, step.after(slot.policy.start_timeout));
        self.slots.enter(key, SlotState::Starting { until, by });
        step.push(Action::Start { slot: key, incarnation });
    }

    pub(super) fn ready(&mut self, key: SlotKey, incarnation: Incarnation, step: &mut Step<'_>) {
        let Some(SlotState::Starting { by, .. }) = self.slots.state_of(key, incarnation) else { return };
        self.slots.enter(key, SlotState::Running { since: step.now });
        step.report(&self.slots[key], What::Ready);
        match by {
            StartedBy::Sequence => self.continue_with(self.slots.after(key), step),
            StartedBy::StartChild(call) | StartedBy::RestartChild(call) => {
                step.reply(call, Ok(Done::Started { slot: key, incarnation }));
            }
            StartedBy::Policy => {}
        }
    }

    /// The time to become ready is over: the child is cancelled, and the start has failed when it is gone.
    pub(super) fn not_ready(&mut self, key: SlotKey, by: StartedBy, step: &mut Step<'_>) {
        let timeout = self.slots[key].policy.start_timeout;
        step.report(&self.slots[key], What::NotReady(timeout));
        self.cancel(key, StopCause::NotReady(by), None, step);
    }

    pub(super) fn start_failed(&mut self, key: SlotKey, by: StartedBy, ended: Ended, step: &mut Step<'_>) {
        match by {
            StartedBy::Sequence => self.roll_back(key, ended, step),
            StartedBy::StartChild(call) => {
                self.tell_end(key, ended, Next::Forgotten, step);
                let id = self.slots[key].id.clone();
                self.remove(key, step);
                step.reply(call, Err(CallError::StartFailed { id, ended }));
            }
            StartedBy::RestartChild(call) => {
                self.tell_end(key, ended, Next::StaysDown, step);
                self.slots.enter(key, SlotState::Down);
                step.reply(call, Err(CallError::StartFailed { id: self.slots[key].id.clone(), ended }));
            }
            StartedBy::Policy => self.restart(key, ended, step),
        }
    }

    fn roll_back(&mut self, key: SlotKey, ended: Ended, step: &mut Step<'_>) {
        self.tell_end(key, ended, Next::RollsBack, step);
        self.slots.enter(key, SlotState::Down);
        self.end(Outcome::StartFailed { slot: key, id: self.slots[key].id.clone(), ended }, step);
    }
}
