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
        let below = self.counts_below();
        for (index, record) in self.used() {
            audit_counts(index, record, &below[index as usize]);
            self.audit_place(index, record);
        }
    }

    /// What hangs on each record, in one pass: other tests may have many records meanwhile.
    fn counts_below(&self) -> Vec<Below> {
        let mut below = vec![Below::default(); self.records.len() as usize];
        for (_, child) in self.used().filter(|(_, child)| child.parent != NIL) {
            let counts = &mut below[child.parent as usize];
            let linked = child.phase != Phase::Ended;
            counts.refs += 1;
            counts.holds += u32::from(child.busy);
            counts.tasks += u32::from(linked && child.link.is_counted());
        }
        below
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
        let mut given_back = vec![false; self.records.len() as usize];
        let mut index = self.free;
        while index != NIL {
            given_back[index as usize] = true;
            index = self.records[index].next;
        }
        (0..).zip(self.records.iter()).filter(move |(index, _)| !given_back[*index as usize])
    }
}

/// The counts that follow from the records below one.
#[derive(Clone, Default)]
struct Below {
    refs: u32,
    holds: u32,
    tasks: u32,
}

fn audit_counts(index: u32, record: &Record, below: &Below) {
    assert_eq!(record.refs, below.refs, "invariant 2: references of record {index}");
    assert_eq!(record.holds, below.holds, "invariant 5: holds of record {index}");
    assert!(record.tasks >= below.tasks, "invariant 6: tasks of record {index}");
}
