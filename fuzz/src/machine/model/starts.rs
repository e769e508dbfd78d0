//! Starts of the model: in order, each ready before the next; what declines, and what fails.

use super::{
    super::words::{Answer, Deed, End, Number, Run},
    By, Model, Phase, Stage, State,
};
use arbour_supervisor::{
    directive::Directive,
    machine::{CallError, Ended, Next, What},
};

impl Model {
    pub(super) fn begin(&mut self) {
        let first = self.children.first().map(|child| child.number);
        self.phase = Phase::First(first);
        match first {
            Some(first) => self.start(first, By::FirstStart),
            None => self.all_are_up(),
        }
    }

    pub(super) fn start(&mut self, child: Number, by: By) {
        let now = self.now;
        let at = self.at(child);
        at.run += 1;
        if by != By::Policy {
            at.in_a_row = 0;
        }
        let within = at.rules.policy.start_timeout;
        at.state = State::Starting { until: now + within, by, within };
        let run = at.run;
        self.deeds.push(Deed::Start(child, run));
    }

    pub(super) fn ready(&mut self, child: Number, run: Run) {
        if !self.is_current(child, run) {
            return;
        }
        let State::Starting { by, .. } = self.of(child).state else { return };
        self.at(child).state = State::Running { since: self.now };
        self.at(child).was_ready = true;
        self.report(child, What::Ready);
        if let Some(call) = by.call() {
            self.answer(call, Answer::Started(child, run));
        }
        self.go_on();
    }

    /// A start that declines; from one that has said it was ready it is a normal exit.
    pub(super) fn declined(&mut self, child: Number, run: Run) {
        if !self.is_current(child, run) {
            return;
        }
        let may_decline = match self.of(child).state {
            State::Starting { by, .. } => Some(by.call()),
            State::Running { .. } if !self.of(child).rules.policy.reports_ready => Some(None),
            _ => None,
        };
        let Some(call) = may_decline.filter(|_| !self.group_stops(child)) else {
            return self.exited(child, run, super::exits::NORMAL, Directive::ByPolicy);
        };
        self.report(child, What::Declined);
        self.free(child);
        if let Some(call) = call {
            self.answer(call, Answer::Declined);
        }
        self.go_on();
    }

    /// Who wanted the start hears of it; one that nobody called for is an attempt.
    pub(super) fn start_failed(&mut self, child: Number, by: By, ended: Ended, directive: Directive) {
        let name = self.of(child).name.clone();
        match by {
            By::FirstStart => {
                self.tell(child, ended, Next::RollsBack);
                self.at(child).state = State::Down;
                self.end(End::StartFailed(child, ended));
            }
            By::Arrival(call) => {
                self.tell(child, ended, Next::Forgotten);
                self.remove(child);
                self.answer(call, Answer::Refused(CallError::StartFailed { id: name.into(), ended }));
                self.go_on();
            }
            By::Hand(call) => {
                self.tell(child, ended, Next::StaysDown);
                self.at(child).state = State::Down;
                self.answer(call, Answer::Refused(CallError::StartFailed { id: name.into(), ended }));
                self.go_on();
            }
            By::Policy => match directive {
                Directive::Escalate => self.escalate(child, ended),
                Directive::Stop => self.done(child, ended),
                _ => self.restart(child, ended),
            },
        }
    }

    /// Starts the next one of a sequence, if the last one started is on its way no more.
    pub(super) fn go_on(&mut self) {
        match (&self.regroup, self.phase) {
            (Some(group), _) => {
                if let Stage::Starting { current } = group.stage
                    && !self.is_on_its_way(current)
                {
                    self.start_next_of_group(Some(current));
                }
            }
            (None, Phase::First(Some(current))) if !self.is_on_its_way(current) => {
                let next = self.children.iter().find(|child| child.number > current);
                let next = next.map(|child| child.number);
                self.phase = Phase::First(next);
                match next {
                    Some(next) => self.start(next, By::FirstStart),
                    None => self.all_are_up(),
                }
            }
            _ => {}
        }
    }

    /// Whether it is being started, or stopped before it was up.
    fn is_on_its_way(&self, child: Number) -> bool {
        self.find(child)
            .is_some_and(|found| found.state.is_awaited() && !matches!(found.state, State::Running { .. }))
    }

    /// The end of a sequence: of the first one, readiness of the whole.
    pub(super) fn all_are_up(&mut self) {
        if matches!(self.phase, Phase::First(_)) {
            self.phase = Phase::Up;
            self.deeds.push(Deed::Ready);
            for (call, ask) in std::mem::take(&mut self.queue) {
                self.call(call, ask);
            }
        }
        self.look_for_significant();
    }
}
