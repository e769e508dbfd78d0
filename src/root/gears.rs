//! The three gears of stopping, and the time each has. Pure.

use std::time::Duration;

/// How far a root has come in stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gear {
    Running,
    /// Asked to finish what is queued.
    Draining,
    /// Cancelled: clean-up runs.
    Cancelling,
    /// Shields and clean-up are dropped.
    Aborting,
    /// Not gone although aborted: nobody waits for it.
    Stuck,
}

impl Gear {
    /// The gear after this one, whether it was asked for or the time was up.
    pub(super) const fn next(self) -> Self {
        match self {
            Self::Running => Self::Draining,
            Self::Draining => Self::Cancelling,
            Self::Cancelling => Self::Aborting,
            Self::Aborting | Self::Stuck => Self::Stuck,
        }
    }

    /// Whether the gear ends by itself after its time.
    pub(super) const fn is_timed(self) -> bool {
        matches!(self, Self::Draining | Self::Cancelling | Self::Aborting)
    }
}

/// How long each gear may last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gears {
    pub(super) drain: Duration,
    pub(super) clean_up: Duration,
    abort: Duration,
}

impl Gears {
    /// All three within this time.
    pub(super) fn within(total: Duration) -> Self {
        let last = (total / 6).min(Duration::from_secs(5));
        Self { drain: total - 2 * last, clean_up: last, abort: last }
    }

    pub(super) const fn time_in(self, gear: Gear) -> Option<Duration> {
        match gear {
            Gear::Draining => Some(self.drain),
            Gear::Cancelling => Some(self.clean_up),
            Gear::Aborting => Some(self.abort),
            Gear::Running | Gear::Stuck => None,
        }
    }
}

impl Default for Gears {
    fn default() -> Self {
        Self {
            drain: Duration::from_secs(30),
            clean_up: Duration::from_secs(5),
            abort: Duration::from_secs(5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_and_each_time_up_shifts_one_gear() {
        let all = [Gear::Running, Gear::Draining, Gear::Cancelling, Gear::Aborting, Gear::Stuck];
        for pair in all.windows(2) {
            assert_eq!(pair[0].next(), pair[1]);
        }
        assert_eq!(Gear::Stuck.next(), Gear::Stuck);
    }

    #[test]
    fn the_gears_share_what_an_orchestrator_gives() {
        for (total, drain, last) in [(30, 20, 5), (6, 4, 1), (600, 590, 5), (0, 0, 0)] {
            let gears = Gears::within(Duration::from_secs(total));
            let seconds = [gears.drain, gears.clean_up, gears.abort].map(|time| time.as_secs());
            assert_eq!(seconds, [drain, last, last]);
        }
    }

    #[test]
    fn exactly_the_gears_that_have_a_time_end_by_it() {
        for gear in [Gear::Running, Gear::Draining, Gear::Cancelling, Gear::Aborting, Gear::Stuck] {
            assert_eq!(gear.is_timed(), Gears::default().time_in(gear).is_some(), "{gear:?}");
        }
    }
}
