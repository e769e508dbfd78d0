//! Why there was no further attempt.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// No attempt succeeded. Carries the last error; those before it were dropped as they came.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryError<E> {
    /// How many attempts were made; all failed.
    pub attempts: u32,
    /// Why there was no further one.
    pub why: GaveUp,
    /// The error of the last attempt.
    pub last: E,
}

/// Why there was no further attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GaveUp {
    /// The last error is not one to try again after.
    Permanent,
    /// There were as many retries as the policy allows.
    TooOften,
    /// The wait could not have ended before the deadline of the scope.
    NoTime {
        /// How long the wait would have been.
        wait: Duration,
        /// How much time was left.
        left: Duration,
    },
}

impl<E> RetryError<E> {
    /// How many errors came before the last one.
    #[must_use]
    pub fn earlier(&self) -> u32 {
        self.attempts.saturating_sub(1)
    }

    /// The error of the last attempt, by itself.
    #[must_use]
    pub fn into_last(self) -> E {
        self.last
    }
}

impl<E: fmt::Display> fmt::Display for RetryError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempts, why, last } = self;
        let plural = if *attempts == 1 { "" } else { "s" };
        write!(f, "gave up after {attempts} attempt{plural}, {why}: {last}")
    }
}

impl<E: Error> Error for RetryError<E> {
    /// What stands behind the last error, which the text of this one ends with.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.last.source()
    }
}

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permanent => f.write_str("for this error is not tried again"),
            Self::TooOften => f.write_str("as many as the policy allows"),
            Self::NoTime { wait, left } => {
                write!(f, "for the next would begin in {wait:?} and the deadline is in {left:?}")
            }
        }
    }
}
