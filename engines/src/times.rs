//! The times of a lease, all of which follow from its time to live.

use arbour_supervisor::backoff::Backoff;
use std::time::Duration;

/// What the work under a lease does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Effects {
    /// Whatever it changes checks the fence: the store's own writes, or a sink that refuses an older fence. While
    /// the lease is suspect such work goes on, because nothing wrong can come of it.
    #[default]
    Fenced,
    /// It changes what cannot check a fence. It is cancelled as soon as the lease is suspect, and this much earlier:
    /// the time that its clean-up takes. This makes the time narrow in which two may work at once. It does not close
    /// it: a machine that stands still runs no clean-up.
    Unfenced {
        /// How long its clean-up takes at most.
        clean_up: Duration,
    },
}

/// The times of a lease. All follow from its time to live, and may be set one by one; what does not fit together is
/// refused by [`Leases::new`](crate::Leases::new).
///
/// | time | unless set |
/// |---|---|
/// | `ttl`: how long the store keeps the lease after it was last granted or extended | is given |
/// | `margin`: by how much the holder's count is shorter, because clocks differ in rate | 1 % of the ttl + 2 ms |
/// | `renew_every`: how long after a request that succeeded the next is sent, less up to a tenth by chance | ttl / 3 |
/// | `answer_within`: when a request without an answer is given up, and tried again | ttl / 6 |
/// | `suspect_for`: how long a lease may be suspect before it is given up | ttl |
/// | `release_within`: how long a release is tried | ttl / 3 |
///
/// # Examples
///
/// ```
/// use arbour::leases::{Leases, LeaseTimes, MemoryStore};
/// use std::time::Duration;
///
/// let times = LeaseTimes::new(Duration::from_secs(9));
/// assert!(Leases::new(MemoryStore::new(), times).is_ok());
///
/// let refused = Leases::new(MemoryStore::new(), times.renew_every(Duration::from_secs(8))).unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "a lease of 9s cannot be renewed every 8s: with 1.5s for an answer and a margin of 92ms it ends before \
///      its renewal is known; at most 7.408s would do",
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "times only say how long"]
pub struct LeaseTimes {
    pub(crate) ttl: Duration,
    margin: Duration,
    pub(crate) renew_every: Duration,
    pub(crate) answer_within: Duration,
    pub(crate) suspect_for: Duration,
    pub(crate) release_within: Duration,
    pub(crate) effects: Effects,
}

/// Times that do not fit together; the first that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadTimes {
    /// The time to live is too short for any request in between.
    #[error("a lease of {ttl:?} is too short to be renewed: at least 30ms would do")]
    #[non_exhaustive]
    TtlTooShort {
        /// The time to live.
        ttl: Duration,
    },
    /// A time that must pass between requests is next to none.
    #[error("`{what}` is {time:?}: a holder would ask its store without a pause; at least 1ms would do")]
    #[non_exhaustive]
    TooOften {
        /// Which of them.
        what: &'static str,
        /// How long it is.
        time: Duration,
    },
    /// A release would be tried after the lease has ended by itself.
    #[error("a lease of {ttl:?} need not be released for {release_within:?}: it ends by itself before that")]
    #[non_exhaustive]
    ReleaseTooLong {
        /// The time to live.
        ttl: Duration,
        /// How long a release is tried.
        release_within: Duration,
    },
    /// The store's own times are those of longer leases.
    #[error(
        "a lease of {ttl:?} is shorter than its store was made for: that counts on {store:?}, and would find a lost \
         connection too late"
    )]
    #[non_exhaustive]
    ShorterThanTheStores {
        /// The time to live.
        ttl: Duration,
        /// The shortest that the store was made for.
        store: Duration,
    },
    /// A renewal could not be known before the lease is over.
    #[error(
        "a lease of {ttl:?} cannot be renewed every {renew_every:?}: with {answer_within:?} for an answer and a \
         margin of {margin:?} it ends before its renewal is known; {}", at_most(*ttl, *answer_within + *margin)
    )]
    #[non_exhaustive]
    NoTimeToRenew {
        /// The time to live.
        ttl: Duration,
        /// How long after a request the next is sent.
        renew_every: Duration,
        /// How long it may take.
        answer_within: Duration,
        /// By how much the holder's count is shorter, with the clean-up of work whose effects are not fenced.
        margin: Duration,
    },
}

/// The shortest time between requests.
const SHORTEST: Duration = Duration::from_millis(1);

fn at_most(ttl: Duration, needed: Duration) -> String {
    match ttl.saturating_sub(needed) {
        Duration::ZERO => "no time would do".to_owned(),
        left => format!("at most {left:?} would do"),
    }
}

impl LeaseTimes {
    /// The times of a lease with this time to live.
    pub fn new(ttl: Duration) -> Self {
        Self {
            ttl,
            margin: ttl / 100 + Duration::from_millis(2),
            renew_every: ttl / 3,
            answer_within: ttl / 6,
            suspect_for: ttl,
            release_within: ttl / 3,
            effects: Effects::Fenced,
        }
    }

    /// Sets by how much the holder's count of the time to live is shorter than the store's.
    pub fn margin(self, margin: Duration) -> Self {
        Self { margin, ..self }
    }

    /// Sets how long after a request that succeeded the next is sent.
    pub fn renew_every(self, renew_every: Duration) -> Self {
        Self { renew_every, ..self }
    }

    /// Sets when a request without an answer is given up.
    pub fn answer_within(self, answer_within: Duration) -> Self {
        Self { answer_within, ..self }
    }

    /// Sets how long a lease may be suspect before it is given up.
    pub fn suspect_for(self, suspect_for: Duration) -> Self {
        Self { suspect_for, ..self }
    }

    /// Sets how long a release is tried. What is not released ends with its time to live.
    pub fn release_within(self, release_within: Duration) -> Self {
        Self { release_within, ..self }
    }

    /// Sets what the work does to the world.
    pub fn effects(self, effects: Effects) -> Self {
        Self { effects, ..self }
    }

    /// How long the store keeps a lease.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// How long a holder counts on its lease, from when the request was sent that granted or extended it.
    #[must_use]
    pub fn counted_on(&self) -> Duration {
        self.ttl.saturating_sub(self.whole_margin())
    }

    /// # Errors
    ///
    /// The first that does not fit.
    pub(crate) fn checked(self) -> Result<Self, BadTimes> {
        let Self { ttl, renew_every, answer_within, release_within, .. } = self;
        if ttl < Duration::from_millis(30) {
            return Err(BadTimes::TtlTooShort { ttl });
        }
        let between = [
            ("renew_every", renew_every),
            ("answer_within", answer_within),
            ("release_within", release_within),
        ];
        if let Some((what, time)) = between.into_iter().find(|(_, time)| *time < SHORTEST) {
            return Err(BadTimes::TooOften { what, time });
        }
        if release_within > ttl {
            return Err(BadTimes::ReleaseTooLong { ttl, release_within });
        }
        let margin = self.whole_margin();
        let needed = renew_every.saturating_add(answer_within).saturating_add(margin);
        if needed > ttl {
            return Err(BadTimes::NoTimeToRenew { ttl, renew_every, answer_within, margin });
        }
        Ok(self)
    }

    /// # Errors
    ///
    /// If the store was made for longer leases only.
    pub(crate) fn for_a_store_of(self, least: Duration) -> Result<Self, BadTimes> {
        let Self { ttl, .. } = self;
        if ttl < least { Err(BadTimes::ShorterThanTheStores { ttl, store: least }) } else { Ok(self) }
    }

    /// The margin, with the time that has to be left for clean-up.
    fn whole_margin(&self) -> Duration {
        match self.effects {
            Effects::Fenced => self.margin,
            Effects::Unfenced { clean_up } => self.margin.saturating_add(clean_up),
        }
    }

    /// When the next renewal is sent, counted from the request before; `random` is any number.
    pub(crate) fn renew_after(&self, random: u64) -> Duration {
        let tenth = self.renew_every / 10;
        let share = (random >> 32) as f64 / f64::from(u32::MAX);
        self.renew_every - tenth.mul_f64(share)
    }

    /// How long to wait after so many failures in a row.
    pub(crate) fn retry_after(&self, failures: u32, random: u64) -> Duration {
        let first = (self.ttl / 60).max(Duration::from_nanos(1));
        let backoff = Backoff::new(first, self.ttl / 6).unwrap_or_default();
        backoff.delay(failures, random)
    }
}

impl From<Duration> for LeaseTimes {
    fn from(ttl: Duration) -> Self {
        Self::new(ttl)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(15);

    #[test]
    fn all_times_follow_from_the_time_to_live() {
        let times = LeaseTimes::new(TTL).checked().unwrap();
        assert_eq!(times.counted_on(), Duration::from_millis(14_848));
        assert_eq!((times.renew_after(0), times.renew_after(u64::MAX)), (TTL / 3, TTL * 3 / 10));
    }

    #[test]
    fn every_time_to_live_from_30_ms_on_fits() {
        for ms in [30, 31, 100, 1_000, 60_000, 86_400_000] {
            assert_eq!(LeaseTimes::new(Duration::from_millis(ms)).checked().err(), None, "{ms}");
        }
        let ttl = Duration::from_millis(29);
        assert_eq!(LeaseTimes::new(ttl).checked(), Err(BadTimes::TtlTooShort { ttl }));
    }

    #[test]
    fn what_leaves_no_time_for_a_renewal_is_refused_with_its_values() {
        let times = LeaseTimes::new(TTL);
        let unfit = [
            times.margin(TTL / 2 + Duration::from_secs(1)),
            times.renew_every(TTL),
            times.answer_within(TTL),
            times.effects(Effects::Unfenced { clean_up: TTL / 2 }),
            times.margin(Duration::MAX).effects(Effects::Unfenced { clean_up: Duration::MAX }),
        ];
        for times in unfit {
            assert!(matches!(times.checked(), Err(BadTimes::NoTimeToRenew { .. })), "{times:?}");
        }
    }

    #[test]
    fn what_leaves_no_pause_between_requests_is_refused_by_name() {
        let times = LeaseTimes::new(TTL);
        for time in [Duration::ZERO, Duration::from_nanos(1)] {
            let refused = times.renew_every(time).checked();
            assert_eq!(refused, Err(BadTimes::TooOften { what: "renew_every", time }));
            let refused = times.answer_within(time).checked();
            assert_eq!(refused, Err(BadTimes::TooOften { what: "answer_within", time }));
            let refused = times.release_within(time).checked();
            assert_eq!(refused, Err(BadTimes::TooOften { what: "release_within", time }));
        }
    }

    #[test]
    fn a_release_beyond_the_end_of_the_lease_is_refused() {
        let release_within = TTL + Duration::from_secs(1);
        let refused = LeaseTimes::new(TTL).release_within(release_within).checked();
        assert_eq!(refused, Err(BadTimes::ReleaseTooLong { ttl: TTL, release_within }));
        assert!(LeaseTimes::new(TTL).release_within(TTL).checked().is_ok());
    }

    #[test]
    fn the_margin_has_the_clean_up_of_unfenced_work_in_it() {
        let times = LeaseTimes::new(TTL).margin(Duration::from_millis(100));
        let unfenced = times.effects(Effects::Unfenced { clean_up: Duration::from_secs(2) });
        assert_eq!(unfenced.counted_on(), Duration::from_millis(12_900));
    }

    #[test]
    fn waits_after_failures_stay_below_a_sixth_of_the_time_to_live() {
        let times = LeaseTimes::new(TTL);
        assert_eq!(times.retry_after(0, u64::MAX), Duration::ZERO);
        assert!((0..100).all(|failures| times.retry_after(failures, u64::MAX) <= TTL / 6));
    }

    #[test]
    fn what_a_refusal_says_would_do_does() {
        let times = LeaseTimes::new(TTL).answer_within(TTL / 5).margin(Duration::from_millis(100));
        let refused = times.renew_every(TTL).checked().unwrap_err().to_string();
        assert!(refused.ends_with("at most 11.9s would do"), "{refused}");
        assert!(times.renew_every(Duration::from_millis(11_900)).checked().is_ok());
        let refused = times.answer_within(TTL).checked().unwrap_err().to_string();
        assert!(refused.ends_with("no time would do"), "{refused}");
        let refused = times.renew_every(Duration::ZERO).checked().unwrap_err().to_string();
        assert!(refused.ends_with("at least 1ms would do"), "{refused}");
        assert!(times.renew_every(SHORTEST).checked().is_ok());
    }
}
