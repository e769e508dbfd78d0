//! Exits of the model: what is restarted, what stays down, what takes the supervisor with it.

use super::{
    super::words::{Deed, End, Number, Run, Time},
    By, Model, Phase, State,
};
use arbour_supervisor::{
    directive::Directive,
    exit::ExitKind,
    intensity::Exhausted,
    machine::{BrokenLimit, Ended, Next, What},
    restart::Restart,
    significance::AutoShutdown,
    strategy::Strategy,
};

pub(super) const NORMAL: ExitKind = ExitKind::Normal;

impl Model {
    pub(super) fn exited(&mut self, child: Number, run: Run, exit: ExitKind, directive: Directive) {
        if !self.is_current(child, run) {
            return;
        }
        match self.of(child).state {
            state if state.is_awaited() && self.group_stops(child) => self.stopped_in_turn(child, exit),
            State::Starting { by, .. } => {
                self.start_failed(child, by, Ended::BeforeReady(exit), directive);
            }
            State::Running { since } => self.ended(child, exit, directive, since),
            State::Cancelled { late: Some((by, within)), .. }
            | State::Aborted { late: Some((by, within)), .. } => {
                self.start_failed(child, by, Ended::NotReadyIn(within), Directive::ByPolicy);
            }
            State::Draining { .. } | State::Cancelled { .. } | State::Aborted { .. } => {
                self.stopped(child, exit)
            }
            State::Stuck => {
                self.report(child, What::Unstuck);
                self.free(child);
            }
            State::Down | State::Waiting { .. } => {}
        }
    }

    /// A child that was up has ended by itself.
    fn ended(&mut self, child: Number, exit: ExitKind, directive: Directive, since: Time) {
        let ran_for = self.now - since;
        let at = self.at(child);
        if ran_for >= at.rules.delays.reset_after {
            at.in_a_row = 0;
        }
        let went_wrong = !matches!(exit, ExitKind::Normal | ExitKind::Shutdown);
        let restart = at.rules.policy.restart;
        let comes_back = restart == Restart::Permanent || restart == Restart::Transient && went_wrong;
        let ended = Ended::AfterReady(exit);
        match directive {
            Directive::Escalate => self.escalate(child, ended),
            Directive::Restart => self.restart(child, ended),
            Directive::ByPolicy if comes_back => self.restart(child, ended),
            _ => self.done(child, ended),
        }
    }

    pub(super) fn escalate(&mut self, child: Number, ended: Ended) {
        self.tell(child, ended, Next::Escalates);
        self.at(child).state = State::Down;
        self.end(End::Escalated(child, ended));
    }

    pub(super) fn done(&mut self, child: Number, ended: Ended) {
        self.stays_down(child, ended, Next::StaysDown);
    }

    fn stays_down(&mut self, child: Number, ended: Ended, next: Next) {
        let goes = self.goes_with_its_slot(child);
        self.tell(child, ended, if goes { Next::Forgotten } else { next });
        let significant = self.of(child).rules.policy.significant;
        self.free(child);
        if significant {
            self.significant_ended(child);
        }
        self.go_on();
    }

    pub(super) fn restart(&mut self, child: Number, ended: Ended) {
        if self.is_ending() {
            self.tell(child, ended, Next::StaysDown);
            self.at(child).state = State::Down;
            return;
        }
        match self.broken_limit(child) {
            Some(limit) => self.exhausted(child, ended, limit),
            None => {
                let after = self.count_restart(child);
                if self.strategy() != Strategy::OneForOne {
                    return self.regroup_for(child, ended, after);
                }
                let attempt = self.of(child).in_a_row;
                self.tell(child, ended, Next::Restarts { attempt, after });
                if after.is_zero() {
                    return self.start(child, By::Policy);
                }
                self.at(child).state = State::Waiting { until: self.now + after };
            }
        }
    }

    fn exhausted(&mut self, child: Number, ended: Ended, limit: BrokenLimit) {
        let own = !matches!(limit, BrokenLimit::Supervisor(_));
        if own && self.of(child).rules.policy.exhausted == Exhausted::StayDown {
            return self.stays_down(child, ended, Next::SlotGivesUp(limit));
        }
        self.tell(child, ended, Next::GivesUp(limit));
        self.at(child).state = State::Down;
        self.end(End::GaveUp(child, ended, limit));
    }

    pub(super) fn significant_ended(&mut self, child: Number) {
        if self.config.auto_shutdown == AutoShutdown::AnySignificant {
            return self.end(End::AutoShutdown(child));
        }
        self.lost = Some(child).filter(|_| self.counts_significant());
        self.look_for_significant();
    }

    /// Once no sequence runs that could start one of them: if no significant child is left, it is over.
    pub(super) fn look_for_significant(&mut self) {
        if self.phase != Phase::Up || self.regroup.is_some() {
            return;
        }
        let Some(lost) = self.lost.take() else { return };
        let lives = self.children.iter().any(|at| at.rules.policy.significant && at.state != State::Down);
        if self.config.auto_shutdown == AutoShutdown::AllSignificant && !lives {
            self.end(End::AutoShutdown(lost));
        }
    }

    /// Nothing will start what is down; the child that was stopped counted as alive until then.
    pub(super) fn look_after_call_off(&mut self, stopped: Number) {
        match self.of(stopped).rules.policy.significant {
            true => self.lost = None,
            false => self.look_for_significant(),
        }
    }

    pub(super) fn tell(&mut self, child: Number, how: Ended, next: Next) {
        self.report(child, What::Ended { how, next });
    }

    pub(super) fn goes_with_its_slot(&mut self, child: Number) -> bool {
        self.is_dynamic() || self.of(child).is_temporary()
    }

    /// Nothing runs in the slot, and nothing will by itself.
    pub(super) fn free(&mut self, child: Number) {
        if self.goes_with_its_slot(child) {
            return self.remove(child);
        }
        self.at(child).state = State::Down;
    }

    pub(super) fn remove(&mut self, child: Number) {
        self.lose_turn(child);
        self.children.retain(|at| at.number != child);
        self.deeds.push(Deed::Removed(child));
    }
}
