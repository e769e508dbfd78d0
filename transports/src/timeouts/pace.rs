//! Pure: whether a peer sends enough while it is waited for.

use super::TooSlow;
use std::time::{Duration, Instant};

/// So many bytes are wanted in each such time of waiting.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    least: u64,
    within: Duration,
    /// Since when it is counted, while it is waited for the peer.
    since: Option<Instant>,
    received: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    LookAgain(Instant),
    /// It sent only this.
    TooSlow(u64),
}

impl Pace {
    pub(super) fn new(least: u64, within: Duration) -> Self {
        Self { least, within, since: None, received: 0 }
    }

    /// So many bytes have come.
    pub(super) fn moved(&mut self, count: u64) {
        self.received = self.received.saturating_add(count);
        if self.received >= self.least {
            (self.since, self.received) = (None, 0);
        }
    }

    /// The peer is waited for at this time.
    pub(super) fn waiting(&mut self, now: Instant) -> Verdict {
        let since = *self.since.get_or_insert(now);
        // A time too long for the clock is looked at again and again, and never over.
        let Some(end) = since.checked_add(self.within) else { return Verdict::LookAgain(now + FAR) };
        if now < end {
            return Verdict::LookAgain(end);
        }
        self.since = None;
        Verdict::TooSlow(std::mem::take(&mut self.received))
    }

    pub(super) fn too_slow(&self, received: u64) -> TooSlow {
        TooSlow::Rate { received, least: self.least, within: self.within }
    }
}

const FAR: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_byte_now_and_then_is_not_enough() {
        let (mut pace, begin) = (Pace::new(10, SECOND), Instant::now());
        for tenth in 0..10 {
            assert_eq!(pace.waiting(begin + SECOND * tenth / 10), Verdict::LookAgain(begin + SECOND));
            pace.moved(u64::from(tenth % 2 == 0));
        }
        assert_eq!(pace.waiting(begin + SECOND), Verdict::TooSlow(5));
    }

    #[test]
    fn what_was_wanted_begins_a_new_count_when_it_is_next_waited_for() {
        let (mut pace, begin) = (Pace::new(10, SECOND), Instant::now());
        pace.waiting(begin);
        pace.moved(9);
        pace.moved(1);
        let later = begin + SECOND * 60;
        assert_eq!(pace.waiting(later), Verdict::LookAgain(later + SECOND), "nobody waited meanwhile");
    }
}
