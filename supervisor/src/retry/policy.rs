//! Pure: whether to try again after a failed attempt, and when.

use super::GaveUp;
use crate::backoff::{Backoff, Jitter};
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// How often to try again, and how long to wait before.
///
/// The default is four retries with the default [`Backoff`]: five attempts, the second at once, the
/// others after up to 100, 200 and 400 ms.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use = "a policy only answers whether to try again"]
pub struct RetryPolicy {
    backoff: Backoff,
    retries: u32,
    seed: Option<u64>,
}

/// What follows a failed attempt.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    After(Duration),
    GiveUp(GaveUp),
}

impl RetryPolicy {
    /// Four retries with these waits. How long an attempt ran does not matter here: `reset_after` is
    /// for what runs for long.
    pub fn new(backoff: Backoff) -> Self {
        Self { backoff, retries: 4, seed: None }
    }

    /// Sets how often to try again after the first attempt; 4 unless set. With [`u32::MAX`] only the
    /// deadline of the scope is an end.
    pub fn retries(self, retries: u32) -> Self {
        Self { retries, ..self }
    }

    /// Sets where the jitter begins, so that a run can be repeated. Unless set, each call draws its own
    /// waits.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    pub(super) fn jitter(&self) -> Jitter {
        Jitter::new(self.seed.unwrap_or_else(|| RandomState::new().hash_one(())))
    }

    /// What follows after so many failed attempts. A wait that would end at the deadline or later is
    /// not begun.
    pub(super) fn next(
        &self,
        attempts: u32,
        is_transient: bool,
        now: Instant,
        deadline: Option<Instant>,
        random: u64,
    ) -> Next {
        let retried = attempts.saturating_sub(1);
        if !is_transient {
            return Next::GiveUp(GaveUp::Permanent);
        }
        if self.retries != u32::MAX && retried >= self.retries {
            return Next::GiveUp(GaveUp::TooOften);
        }
        let wait = self.backoff.delay(retried, random);
        match deadline.map(|deadline| deadline.saturating_duration_since(now)) {
            Some(left) if wait >= left => Next::GiveUp(GaveUp::NoTime { wait, left }),
            _ => Next::After(wait),
        }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new(Backoff::default())
    }
}
