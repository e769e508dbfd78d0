//! What becomes of a child that has ended by itself: restarted, kept down, forgotten, or one failure too many.

use super::{
    Action, BrokenLimit, Directive, Ended, Machine, Next, Outcome, SlotKey, SlotState, StartedBy, Step, What,
};
use crate::{
    directive::Fate,
    exit::ExitKind,
    fault::fault,
    intensity::Exhausted,
    restart::{AfterExit, Restart},
    strategy::Strategy,
};
use std::time::{Duration, Instant};

impl Machine {
    pub(super) fn ended(
        &mut self,
        key: SlotKey,
        exit: ExitKind,
        directive: Directive,
        since: Instant,
        step: &mut Step<'_>,
    ) {
        let ran_for = step.now.saturating_duration_since(since);
        let restart = self.slots.change(key, |slot| {
            let forgets = !fault("restarts_in_a_row_are_never_forgotten");
            if forgets && slot.policy.backoff.is_reset_by(ran_for) {
                slot.attempt = 0;
            }
            slot.policy.restart
        });
        let restart = if fault("a_temporary_child_comes_back") { Restart::Permanent } else { restart };
        let ended = Ended::AfterReady(exit);
        match directive.fate(restart, exit) {
            Fate::After(AfterExit::Restart) => self.restart(key, ended, step),
            Fate::After(AfterExit::KeepDown | AfterExit::Forget) => self.is_done(key, ended, step),
            Fate::Escalate => self.escalate(key, ended, step),
        }
    }

    /// The child is not brought back, and its end counts if it is significant.
    pub(super) fn is_done(&mut self, key: SlotKey, ended: Ended, step: &mut Step<'_>) {
        self.down_for_good(key, ended, Next::StaysDown, step);
    }

    fn down_for_good(&mut self, key: SlotKey, ended: Ended, next: Next, step: &mut Step<'_>) {
        let next = if self.is_ephemeral(key) { Next::Forgotten } else { next };
        self.tell_end(key, ended, next, step);
        let slot = &self.slots[key];
        let significant = slot.policy.significant.then(|| slot.id.clone());
        self.free(key, step);
        if let Some(id) = significant {
            self.significant_ended(key, id, step);
        }
        self.group_goes_on(key, step);
    }

    /// Starts the child again, alone or with its siblings, now or after its back-off, if all limits allow.
    pub(super) fn restart(&mut self, key: SlotKey, ended: Ended, step: &mut Step<'_>) {
        if self.is_ending() {
            self.tell_end(key, ended, Next::StaysDown, step);
            return self.slots.enter(key, SlotState::Down);
        }
        match self.admit(key, step.now) {
            Ok(after) if self.strategy() == Strategy::OneForOne => self.start_after(key, ended, after, step),
            Ok(after) => self.restart_group(key, ended, after, step),
            Err(limit) => self.exhausted(key, ended, limit, step),
        }
    }

    /// Counts one more restart and says after what time it may happen.
    fn admit(&mut self, key: SlotKey, now: Instant) -> Result<Duration, BrokenLimit> {
        let (window, jitter) = (&mut self.window, &mut self.jitter);
        self.slots.change(key, |slot| {
            if let Some(max) = slot.policy.max_consecutive.filter(|&max| slot.attempt >= max) {
                return Err(BrokenLimit::Consecutive(max));
            }
            if let Some(own) = &mut slot.window
                && own.is_full(now)
            {
                return Err(BrokenLimit::Child(own.limit()));
            }
            if !window.admit(now) {
                return Err(BrokenLimit::Supervisor(window.limit()));
            }
            slot.window.as_mut().map(|own| own.admit(now));
            let delay = slot.policy.backoff.delay(slot.attempt, jitter.next());
            slot.attempt = slot.attempt.saturating_add(1);
            Ok(delay)
        })
    }

    fn start_after(&mut self, key: SlotKey, ended: Ended, after: Duration, step: &mut Step<'_>) {
        let attempt = self.slots[key].attempt;
        self.tell_end(key, ended, Next::Restarts { attempt, after }, step);
        if after.is_zero() {
            return self.start(key, StartedBy::Policy, step);
        }
        self.slots.enter(key, SlotState::Waiting { until: step.after(after), attempt });
    }

    fn exhausted(&mut self, key: SlotKey, ended: Ended, limit: BrokenLimit, step: &mut Step<'_>) {
        let own = !matches!(limit, BrokenLimit::Supervisor(_));
        if own && self.slots[key].policy.exhausted == Exhausted::StayDown {
            return self.down_for_good(key, ended, Next::SlotGivesUp(limit), step);
        }
        self.tell_end(key, ended, Next::GivesUp(limit), step);
        self.slots.enter(key, SlotState::Down);
        self.end(Outcome::GaveUp { slot: key, id: self.slots[key].id.clone(), ended, limit }, step);
    }

    pub(super) fn escalate(&mut self, key: SlotKey, ended: Ended, step: &mut Step<'_>) {
        self.tell_end(key, ended, Next::Escalates, step);
        self.slots.enter(key, SlotState::Down);
        self.end(Outcome::Escalated { slot: key, id: self.slots[key].id.clone(), ended }, step);
    }

    /// Keeps the end for the snapshot and reports it with what happens next.
    pub(super) fn tell_end(&mut self, key: SlotKey, how: Ended, next: Next, step: &mut Step<'_>) {
        self.slots.change(key, |slot| slot.last_end = Some(how));
        step.report(&self.slots[key], What::Ended { how, next });
    }

    /// Whether the slot goes with its child.
    pub(super) fn is_ephemeral(&self, key: SlotKey) -> bool {
        self.is_dynamic() || self.slots[key].is_temporary()
    }

    /// Nothing runs in the slot any more, and nothing will by itself.
    pub(super) fn free(&mut self, key: SlotKey, step: &mut Step<'_>) {
        if self.is_ephemeral(key) {
            self.remove(key, step);
        } else {
            self.slots.enter(key, SlotState::Down);
        }
    }

    pub(super) fn remove(&mut self, key: SlotKey, step: &mut Step<'_>) {
        self.lose_turn(key, step);
        self.slots.remove(key);
        step.push(Action::Removed { slot: key });
    }
}
