//! How much a memory stream holds.

use core::fmt;

/// How many items a stream holds for receivers that have not come yet.
///
/// It is made from a number, so `memory_stream(16)` is what one writes.
///
/// # Examples
///
/// ```
/// use arbour_primitives::stream::{Capacity, memory_stream};
///
/// let (tx, _rx) = memory_stream::<u8>(16);
/// assert_eq!(tx.capacity(), Capacity::Bounded(16));
/// let (tx, _rx) = memory_stream::<u8>(Capacity::Unbounded);
/// assert_eq!(tx.capacity(), Capacity::Unbounded);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a stream has a bound or it has none")]
pub enum Capacity {
    /// At most this many items; with 0 each send waits until a receiver takes its item.
    Bounded(usize),
    /// As many items as memory holds: senders never wait.
    Unbounded,
}

impl Capacity {
    pub(super) const fn limit(self) -> usize {
        match self {
            Self::Bounded(limit) => limit,
            Self::Unbounded => usize::MAX,
        }
    }
}

impl From<usize> for Capacity {
    fn from(limit: usize) -> Self {
        Self::Bounded(limit)
    }
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bounded(limit) => limit.fmt(f),
            Self::Unbounded => f.write_str("unbounded"),
        }
    }
}
