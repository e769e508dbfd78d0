//! The numbered invariants as assertions, for tests that look between two steps.

use super::{CALLED, Claim, LINE, State, WAITING};

impl<T> State<T> {
    /// Asserts what can be seen from one state: all but 7.
    pub(in super::super) fn assert_invariants(&self) {
        let (waiting, called) = (self.receivers.len(WAITING), self.receivers.len(CALLED));
        let line = self.senders.len(LINE);
        assert!(if self.is_rendezvous() { self.queue.is_empty() } else { line == 0 }, "1");
        assert!(self.queue.len() <= self.capacity, "1: never more than the capacity");
        if !self.senders.is_empty(WAITING) {
            assert!(!self.has_room() && !self.closed && self.open_receivers > 0, "2");
        }
        assert_eq!(called, (waiting + called).min(self.available()), "3");
        assert!(self.is_rendezvous() || self.queue.len() + self.reserved <= self.capacity, "4");
        assert!(waiting == 0 || !self.has_ended(), "5");
        if self.open_receivers == 0 {
            assert!(self.senders.is_empty(WAITING) && self.available() <= called, "6");
        }
        assert_eq!(self.handed, self.handed_in_line(), "8");
    }

    fn handed_in_line(&self) -> usize {
        let mut handed = 0;
        let mut cursor = self.senders.first(LINE);
        while let Some(key) = cursor {
            let sender = &self.senders[key];
            assert!(matches!(sender.claim, Claim::Item(_)), "only items stand in line");
            handed += usize::from(sender.end.is_none());
            cursor = self.senders.next(key);
        }
        handed
    }
}
