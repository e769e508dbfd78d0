//! How much is told while a storm of failures lasts: a token bucket. Pure.

use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

/// So many reports may come at once.
const BURST: u32 = 20;
/// In which time one more may come.
const REFILL: Duration = Duration::from_secs(1);
/// How often it is told how many were left out.
const SUMMARY: Duration = Duration::from_secs(5);

/// The reports of one supervisor: 20 at once and one more each second; the rest is counted, and the count is told 5
/// seconds after the first that was left out.
#[derive(Debug, Clone)]
pub(crate) struct Storm {
    tokens: u32,
    /// When the bucket got its latest token, while it is not full.
    refilled: Option<Instant>,
    left_out: u64,
    /// When the count is told, while there is one.
    summary: Option<Instant>,
}

impl Storm {
    pub(crate) const fn new() -> Self {
        Self { tokens: BURST, refilled: None, left_out: 0, summary: None }
    }

    /// Whether this report is told; if not it is counted.
    pub(crate) fn admits(&mut self, now: Instant) -> bool {
        self.refill(now);
        if self.tokens == 0 {
            self.left_out += 1;
            self.summary.get_or_insert(now + SUMMARY);
            return false;
        }
        self.tokens -= 1;
        self.refilled.get_or_insert(now);
        true
    }

    /// When [`summary`](Self::summary) has something to tell.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.summary
    }

    /// How many were left out, when it is time to tell.
    pub(crate) fn summary(&mut self, now: Instant) -> Option<u64> {
        self.summary.filter(|&due| due <= now)?;
        self.end()
    }

    /// How many were left out and are not told yet.
    pub(crate) fn end(&mut self) -> Option<u64> {
        self.summary = None;
        Some(std::mem::take(&mut self.left_out)).filter(|&left_out| left_out > 0)
    }

    fn refill(&mut self, now: Instant) {
        let Some(refilled) = self.refilled else { return };
        let passed = now.saturating_duration_since(refilled).as_secs() / REFILL.as_secs();
        let earned = u32::try_from(passed).unwrap_or(BURST).min(BURST);
        self.tokens = (self.tokens + earned).min(BURST);
        self.refilled = (self.tokens < BURST).then(|| refilled + REFILL * earned);
    }
}
