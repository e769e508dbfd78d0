//! The numbered invariants of the tree as one check, for tests and models.

use super::{Link, NIL, Phase, Record, Tree};
use crate::scope::node::{CANCELLED, DELIVER};

impl Tree {
    /// The number of records that have not been given back, tombstones included.
    pub(in crate::scope) fn records_in_use(&self) -> usize {
        self.in_use
    }

    /// The number of wakers that are registered with any record.
    pub(in crate::scope) fn registered_wakers(&self) -> usize {
        self.used().map(|(_, record)| usize::from(record.waker.is_some()) + record.watchers().count()).sum()
    }

    /// Panics where one of the invariants that can be read off the records is broken.
    pub(in crate::scope) fn audit(&self) {
        assert_eq!(self.in_use, self.used().count());
        assert_eq!(self.living, self.used().filter(|(_, record)| record.phase != Phase::Ended).count());
        for (index, record) in self.used() {
            self.audit_counts(index, record);
            self.audit_place(index, record);
        }
    }

    fn audit_counts(&self, index: u32, record: &Record) {
        let mut below = (0, 0, 0);
        for (_, child) in self.used().filter(|(_, child)| child.parent == index) {
            let linked = child.phase != Phase::Ended;
            below.0 += 1;
            below.1 += u32::from(child.busy);
            below.2 += u32::from(linked && child.link.is_counted());
        }
        assert_eq!(record.refs, below.0, "invariant 2: references of record {index}");
        assert_eq!(record.holds, below.1, "invariant 5: holds of record {index}");
        assert!(record.tasks >= below.2, "invariant 6: tasks of record {index}");
    }

    fn audit_place(&self, index: u32, record: &Record) {
        let busy = match record.phase {
            Phase::Running => record.shield || record.holds > 0,
            Phase::Finishing => true,
            Phase::Fresh | Phase::Passing | Phase::Ended => false,
        };
        assert_eq!(record.busy, busy && record.link == Link::Nested, "invariant 5: record {index}");
        if matches!(record.phase, Phase::Running | Phase::Finishing) {
            assert!(record.parent == NIL || self.is_living(record.parent), "invariant 7: record {index}");
        }
        if let Some(node) = self.tag(index) {
            assert_eq!(node.has(CANCELLED), self.is_effective(index), "invariant 3: record {index}");
            assert!(node.has(CANCELLED) || !node.has(DELIVER), "invariant 4: record {index}");
        }
    }

    fn used(&self) -> impl Iterator<Item = (u32, &Record)> {
        let mut given_back = vec![false; self.records.iter().count()];
        let mut index = self.free;
        while index != NIL {
            given_back[index as usize] = true;
            index = self.records[index].next;
        }
        (0..).zip(self.records.iter()).filter(move |(index, _)| !given_back[*index as usize])
    }
}
