//! What is written under a lease: a record per step of the work, numbered without a gap.
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// The key of the number of the last record.
pub(crate) const LAST: &str = "last";

/// The key of a record.
pub(crate) fn key(sequence: u64) -> String {
    format!("record/{sequence}")
}

/// One step of the work on a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) resource: String,
    /// Its number: 1 for the first of the resource, and no gaps.
    pub(crate) sequence: u64,
    pub(crate) fence: u64,
    pub(crate) worker: String,
    pub(crate) step: Step,
    pub(crate) began: Stamp,
    pub(crate) ended: Stamp,
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resource, sequence, fence, worker, step, began, ended } = self;
        write!(f, "resource={resource} sequence={sequence} fence={fence} worker={worker} ")?;
        write!(f, "step={step} began={} ended={}", began.0, ended.0)
    }
}

/// What a worker did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Step {
    /// It came to hold the resource: the first record under each fence.
    Came,
    /// It worked on it.
    Worked,
    /// It is about to release it: the last record under its fence, unless the worker vanished.
    Left,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Came => "came",
            Self::Worked => "worked",
            Self::Left => "left",
        })
    }
}

/// Microseconds since 1970 by the wall clock of a worker's machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Stamp(pub(crate) u64);

impl Stamp {
    pub(crate) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }

    /// How much later this is than that; nothing if it is earlier.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}
