//! The numbered invariants as assertions, for tests that look between two steps.

use super::{CALLED, Claim, LINE, State, WAITING};

impl<T> State<T> {
    /// Asserts what can be seen from one state (all but 7), and that the stream holds no more than it may.
    pub(in super::super) fn assert_invariants(&self) {
        assert!(
            self.is_rendezvous() || self.queue.len() + self.held + self.reserved <= self.capacity,
            "too many items"
        );
        self.assert_invariants_of_any_number();
    }

    /// The same where items that were taken ahead may have been put back.
    pub(in super::super) fn assert_invariants_of_any_number(&self) {
        let (waiting, called) = (self.receivers.len(WAITING), self.receivers.len(CALLED));
        let line = self.senders.len(LINE);
        assert!(if self.is_rendezvous() { self.queue.is_empty() } else { line == 0 }, "1");
        if !self.senders.is_empty(WAITING) {
            assert!(!self.has_room() && !self.closed && self.open_receivers > 0, "2");
        }
        assert_eq!(called, (waiting + called).min(self.available()), "3");
        assert!(waiting == 0 || !self.has_ended(), "5");
        assert!(self.reader.is_none() || (self.available() == 0 && !self.has_ended()), "12");
        if self.open_receivers == 0 {
            assert!(self.senders.is_empty(WAITING) && self.available() <= called, "6");
        }
        assert_eq!(self.handed, self.handed_in_line(), "8");
        assert_eq!(self.entry, self.entry_by_the_rule(), "11");
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
