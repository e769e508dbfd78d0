//! Limits and delays of the model: every restart is remembered and looked at again.

use super::{
    super::words::{Number, Time},
    Model,
};
use arbour_supervisor::{intensity::RestartLimit, machine::BrokenLimit};
use std::time::Duration;

/// Whether one more restart `now` would be one too many within the period; one that is as old as that still counts.
fn is_full(restarts: &[Time], limit: RestartLimit, now: Time) -> bool {
    let counted = restarts.iter().filter(|&&at| now - at <= limit.period()).count();
    counted >= limit.intensity() as usize
}

/// Another limit has room for so many of the past.
fn forget(restarts: &mut Vec<Time>, limit: RestartLimit) {
    let room = limit.intensity() as usize;
    restarts.drain(..restarts.len().saturating_sub(room));
}

impl Model {
    pub(super) fn broken_limit(&mut self, child: Number) -> Option<BrokenLimit> {
        let (now, all, own) = (self.now, self.config.limit, self.at(child));
        let policy = &own.rules.policy;
        if let Some(max) = policy.max_consecutive.filter(|&max| own.in_a_row >= max) {
            return Some(BrokenLimit::Consecutive(max));
        }
        if let Some(limit) = policy.limit.filter(|&limit| is_full(&own.restarts, limit, now)) {
            return Some(BrokenLimit::Child(limit));
        }
        is_full(&self.restarts, all, now).then_some(BrokenLimit::Supervisor(all))
    }

    /// Remembers a restart, and says after what time it comes: one that is drawn at random is believed if it is shorter
    /// than the longest there may be.
    pub(super) fn count_restart(&mut self, child: Number) -> Duration {
        let now = self.now;
        self.restarts.push(now);
        let own = self.at(child);
        if own.rules.policy.limit.is_some() {
            own.restarts.push(now);
        }
        own.in_a_row += 1;
        let delays = own.rules.delays;
        let mut longest = if own.in_a_row == 1 { Duration::ZERO } else { delays.initial };
        for _ in 2..own.in_a_row {
            longest = delays.max.min(longest * delays.factor);
        }
        let drawn = self.drawn.pop_front().unwrap_or_default();
        if delays.jitter && drawn < longest { drawn } else { longest }
    }

    pub(super) fn limit_all(&mut self, limit: RestartLimit) {
        if limit != self.config.limit {
            forget(&mut self.restarts, limit);
        }
    }

    pub(super) fn limit_one(&mut self, child: Number, limit: Option<RestartLimit>) {
        let own = self.at(child);
        match limit {
            Some(limit) => forget(&mut own.restarts, limit),
            None => own.restarts.clear(),
        }
    }
}
