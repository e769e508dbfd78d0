//! What becomes of a child that has ended by itself: restarted, kept down, forgotten, or one failure too many.

use super::{Action, BrokenLimit, Ended, Machine, Next, Outcome, SlotKey, SlotState, StartedBy, Step, What};
use crate::{exit::ExitKind, restart::AfterExit};
use std::time::{Duration, Instant};

impl Machine {
    pub(super) fn ended(&mut self, key: SlotKey, exit: ExitKind, since: Instant, step: &mut Step<'_>) {
        let slot = &mut self.slots[key];
        if slot.policy.backoff.is_reset_by(step.now.saturating_duration_since(since)) {
            slot.attempt = 0;
        }
        let ended = Ended::AfterReady(exit);
        match slot.policy.restart.after(exit) {
            AfterExit::Restart => self.restart(key, ended, step),
            AfterExit::KeepDown => self.keep_down(key, ended, step),
            AfterExit::Forget => {
                self.tell_end(key, ended, Next::Forgotten, step);
                self.remove(key, step);
            }
        }
    }

    fn keep_down(&mut self, key: SlotKey, ended: Ended, step: &mut Step<'_>) {
        self.tell_end(key, ended, Next::StaysDown, step);
        self.slots.enter(key, SlotState::Down);
    }

    /// Starts the child again, now or after its back-off, if all limits allow.
    pub(super) fn restart(&mut self, key: SlotKey, ended: Ended, step: &mut Step<'_>) {
        if self.is_ending() {
            return self.keep_down(key, ended, step);
        }
        match self.admit(key, step.now) {
            Ok(after) => self.start_after(key, ended, after, step),
            Err(limit) => self.give_up(key, ended, limit, step),
        }
    }

    /// Counts one more restart and says after what time it may happen.
    fn admit(&mut self, key: SlotKey, now: Instant) -> Result<Duration, BrokenLimit> {
        let slot = &mut self.slots[key];
        if let Some(max) = slot.policy.max_consecutive.filter(|&max| slot.attempt >= max) {
            return Err(BrokenLimit::Consecutive(max));
        }
        if let Some(window) = &mut slot.window
            && !window.admit(now)
        {
            return Err(BrokenLimit::Child(window.limit()));
        }
        if !self.window.admit(now) {
            return Err(BrokenLimit::Supervisor(self.window.limit()));
        }
        let delay = slot.policy.backoff.delay(slot.attempt, self.jitter.next());
        slot.attempt = slot.attempt.saturating_add(1);
        Ok(delay)
    }

    fn start_after(&mut self, key: SlotKey, ended: Ended, after: Duration, step: &mut Step<'_>) {
        let attempt = self.slots[key].attempt;
        self.tell_end(key, ended, Next::Restarts { attempt, after }, step);
        if after.is_zero() {
            return self.start(key, StartedBy::Policy, step);
        }
        self.slots.enter(key, SlotState::Waiting { until: step.after(after), attempt });
    }

    fn give_up(&mut self, key: SlotKey, ended: Ended, limit: BrokenLimit, step: &mut Step<'_>) {
        self.tell_end(key, ended, Next::GivesUp(limit), step);
        self.slots.enter(key, SlotState::Down);
        self.end(Outcome::GaveUp { slot: key, id: self.slots[key].id.clone(), ended, limit }, step);
    }

    /// Keeps the end for the snapshot and reports it with what happens next.
    pub(super) fn tell_end(&mut self, key: SlotKey, how: Ended, next: Next, step: &mut Step<'_>) {
        self.slots[key].last_end = Some(how);
        step.report(&self.slots[key], What::Ended { how, next });
    }

    pub(super) fn remove(&mut self, key: SlotKey, step: &mut Step<'_>) {
        self.slots.remove(key);
        step.push(Action::Removed { slot: key });
    }
}
