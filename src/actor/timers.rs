//! The timers of an actor, as a function of what was set and what time it is.
//!
//! # Invariants
//!
//! 1. Each key has at most one timer, and each timer one place in `due_at`.
//! 2. A timer that was cancelled, or set anew, gives no message any more: nothing of it is queued anywhere.
//! 3. Of an interval, at most one tick is due that was not given.

#[cfg(test)]
mod tests;

use arbour_supervisor::simulation::Random;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// What a timer is called by.
pub(super) type TimerKey = Cow<'static, str>;

/// When the ticks of an interval that were missed, because the actor was busy, are made up for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MissedTicks {
    /// Never: the next tick comes at its time, in the rhythm of the first. The default.
    #[default]
    Skip,
    /// At once, one after the other, until all have come.
    Burst,
    /// Never, and the rhythm begins anew with the late one.
    Delay,
}

/// The rhythm of an interval: a period, what is done about ticks that were missed, and a jitter.
///
/// A [`Duration`] is an interval with this period, its first tick after one period, missed ticks skipped, no jitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Interval {
    period: Duration,
    first: Duration,
    missed: MissedTicks,
    jitter: Duration,
}

impl Interval {
    /// Ticks with this period, the first after one period. A period of zero counts as a millisecond.
    pub fn new(period: Duration) -> Self {
        let period = if period.is_zero() { Duration::from_millis(1) } else { period };
        Self { period, first: period, missed: MissedTicks::Skip, jitter: Duration::ZERO }
    }

    /// When the first tick comes, counted from now. Default: after one period.
    pub fn first_after(mut self, first: Duration) -> Self {
        self.first = first;
        self
    }

    /// What is done about ticks that were missed. Default: they are skipped.
    pub fn missed(mut self, missed: MissedTicks) -> Self {
        self.missed = missed;
        self
    }

    /// Each tick comes later by a random time up to this, drawn anew; the rhythm stays. Default: none.
    pub fn jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter;
        self
    }

    /// When the tick after the one for `planned` is planned, if that one was given at `now`.
    fn next(&self, planned: Instant, now: Instant) -> Instant {
        let following = later(planned, self.period);
        match self.missed {
            MissedTicks::Burst => following,
            MissedTicks::Delay if now > following => later(now, self.period),
            MissedTicks::Skip if now > following => {
                let missed = now.duration_since(planned).as_nanos() / self.period.as_nanos();
                let missed = u32::try_from(missed).unwrap_or(u32::MAX);
                later(planned, self.period.saturating_mul(missed.saturating_add(1)))
            }
            MissedTicks::Delay | MissedTicks::Skip => following,
        }
    }
}

impl From<Duration> for Interval {
    fn from(period: Duration) -> Self {
        Self::new(period)
    }
}

/// So much later; a time too far for the clock is thirty years away.
pub(super) fn later(from: Instant, time: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(30 * 365 * 86_400);
    from.checked_add(time).unwrap_or_else(|| from + FAR)
}

/// What a timer gives.
pub(super) enum Gives<M> {
    Once(M),
    Ticks { interval: Interval, planned: Instant, make: Box<dyn FnMut() -> M + Send> },
}

struct Timer<M> {
    at: Place,
    gives: Gives<M>,
}

/// When a timer is due; those that are due together come in the order in which they were set.
type Place = (Instant, u64);

/// All timers of one actor.
pub(super) struct Timers<M> {
    timers: HashMap<TimerKey, Timer<M>>,
    due_at: BTreeMap<Place, TimerKey>,
    next_number: u64,
    random: Random,
}

impl<M> Timers<M> {
    /// No timers; `seed` decides how intervals jitter.
    pub(super) fn new(seed: u64) -> Self {
        Self { timers: HashMap::new(), due_at: BTreeMap::new(), next_number: 0, random: Random::new(seed) }
    }

    /// A message at this time; a timer of the same key is replaced.
    pub(super) fn set(&mut self, key: TimerKey, at: Instant, message: M) {
        self.put(key, at, Gives::Once(message));
    }

    /// Messages at an interval; a timer of the same key is replaced.
    pub(super) fn set_interval(
        &mut self,
        key: TimerKey,
        interval: Interval,
        now: Instant,
        make: Box<dyn FnMut() -> M + Send>,
    ) {
        let planned = later(now, interval.first);
        let at = later(planned, self.draw(interval.jitter));
        self.put(key, at, Gives::Ticks { interval, planned, make });
    }

    fn put(&mut self, key: TimerKey, at: Instant, gives: Gives<M>) {
        self.remove(&key);
        self.next_number += 1;
        let at = (at, self.next_number);
        self.due_at.insert(at, key.clone());
        self.timers.insert(key, Timer { at, gives });
    }

    /// Takes a timer away; says how long it still had, if it was there.
    pub(super) fn cancel(&mut self, key: &str, now: Instant) -> Option<Duration> {
        self.remove(key).map(|timer| timer.at.0.saturating_duration_since(now))
    }

    /// How long it is until a timer is due, if it is there.
    pub(super) fn left(&self, key: &str, now: Instant) -> Option<Duration> {
        self.timers.get(key).map(|timer| timer.at.0.saturating_duration_since(now))
    }

    fn remove(&mut self, key: &str) -> Option<Timer<M>> {
        let timer = self.timers.remove(key)?;
        self.due_at.remove(&timer.at);
        Some(timer)
    }

    /// When the next one is due.
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.due_at.first_key_value().map(|((at, _), _)| *at)
    }

    /// The message of a timer that is due, the one that was due first.
    pub(super) fn due(&mut self, now: Instant) -> Option<M> {
        if self.next_at()? > now {
            return None;
        }
        let (_, key) = self.due_at.pop_first()?;
        match self.timers.remove(&key)?.gives {
            Gives::Once(message) => Some(message),
            Gives::Ticks { interval, planned, mut make } => {
                let message = make();
                let planned = interval.next(planned, now);
                let at = later(planned, self.draw(interval.jitter));
                self.put(key, at, Gives::Ticks { interval, planned, make });
                Some(message)
            }
        }
    }

    /// A random time up to this one.
    fn draw(&mut self, most: Duration) -> Duration {
        let most = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.random.below(most.saturating_add(1)))
    }
}
