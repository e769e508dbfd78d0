//! How long to wait before trying again.

mod jitter;
#[cfg(test)]
mod tests;

pub(crate) use jitter::Jitter;

use std::time::Duration;

/// Delays between attempts that grow from `initial` to `max`.
///
/// The first retry is immediate. The second waits up to `initial`, each later one up to `factor` times as long as the
/// one before it, never longer than `max`. With jitter (the default) the wait is drawn evenly between zero and that
/// cap, so that many who failed together do not come back together.
///
/// The default grows from 100 ms to 30 s by a factor of 2, with jitter.
///
/// # Examples
///
/// ```
/// use arbour_supervisor::backoff::Backoff;
/// use std::time::Duration;
///
/// let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1))?.jitter(false);
/// let delays: Vec<u128> = (0..6).map(|attempt| backoff.delay(attempt, 0).as_millis()).collect();
/// assert_eq!(delays, [0, 100, 200, 400, 800, 1_000]);
/// # Ok::<(), arbour_supervisor::backoff::BackoffError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use = "a back-off only answers how long to wait"]
pub struct Backoff {
    initial: Duration,
    max: Duration,
    factor: f64,
    jitter: bool,
    reset_after: Duration,
}

impl Backoff {
    /// Delays that double from `initial` to `max`, with jitter, reset after `(initial + max) / 2` of health.
    ///
    /// # Errors
    ///
    /// [`BackoffError::ZeroInitial`] if `initial` is zero, which would never grow: say [`Backoff::none`].
    /// [`BackoffError::MaxBelowInitial`] if `max` is shorter than `initial`.
    pub fn new(initial: Duration, max: Duration) -> Result<Self, BackoffError> {
        if initial.is_zero() {
            return Err(BackoffError::ZeroInitial { max });
        }
        if max < initial {
            return Err(BackoffError::MaxBelowInitial { initial, max });
        }
        Ok(Self { reset_after: (initial / 2).saturating_add(max / 2), initial, max, ..Self::default() })
    }

    /// No delay at all: every retry is immediate. Reset after 5 s of health.
    pub fn none() -> Self {
        Self {
            initial: Duration::ZERO,
            max: Duration::ZERO,
            factor: 1.0,
            jitter: false,
            reset_after: Duration::from_secs(5),
        }
    }

    /// Sets by how much each delay is longer than the one before it; 2 unless set.
    ///
    /// # Errors
    ///
    /// [`BackoffError::Factor`] if it is less than 1, infinite or not a number.
    pub fn factor(self, factor: f64) -> Result<Self, BackoffError> {
        if !factor.is_finite() || factor < 1.0 {
            return Err(BackoffError::Factor { factor });
        }
        Ok(Self { factor, ..self })
    }

    /// Sets whether delays are drawn evenly between zero and the cap (the default) or are the cap itself.
    pub fn jitter(self, jitter: bool) -> Self {
        Self { jitter, ..self }
    }

    /// Sets how long something must have run well for its next failure to count as a first one.
    ///
    /// Unless set it is half of `initial + max`. With zero, whatever ran at all is healthy.
    pub fn reset_after(self, healthy: Duration) -> Self {
        Self { reset_after: healthy, ..self }
    }

    /// How long to wait before a retry that comes after `attempt` other retries in a row.
    ///
    /// `random` is any number, each as likely as the others; it decides where the delay lies below its cap. It is
    /// not looked at without jitter. No attempt overflows.
    #[must_use]
    pub fn delay(&self, attempt: u32, random: u64) -> Duration {
        let cap = self.cap(attempt);
        if self.jitter { share(cap, random) } else { cap }
    }

    /// Whether a run of this length was long enough to forget the failures before it.
    #[must_use]
    pub fn is_reset_by(&self, ran_for: Duration) -> bool {
        ran_for >= self.reset_after
    }

    /// The first delay and the longest.
    #[cfg(feature = "serde")]
    pub(crate) fn bounds(&self) -> (Duration, Duration) {
        (self.initial, self.max)
    }

    #[cfg(feature = "serde")]
    pub(crate) fn growth(&self) -> f64 {
        self.factor
    }

    #[cfg(feature = "serde")]
    pub(crate) fn has_jitter(&self) -> bool {
        self.jitter
    }

    /// How long a healthy run lasts.
    #[cfg(feature = "serde")]
    pub(crate) fn healthy(&self) -> Duration {
        self.reset_after
    }

    fn cap(&self, attempt: u32) -> Duration {
        let Some(steps) = attempt.checked_sub(1) else { return Duration::ZERO };
        let seconds = self.initial.as_secs_f64() * self.factor.powf(f64::from(steps));
        Duration::try_from_secs_f64(seconds).map_or(self.max, |cap| cap.min(self.max))
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            initial: Duration::from_millis(100),
            max: Duration::from_secs(30),
            factor: 2.0,
            jitter: true,
            reset_after: Duration::from_millis(15_050),
        }
    }
}

/// The part of `whole` that `random` is of all numbers, rounded down: always less than a whole that is not zero.
fn share(whole: Duration, random: u64) -> Duration {
    let (nanos, random) = (whole.as_nanos(), u128::from(random));
    // Split in two, for the longest duration times the largest number does not fit.
    let (high, low) = (nanos >> 64, nanos & u128::from(u64::MAX));
    Duration::from_nanos_u128(high * random + ((low * random) >> 64))
}

/// A [`Backoff`] was described in a way that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BackoffError {
    /// The first delay is zero and so would never grow.
    #[error(
        "a back-off that begins at 0s never grows to {max:?}: begin above zero, or use `Backoff::none()`"
    )]
    ZeroInitial {
        /// The longest delay that came with it.
        max: Duration,
    },
    /// The longest delay is shorter than the first.
    #[error("the longest delay of a back-off, {max:?}, is shorter than its first, {initial:?}")]
    MaxBelowInitial {
        /// The first delay.
        initial: Duration,
        /// The longest delay.
        max: Duration,
    },
    /// The factor would make delays shrink, or is no number.
    #[error("the factor of a back-off must be a number not less than 1, and {factor} is not")]
    Factor {
        /// The factor that was asked for.
        factor: f64,
    },
}
