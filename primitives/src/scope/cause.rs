//! Why a scope was cancelled.

use core::fmt;
use std::borrow::Cow;

/// Why a scope was cancelled. The first cause is kept; later ones change nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// Somebody called `cancel`, with these words.
    Explicit(Cow<'static, str>),
    /// The scope's deadline passed.
    Deadline,
    /// A child of the task group failed; this names it.
    SiblingFailed(Cow<'static, str>),
    /// The program, or the supervisor above, is shutting down.
    Shutdown,
    /// Foreign code (`select!`, a timeout, an aborted task) dropped the scope before it had ended.
    Dropped,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Explicit(reason) => f.write_str(reason),
            Self::Deadline => f.write_str("deadline passed"),
            Self::SiblingFailed(name) => write!(f, "sibling {name} failed"),
            Self::Shutdown => f.write_str("shutting down"),
            Self::Dropped => f.write_str("dropped before it had ended"),
        }
    }
}

impl From<&'static str> for Cause {
    fn from(reason: &'static str) -> Self {
        Self::Explicit(Cow::Borrowed(reason))
    }
}

impl From<String> for Cause {
    fn from(reason: String) -> Self {
        Self::Explicit(Cow::Owned(reason))
    }
}

/// A scope was cancelled before its body gave a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cancelled: {cause}")]
#[non_exhaustive]
pub struct Cancelled {
    /// The cause nearest to the scope: its own, or that of the ancestor that was cancelled.
    pub cause: Cause,
}

impl Cancelled {
    /// The error of a cancellation with this cause.
    #[must_use]
    pub const fn new(cause: Cause) -> Self {
        Self { cause }
    }
}
