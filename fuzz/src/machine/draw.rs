//! Choices from bytes: six bytes are a number, and each choice takes its part of it.

use super::words::{Delays, Rules, Spec};
use arbour_supervisor::{
    directive::Directive,
    exit::ExitKind,
    intensity::{Exhausted, RestartLimit},
    machine::{ChildKind, ChildPolicy, Config},
    restart::Restart,
    shutdown::Shutdown,
    significance::AutoShutdown,
    strategy::{StopOrder, Strategy},
};
use std::time::Duration;

pub(super) const RECORD: usize = 6;

/// What is left of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draw(u64);

pub(super) const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

const EXITS: [ExitKind; 6] = [
    ExitKind::Panicked,
    ExitKind::Normal,
    ExitKind::Failed,
    ExitKind::Shutdown,
    ExitKind::Cancelled,
    ExitKind::Aborted,
];

const DELAYS: [Delays; 4] = [
    Delays { initial: ms(0), max: ms(0), factor: 1, jitter: false, reset_after: ms(0) },
    Delays { initial: ms(10), max: ms(40), factor: 2, jitter: false, reset_after: ms(0) },
    Delays { initial: ms(10), max: ms(40), factor: 2, jitter: true, reset_after: ms(0) },
    Delays { initial: ms(1_000), max: ms(5_000), factor: 3, jitter: false, reset_after: ms(0) },
];

impl Draw {
    pub(super) fn of(record: &[u8]) -> Self {
        Self(record.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    /// A number less than that: small ones come from small bytes.
    pub(super) fn below(&mut self, sides: u64) -> u64 {
        let chosen = self.0 % sides;
        self.0 /= sides;
        chosen
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    fn once_in(&mut self, sides: u64) -> bool {
        self.below(sides) == sides - 1
    }

    pub(super) fn name(&mut self) -> String {
        self.pick(&NAMES).to_owned()
    }

    pub(super) fn exit(&mut self) -> ExitKind {
        self.pick(&EXITS)
    }

    pub(super) fn directive(&mut self) -> Directive {
        match self.below(40) {
            37 => Directive::Escalate,
            38 => Directive::Restart,
            39 => Directive::Stop,
            _ => Directive::ByPolicy,
        }
    }

    /// A supervisor's configuration. The period is always the same: which of the restarts that did not count in a
    /// shorter one are still remembered for a longer one, nobody promises.
    pub(super) fn config(&mut self) -> Config {
        let mut config = Config::default();
        config.strategy = self.pick(&[Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne]);
        config.auto_shutdown =
            self.pick(&[AutoShutdown::Never, AutoShutdown::AnySignificant, AutoShutdown::AllSignificant]);
        config.stop_order = self.pick(&[StopOrder::Reverse, StopOrder::Together]);
        let intensity = self.pick(&[50, 4, 50, 2, 4, 1, 50, 0]);
        config.limit = RestartLimit::new(intensity, ms(60)).expect("a period");
        config.seed = 7;
        config
    }

    /// Rules for a child, which may well make no sense.
    pub(super) fn rules(&mut self) -> Rules {
        let mut policy = ChildPolicy::default();
        policy.restart = self.pick(&[Restart::Permanent, Restart::Transient, Restart::Temporary]);
        policy.shutdown = self.pick(&[
            Shutdown::After(ms(30)),
            Shutdown::After(ms(5_000)),
            Shutdown::After(ms(0)),
            Shutdown::Abort,
            Shutdown::Wait,
        ]);
        policy.significant = self.once_in(3);
        policy.reports_ready = !self.once_in(4);
        policy.kind = self.pick(&[ChildKind::Worker, ChildKind::Worker, ChildKind::Supervisor]);
        policy.clean_up = self.pick(&[ms(20), ms(5_000), ms(0)]);
        policy.start_timeout = self.pick(&[ms(50), ms(1), ms(10_000)]);
        policy.limit =
            self.pick(&[None, Some(2), None, None, None, Some(1), Some(3), Some(0)]).map(own_limit);
        policy.max_consecutive = self.pick(&[None, Some(3), None, None, None, Some(1)]);
        policy.exhausted = self.pick(&[Exhausted::Escalate, Exhausted::StayDown]);
        let reset_after = self.pick(&[ms(25), ms(5_000), ms(0)]);
        let delays = Delays { reset_after, ..self.pick(&DELAYS) };
        if self.once_in(16) {
            policy.start_timeout = Duration::ZERO;
        }
        policy.backoff = delays.backoff();
        Rules { policy, delays }
    }

    /// Rules that make sense beside this configuration.
    pub(super) fn fitting_rules(&mut self, auto_shutdown: AutoShutdown) -> Rules {
        let mut rules = self.rules();
        let policy = &mut rules.policy;
        policy.start_timeout = policy.start_timeout.max(ms(1));
        policy.significant &= policy.restart != Restart::Permanent && auto_shutdown != AutoShutdown::Never;
        rules
    }

    pub(super) fn spec(&mut self) -> Spec {
        Spec { name: self.name(), rules: self.rules() }
    }
}

fn own_limit(intensity: u32) -> RestartLimit {
    RestartLimit::new(intensity, ms(30)).expect("a period")
}
