//! The fence: the number that tells a newer holder from an older one.

use std::fmt;

/// The number of a grant. Each grant of a name has a greater one than every grant of that name before.
///
/// Hand it to whatever your work changes, and let that refuse what is older than the newest it has seen: then a
/// holder that was paused, and does not know that its time is over, does no harm. Stores keep it below 2⁵³, so that
/// it is exact wherever numbers are floating.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(u64);

impl Fence {
    /// The fence of this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Fence> for u64 {
    fn from(fence: Fence) -> Self {
        fence.0
    }
}
