//! Where a record hangs: linking, moving, finding the living, giving records back.

use super::{Effects, Link, NIL, Phase, Tree};
use crate::scope::node::Node;

/// A move that would have made a node its own ancestor.
#[derive(Debug)]
pub(in crate::scope) struct Circle;

impl Tree {
    /// Where the next record goes: a place that was given back, or the end.
    pub(super) fn vacant(&mut self) -> u32 {
        if self.free != NIL {
            let index = self.free;
            self.free = self.at(index).next;
            return index;
        }
        self.records.extend()
    }

    /// Puts a record that hangs nowhere under `parent`; counts it there if its link is counted.
    pub(super) fn link(&mut self, index: u32, parent: u32) {
        self.at(index).parent = parent;
        if parent == NIL {
            return;
        }
        let counted = self.at(index).link.is_counted();
        let up = self.at(parent);
        let next = up.first_child;
        up.first_child = index;
        up.refs += 1;
        up.tasks += u32::from(counted);
        let record = self.at(index);
        record.previous = NIL;
        record.next = next;
        if next != NIL {
            self.at(next).previous = index;
        }
    }

    /// Takes a record off its parent's list of children. Its parent stays known.
    pub(super) fn unlink(&mut self, index: u32) {
        let record = self.at(index);
        let (parent, previous, next) = (record.parent, record.previous, record.next);
        if parent == NIL {
            return;
        }
        record.previous = NIL;
        record.next = NIL;
        if next != NIL {
            self.at(next).previous = previous;
        }
        if previous == NIL {
            self.at(parent).first_child = next;
        } else {
            self.at(previous).next = next;
        }
    }

    /// Moves a record, with all that is inside, to another parent, perhaps with another link.
    pub(in crate::scope) fn reparent(
        &mut self,
        node: &Node,
        parent: u32,
        link: Link,
        effects: &mut Effects,
    ) -> Result<(), Circle> {
        if self.is_inside(parent, node.index) {
            return Err(Circle);
        }
        self.move_up(node.index, parent, link, effects);
        Ok(())
    }

    /// Moves a record to where no circle can come of it, as to an ancestor of its own: looking for one
    /// would walk up to the root for each record of a deep tree.
    pub(super) fn move_up(&mut self, index: u32, parent: u32, link: Link, effects: &mut Effects) {
        let old = self.at(index).parent;
        self.release_busy(index, effects);
        self.unlink(index);
        self.uncount(index, effects);
        self.wake_finishing(old, effects);
        self.at(index).link = link;
        self.link(index, parent);
        self.refresh_busy(index, effects);
        self.refresh(index, effects);
        self.inherit_gears(index, effects);
        self.drop_ref(old);
    }

    pub(in crate::scope) fn is_inside(&self, mut index: u32, ancestor: u32) -> bool {
        while index != NIL {
            if index == ancestor {
                return true;
            }
            index = self.records[index].parent;
        }
        false
    }

    /// The parent no longer waits for this child; if it was the last, the parent may go on.
    pub(super) fn uncount(&mut self, index: u32, effects: &mut Effects) {
        let record = self.at(index);
        let parent = record.parent;
        if parent != NIL && record.link.is_counted() {
            self.release_task(parent, effects);
        }
    }

    pub(in crate::scope) fn release_task(&mut self, index: u32, effects: &mut Effects) {
        let record = self.at(index);
        record.tasks -= 1;
        if record.tasks > 0 {
            return;
        }
        if record.phase == Phase::Finishing && !crate::loom::fault("scope_forgets_last_child") {
            effects.wake(record.waker.as_ref());
        }
        // A scope parked elsewhere keeps the place it was moved up to waiting for its children.
        let mut inner = index;
        while self.at(inner).link == Link::Nested {
            inner = self.at(inner).parent;
            if inner == NIL {
                return;
            }
            self.wake_finishing(inner, effects);
        }
    }

    /// What kept this record from ending may be gone.
    fn wake_finishing(&mut self, index: u32, effects: &mut Effects) {
        if index != NIL && self.at(index).phase == Phase::Finishing {
            let waker = self.at(index).waker.as_ref();
            effects.wake(waker);
        }
    }

    /// The nearest living record at or above `index`, or `NIL`.
    pub(in crate::scope) fn living_from(&self, mut index: u32) -> u32 {
        while index != NIL && !self.is_living(index) {
            index = self.records[index].parent;
        }
        index
    }

    /// The nearest living record at or above `index` whose future is there to poll.
    pub(in crate::scope) fn poller_from(&self, mut index: u32) -> u32 {
        while index != NIL && (!self.is_living(index) || self.records[index].orphan) {
            index = self.records[index].parent;
        }
        index
    }

    pub(in crate::scope) fn parent_of(&self, node: &Node) -> u32 {
        self.records[node.index].parent
    }

    /// The last `Node` is gone.
    pub(in crate::scope) fn forget(&mut self, index: u32) {
        self.at(index).forgotten = true;
        self.give_back(index);
    }

    /// Ends the claim of a record that no longer exists, or has moved, on its parent's tombstone.
    pub(super) fn drop_ref(&mut self, parent: u32) {
        if parent != NIL {
            self.at(parent).refs -= 1;
            self.give_back(parent);
        }
    }

    /// Gives a tombstone back when nobody can ask for it any more, and then the ones above it.
    pub(super) fn give_back(&mut self, mut index: u32) {
        while index != NIL {
            let free = self.free;
            let record = self.at(index);
            if record.phase != Phase::Ended || !record.forgotten || record.refs > 0 {
                return;
            }
            let parent = record.parent;
            record.cause = None;
            record.forgotten = false;
            record.next = free;
            self.free = index;
            if parent != NIL {
                self.at(parent).refs -= 1;
            }
            self.in_use -= 1;
            index = parent;
        }
        if self.in_use == 0 {
            self.start_afresh();
        }
    }

    /// With no record in use the arena is empty again. The list of free records is in the order in
    /// which they ended, by now any order: made anew, siblings lie side by side, and a walk over them
    /// is a walk through memory.
    fn start_afresh(&mut self) {
        self.records.clear();
        self.free = NIL;
    }

    /// Lets go of a record that has ended and of the node of its future: in one step if that was the
    /// last one.
    pub(super) fn release(&mut self, node: Node, effects: &mut Effects) {
        if node.is_last() {
            let index = node.index;
            node.end_with_record();
            self.forget(index);
        } else {
            node.release_record();
            effects.release(node);
        }
    }
}
