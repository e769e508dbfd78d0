//! Pure: what follows what a listener gave, and what of it is told.

use arbour_transports::AcceptError;
use std::time::{Duration, Instant};

/// How long a server waits that has no room for another connection: an accept that fails costs next to
/// nothing ten times a second, and who waits in the backlog does not notice a tenth of one.
pub(super) const BACK_OFF: Duration = Duration::from_millis(100);

/// How long it is not told anew that all places are taken: at the limit that may be so a thousand times a second.
const QUIET: Duration = Duration::from_secs(60);

/// How accepting goes: well, or for some time in vain.
#[derive(Debug, Default)]
pub(super) struct Course {
    exhausted: Option<Stretch>,
    /// When it was told last that all places are taken.
    told_full: Option<Instant>,
}

/// Accepts that failed for lack of room, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) since: Instant,
    pub(super) failures: u64,
}

/// What follows an accept that failed.
#[derive(Debug)]
pub(super) enum Next {
    /// Accept again after [`BACK_OFF`]; only the first of a stretch is told to everybody.
    BackOff { error: AcceptError, first: bool },
    /// The listener is of no use any more.
    End(AcceptError),
}

impl Course {
    /// A connection was accepted. A stretch of failures that ends with it is to be told.
    pub(super) fn accepted(&mut self) -> Option<Stretch> {
        self.exhausted.take()
    }

    /// All places are taken. Says whether that is to be told.
    pub(super) fn full(&mut self, now: Instant) -> bool {
        let is_news = self.told_full.is_none_or(|told| now.saturating_duration_since(told) >= QUIET);
        if is_news {
            self.told_full = Some(now);
        }
        is_news
    }

    /// An accept failed.
    pub(super) fn failed(&mut self, error: AcceptError, now: Instant) -> Next {
        if !matches!(error, AcceptError::Exhausted(_)) {
            return Next::End(error);
        }
        let stretch = self.exhausted.get_or_insert(Stretch { since: now, failures: 0 });
        stretch.failures += 1;
        Next::BackOff { error, first: stretch.failures == 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn exhausted() -> AcceptError {
        AcceptError::Exhausted(io::Error::other("too many open files"))
    }

    #[test]
    fn a_stretch_is_told_when_it_begins_and_when_it_ends() {
        let (mut course, begin) = (Course::default(), Instant::now());
        for nth in 0..3 {
            let next = course.failed(exhausted(), begin + BACK_OFF * nth);
            assert!(matches!(next, Next::BackOff { first, .. } if first == (nth == 0)), "{next:?}");
        }
        assert_eq!(course.accepted(), Some(Stretch { since: begin, failures: 3 }));
        assert_eq!(course.accepted(), None);
        assert!(matches!(course.failed(exhausted(), begin), Next::BackOff { first: true, .. }));
    }

    #[test]
    fn that_all_places_are_taken_is_told_once_a_minute() {
        let (mut course, begin) = (Course::default(), Instant::now());
        let told: Vec<_> =
            (0..200).filter(|second| course.full(begin + Duration::from_secs(*second))).collect();
        assert_eq!(told, [0, 60, 120, 180]);
    }

    #[test]
    fn whatever_is_no_lack_of_room_ends_the_server() {
        let broken = AcceptError::Broken(io::Error::other("no listener"));
        for error in [AcceptError::Closed, broken] {
            let next = Course::default().failed(error, Instant::now());
            assert!(matches!(next, Next::End(_)), "{next:?}");
        }
    }
}
