//! Stops of the model: the three gears, a deadline for all of it, those that do not go, and the end.

use super::{
    super::words::{Answer, Deed, End, Number, Time},
    By, Model, Phase, State,
    child::Late,
};
use arbour_supervisor::{
    exit::ExitKind,
    machine::{CallError, ChildKind, ChildPolicy, What},
    shutdown::Shutdown,
    strategy::StopOrder,
};
use std::time::Duration;

const STUCK_AFTER: Duration = Duration::from_secs(5);

fn earlier(one: Option<Time>, other: Option<Time>) -> Option<Time> {
    one.into_iter().chain(other).min()
}

/// Until when a child may drain if all of it must be over by then: its clean-up keeps its own time, but at most half of
/// what is left; a supervisor splits the time itself.
fn share(policy: &ChildPolicy, now: Time, deadline: Time) -> Time {
    let left = deadline.saturating_sub(now);
    match policy.kind {
        ChildKind::Supervisor => deadline,
        _ => now + (left - policy.clean_up.min(left / 2)),
    }
}

impl Model {
    pub(super) fn shut_down(&mut self, deadline: Option<Time>) {
        if let Some(deadline) = deadline.filter(|_| !self.is_over()) {
            self.deadline = earlier(self.deadline, Some(deadline));
            self.hurry(deadline);
        }
        self.end(End::Shutdown);
    }

    fn hurry(&mut self, deadline: Time) {
        let now = self.now;
        for child in &mut self.children {
            match &mut child.state {
                State::Draining { until } => {
                    *until = earlier(*until, Some(share(&child.rules.policy, now, deadline)));
                }
                State::Cancelled { until, .. } => *until = deadline.min(*until),
                _ => {}
            }
        }
    }

    pub(super) fn cancel_all(&mut self, limit: Option<Time>) {
        self.begin_end(End::Shutdown);
        self.all_newest_first(|model, child| model.cancel_now(child, limit));
    }

    pub(super) fn end(&mut self, end: End) {
        self.begin_end(end);
        if self.is_dynamic() || self.config.stop_order == StopOrder::Together {
            self.all_newest_first(Self::stop);
        }
    }

    /// The first reason is the one that counts.
    fn begin_end(&mut self, end: End) {
        if self.is_ending() {
            return;
        }
        self.phase = Phase::Ending(end);
        for (call, ask) in std::mem::take(&mut self.queue) {
            self.too_late(call, &ask);
        }
        self.call_off_group();
        for child in &mut self.children {
            if matches!(child.state, State::Waiting { .. }) {
                child.state = State::Down;
            }
        }
    }

    pub(super) fn finish(&mut self, end: End) {
        (self.phase, self.deadline) = (Phase::Over, None);
        let stuck = self.children.iter().find(|child| child.state == State::Stuck);
        let orderly = matches!(end, End::Shutdown | End::AutoShutdown(_));
        let end = stuck.filter(|_| orderly).map_or(end, |child| End::Stuck(child.number));
        self.deeds.push(Deed::Finished(end));
    }

    /// Stops one by its own rule.
    pub(super) fn stop(&mut self, child: Number) {
        match self.of(child).state {
            State::Running { .. } => self.drain(child),
            State::Starting { by, .. } if !self.of(child).rules.policy.reports_ready => {
                self.interrupt(child, by);
                self.drain(child);
            }
            State::Starting { .. } | State::Cancelled { .. } | State::Aborted { .. } => {
                self.cancel_now(child, None);
            }
            State::Down | State::Draining { .. } | State::Waiting { .. } | State::Stuck => {}
        }
    }

    fn drain(&mut self, child: Number) {
        let (now, whole) = (self.now, self.deadline);
        let policy = self.of(child).rules.policy;
        let own = match policy.shutdown {
            Shutdown::Wait => None,
            Shutdown::After(time) => Some(now + time),
            Shutdown::Abort => Some(now),
            other => panic!("no rule for {other:?}"),
        };
        let until = earlier(own, whole.map(|deadline| share(&policy, now, deadline)));
        if until.is_some_and(|until| until <= now) {
            return self.cancel(child, None, None);
        }
        self.at(child).state = State::Draining { until };
        let run = self.of(child).run;
        let deadline = earlier(until.map(|until| until + policy.clean_up), whole);
        self.deeds.push(Deed::Drain { child, run, until, deadline });
    }

    /// Cancels one whatever its rule says; one that is cancelled already keeps its time.
    fn cancel_now(&mut self, child: Number, limit: Option<Time>) {
        let unfinished = self.of(child).unfinished_start();
        if let Some(by) = unfinished {
            self.interrupt(child, by);
        }
        match &mut self.at(child).state {
            State::Starting { .. } | State::Running { .. } | State::Draining { .. } => {
                self.cancel(child, None, limit);
            }
            State::Cancelled { late, .. } | State::Aborted { late, .. } => *late = None,
            State::Down | State::Waiting { .. } | State::Stuck => {}
        }
    }

    pub(super) fn cancel(&mut self, child: Number, late: Late, limit: Option<Time>) {
        let policy = self.of(child).rules.policy;
        if policy.shutdown == Shutdown::Abort {
            return self.abort(child, late);
        }
        let own = self.now + policy.clean_up;
        let until = earlier(limit, self.deadline).map_or(own, |limit| own.min(limit));
        self.at(child).state = State::Cancelled { until, late };
        let run = self.of(child).run;
        self.deeds.push(Deed::Cancel { child, run, clean_up_until: until });
    }

    pub(super) fn abort_now(&mut self, child: Number) {
        if matches!(self.of(child).state, State::Aborted { .. }) {
            return;
        }
        if let Some(by) = self.of(child).unfinished_start() {
            self.call_off(child, by);
        }
        self.abort(child, None);
    }

    pub(super) fn abort(&mut self, child: Number, late: Late) {
        let until = self.now + STUCK_AFTER;
        self.at(child).state = State::Aborted { until, late };
        let run = self.of(child).run;
        self.deeds.push(Deed::Abort(child, run));
    }

    /// An aborted run is not gone. If it should have come back, the supervisor cannot keep its promise.
    pub(super) fn stuck(&mut self, child: Number, late: Late) {
        self.report(child, What::Stuck);
        self.at(child).state = State::Stuck;
        let by = late.map(|(by, _)| by);
        let calls = std::mem::take(&mut self.at(child).stops);
        for call in calls.into_iter().chain(by.and_then(By::call)) {
            let id = self.of(child).name.clone().into();
            self.answer(call, Answer::Refused(CallError::Stuck { id }));
        }
        let was_to_return = by.is_some_and(|by| by.call().is_none());
        if was_to_return || self.group_stops(child) {
            return self.end(End::Stuck(child));
        }
        self.go_on();
    }

    /// One ended although its turn to be stopped had not come.
    pub(super) fn stopped_in_turn(&mut self, child: Number, exit: ExitKind) {
        if let Some(by) = self.of(child).unfinished_start() {
            self.interrupt(child, by);
        }
        self.stopped(child, exit);
    }

    /// A stop is not an exit: nothing is counted, and nothing comes back.
    pub(super) fn stopped(&mut self, child: Number, exit: ExitKind) {
        self.report(child, What::Stopped(exit));
        let calls = std::mem::take(&mut self.at(child).stops);
        let gone_for_good = self.of(child).rules.policy.significant && self.of(child).is_temporary();
        if calls.is_empty() && self.group_stops(child) && gone_for_good && self.counts_significant() {
            self.lost = Some(child);
        }
        self.free(child);
        for call in calls {
            self.answer(call, Answer::Stopped);
        }
        self.go_on();
    }
}
