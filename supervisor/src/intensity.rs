//! How many restarts within which time are too many.

use crate::fault::fault;
use std::{
    collections::VecDeque,
    fmt,
    time::{Duration, Instant},
};

#[cfg(test)]
mod tests;

/// At most `intensity` restarts within any `period`; the next one is refused.
///
/// The default is 3 restarts in 5 seconds. An intensity of 0 refuses the first restart already.
///
/// # Examples
///
/// ```
/// use arbour_supervisor::intensity::{RestartLimit, RestartWindow};
/// use std::time::{Duration, Instant};
///
/// let mut window = RestartWindow::new(RestartLimit::new(1, Duration::from_secs(5))?);
/// let now = Instant::now();
/// assert!(window.admit(now));
/// assert!(!window.admit(now + Duration::from_secs(5)));
/// assert!(window.admit(now + Duration::from_millis(5_001)));
/// # Ok::<(), arbour_supervisor::intensity::ZeroPeriod>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RestartLimit {
    intensity: u32,
    period: Duration,
}

impl RestartLimit {
    /// A limit of `intensity` restarts within `period`.
    ///
    /// # Errors
    ///
    /// [`ZeroPeriod`] if the period is zero: such a window forgets everything at once and limits nothing.
    pub fn new(intensity: u32, period: Duration) -> Result<Self, ZeroPeriod> {
        if period.is_zero() {
            return Err(ZeroPeriod { intensity });
        }
        Ok(Self { intensity, period })
    }

    /// How many restarts are allowed within the period.
    #[must_use]
    pub fn intensity(self) -> u32 {
        self.intensity
    }

    /// The length of the sliding window.
    #[must_use]
    pub fn period(self) -> Duration {
        self.period
    }
}

impl Default for RestartLimit {
    fn default() -> Self {
        Self { intensity: 3, period: Duration::from_secs(5) }
    }
}

impl fmt::Display for RestartLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.intensity == 1 { "" } else { "s" };
        write!(f, "{} restart{plural} in {:?}", self.intensity, self.period)
    }
}

/// What happens when a child has used up its own limit on restarts.
///
/// The default is [`Escalate`](Self::Escalate).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exhausted {
    /// The supervisor gives up, for it cannot keep what it promised.
    #[default]
    Escalate,
    /// This child stays down, which is reported, and the others go on.
    StayDown,
}

/// A limit on restarts was given a period of zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a limit of {intensity} restarts in 0s limits nothing: the period must be longer than zero")]
#[non_exhaustive]
pub struct ZeroPeriod {
    /// The intensity that came with it.
    pub intensity: u32,
}

/// The sliding window that holds a [`RestartLimit`].
///
/// It remembers the last `intensity` restarts and no more, nor those that no longer count: a restart is one too
/// many exactly if the `intensity`-th before it still lies within the period. So each question takes constant time,
/// however many restarts there were.
///
/// A restart that is exactly `period` old still counts, as it does in OTP.
#[derive(Clone, Debug)]
pub struct RestartWindow {
    limit: RestartLimit,
    /// Oldest first, never more than `limit.intensity`.
    admitted: VecDeque<Instant>,
}

impl RestartWindow {
    /// A window in which no restart has happened yet.
    #[must_use]
    pub fn new(limit: RestartLimit) -> Self {
        Self { limit, admitted: VecDeque::new() }
    }

    /// The limit that this window holds.
    #[must_use]
    pub fn limit(&self) -> RestartLimit {
        self.limit
    }

    /// Holds another limit from now on; the restarts it remembers still count, as far as there is room for them.
    pub fn set_limit(&mut self, limit: RestartLimit) {
        self.limit = limit;
        let room = usize::try_from(limit.intensity).unwrap_or(usize::MAX);
        self.admitted.drain(..self.admitted.len().saturating_sub(room));
    }

    /// Whether a restart may happen `now`; if so it is remembered.
    ///
    /// A `now` that lies before an earlier one is taken for the same moment.
    pub fn admit(&mut self, now: Instant) -> bool {
        let has_room = !self.is_full(now);
        if has_room {
            self.admitted.push_back(now);
        }
        has_room
    }

    /// Whether a restart `now` would be one too many.
    pub(crate) fn is_full(&mut self, now: Instant) -> bool {
        if self.limit.intensity == 0 {
            return true;
        }
        self.forget_two(now);
        self.admitted.len() as u64 == u64::from(self.limit.intensity)
    }

    /// Two for each that comes: so even a limit that is never reached needs room only for the restarts of one
    /// period or so, and each question still takes constant time.
    fn forget_two(&mut self, now: Instant) {
        for _ in 0..2 {
            if !self.admitted.is_empty() && !self.oldest_counts(now) {
                self.admitted.pop_front();
            }
        }
    }

    fn oldest_counts(&self, now: Instant) -> bool {
        let Some(&oldest) = self.admitted.front() else { return false };
        let age = now.saturating_duration_since(oldest);
        age <= self.limit.period
            && !(fault("the_edge_of_the_window_does_not_count") && age == self.limit.period)
    }
}
