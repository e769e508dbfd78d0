//! When a worker crashes on purpose.
use std::num::NonZeroU64;

/// On which side of adding a record the worker panics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crash {
    BeforeAdding,
    AfterAdding,
}

impl Crash {
    /// The crash that is due at the first delivery of the `number`-th record of a partition, counted from 1.
    ///
    /// Every `every`-th record has one, in turn before and after it is added.
    pub(crate) fn due(every: Option<NonZeroU64>, number: u64) -> Option<Self> {
        let every = every?.get();
        if !number.is_multiple_of(every) {
            return None;
        }
        let before = (number / every) % 2 == 1;
        Some(if before { Self::BeforeAdding } else { Self::AfterAdding })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crashes(every: u64) -> Vec<Option<Crash>> {
        (1..=6).map(|number| Crash::due(NonZeroU64::new(every), number)).collect()
    }

    const BEFORE: Option<Crash> = Some(Crash::BeforeAdding);
    const AFTER: Option<Crash> = Some(Crash::AfterAdding);

    #[test]
    fn every_second_record_crashes_in_turn_before_and_after() {
        assert_eq!(crashes(2), [None, BEFORE, None, AFTER, None, BEFORE]);
    }

    #[test]
    fn every_record_may_crash() {
        assert_eq!(crashes(1), [BEFORE, AFTER, BEFORE, AFTER, BEFORE, AFTER]);
    }

    #[test]
    fn without_the_option_nothing_crashes() {
        assert_eq!(crashes(0), [None; 6]);
    }
}
