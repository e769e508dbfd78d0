//! The clock by which holders of leases count their time.

use std::fmt;
use std::ops::Add;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// An instant of a [`Clock`]: the time since that clock began, whenever this was.
///
/// Moments of one clock can be compared; those of two clocks say nothing about each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(Duration);

impl Moment {
    /// The moment so long after the clock began.
    #[must_use]
    pub const fn after_begin(since: Duration) -> Self {
        Self(since)
    }

    /// How much later this moment is than that one; nothing if it is earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The moment so much earlier, or the beginning of the clock.
    #[must_use]
    pub const fn earlier_by(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(by))
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(later))
    }
}

const TOKIO: &str = "tokio";

/// What tells holders of leases the time. It never goes back.
///
/// Whose leases are kept outside of its process needs a clock that runs while the machine sleeps: a laptop that wakes
/// up, or a virtual machine that was put to sleep from inside, would otherwise believe in a lease that has ended long
/// since. Tokio's and std's `Instant` stand still meanwhile on Linux. No clock of a guest counts what its hypervisor
/// pauses, or keeps as a snapshot: there only the fence helps. The wall clock is never used: it can be set.
///
/// Clones are the same clock.
#[derive(Clone)]
pub struct Clock {
    kind: &'static str,
    now: Arc<dyn Fn() -> Duration + Send + Sync>,
}

impl Clock {
    /// Tokio's clock, which tests pause. Right for leases in the memory of the same process, which sleep as long as
    /// their holders.
    #[must_use]
    pub fn tokio() -> Self {
        let begin = Instant::now();
        Self::of(TOKIO, move || begin.elapsed())
    }

    /// The clock that also runs while the machine sleeps: `CLOCK_BOOTTIME` on Linux and Android, elsewhere on Unix
    /// the monotonic clock.
    #[cfg(all(unix, feature = "boot-time"))]
    #[must_use]
    pub fn boot_time() -> Self {
        use rustix::time::{ClockId, clock_gettime};

        #[cfg(any(target_os = "linux", target_os = "android"))]
        const ID: ClockId = ClockId::Boottime;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        const ID: ClockId = ClockId::Monotonic;
        // A clock since boot is never negative, so the conversion keeps what it tells.
        Self::of("boot time", || Duration::try_from(clock_gettime(ID)).unwrap_or_default())
    }

    /// A clock that tells what `now` gives: the time since any beginning, which never goes back.
    #[must_use]
    pub fn from_fn(now: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self::of("by hand", now)
    }

    fn of(kind: &'static str, now: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self { kind, now: Arc::new(now) }
    }

    /// Whether it goes as the timers of the runtime do.
    pub(crate) fn is_tokios(&self) -> bool {
        self.kind == TOKIO
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Moment {
        Moment((self.now)())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("kind", &self.kind).field("now", &self.now()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_never_before_the_clock_began() {
        let second = Moment::after_begin(Duration::from_secs(1));
        assert_eq!(second.earlier_by(Duration::from_secs(2)), Moment::after_begin(Duration::ZERO));
        assert_eq!(Moment::after_begin(Duration::ZERO).since(second), Duration::ZERO);
    }

    #[cfg(all(unix, feature = "boot-time"))]
    #[test]
    fn boot_time_has_begun_and_goes_on() {
        let clock = Clock::boot_time();
        let first = clock.now();
        assert!(first > Moment::after_begin(Duration::ZERO));
        assert!(clock.now() >= first);
    }
}
