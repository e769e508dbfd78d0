//! Pure: whether a peer sends enough while it is waited for.

use super::TooSlow;
use std::time::{Duration, Instant};

/// So many bytes are wanted in each such time of waiting.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    least: u64,
    within: Duration,
    /// Since when the peer is waited for, while it is.
    since: Option<Instant>,
    /// How long it was waited for before, since the count began.
    waited: Duration,
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
        Self { least, within, since: None, waited: Duration::ZERO, received: 0 }
    }

    /// So many bytes have come: nobody waits until somebody waits anew.
    pub(super) fn moved(&mut self, count: u64, now: Instant) {
        self.received = self.received.saturating_add(count);
        if let Some(since) = self.since.take() {
            self.waited += now.saturating_duration_since(since);
        }
        if self.received >= self.least {
            (self.waited, self.received) = (Duration::ZERO, 0);
        }
    }

    /// The peer is waited for at this time.
    pub(super) fn waiting(&mut self, now: Instant) -> Verdict {
        let since = *self.since.get_or_insert(now);
        // A time too long for the clock is looked at again and again, and never over.
        let left = self.within.saturating_sub(self.waited);
        let Some(end) = since.checked_add(left) else { return Verdict::LookAgain(now + FAR) };
        if now < end {
            return Verdict::LookAgain(end);
        }
        (self.since, self.waited) = (None, Duration::ZERO);
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
            pace.moved(u64::from(tenth % 2 == 0), begin + SECOND * (tenth + 1) / 10);
        }
        assert_eq!(pace.waiting(begin + SECOND), Verdict::TooSlow(5));
    }

    #[test]
    fn what_was_wanted_begins_a_new_count_when_it_is_next_waited_for() {
        let (mut pace, begin) = (Pace::new(10, SECOND), Instant::now());
        pace.waiting(begin);
        pace.moved(9, begin);
        pace.moved(1, begin);
        let later = begin + SECOND * 60;
        assert_eq!(pace.waiting(later), Verdict::LookAgain(later + SECOND), "nobody waited meanwhile");
    }

    #[test]
    fn time_in_which_nobody_waits_is_not_counted() {
        let (mut pace, begin) = (Pace::new(10, SECOND), Instant::now());
        pace.waiting(begin);
        pace.moved(2, begin + SECOND / 4);
        let later = begin + SECOND * 60;
        assert_eq!(pace.waiting(later), Verdict::LookAgain(later + SECOND * 3 / 4));
        assert_eq!(pace.waiting(later + SECOND * 3 / 4), Verdict::TooSlow(2));
    }

    #[test]
    fn who_was_too_slow_is_counted_anew() {
        let (mut pace, begin) = (Pace::new(10, SECOND), Instant::now());
        pace.waiting(begin);
        pace.moved(2, begin + SECOND / 4);
        pace.waiting(begin + SECOND / 4);
        assert_eq!(pace.waiting(begin + SECOND), Verdict::TooSlow(2));
        assert_eq!(pace.waiting(begin + SECOND), Verdict::LookAgain(begin + SECOND * 2));
        assert_eq!(pace.waiting(begin + SECOND * 2), Verdict::TooSlow(0));
    }

    #[test]
    fn who_has_sent_what_was_wanted_has_the_whole_time_for_as_much_again() {
        for sent in [10, 15] {
            let (mut pace, begin) = (Pace::new(10, SECOND), Instant::now());
            pace.waiting(begin);
            pace.moved(sent, begin + SECOND / 2);
            let end = begin + SECOND * 3 / 2;
            assert_eq!(pace.waiting(begin + SECOND / 2), Verdict::LookAgain(end));
            assert_eq!(pace.waiting(end), Verdict::TooSlow(0), "{sent} bytes came before");
        }
    }
}
