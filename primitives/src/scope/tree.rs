//! The scope tree: one arena of records under one lock.
//!
//! A record is a node's place in the tree and its state; everybody else holds a
//! [`Node`], and reads of it what its [`Tag`] says.
//! Parents, children and siblings are indices, so cancelling, holding and freeing are loops and
//! never recursion (C5), and no reference can form a circle.
//!
//! # States of a record
//!
//! `Fresh` (a handle was asked for, the body has not been polled: in no tree) → `Running` →
//! `Finishing` (the body is gone; children, clean-ups, finalizers are not) → `Ended`, or → `Passing`
//! (ended in all but name: cancelled from outside, waiting to be dropped or lifted, C4) → `Ended`.
//! An ended record is a tombstone as long as somebody may ask it for its nearest living ancestor.
//!
//! # Invariants
//!
//! 1. The record at `node.index` belongs to `node` until the last `Node` of it is gone; the tag of the
//!    same index belongs to both.
//! 2. `refs` counts the records, tombstones too, whose `parent` is this one; a record is given back
//!    when it has ended, its node is gone and `refs` is 0.
//! 3. `CANCELLED` in the word ⇔ the record has a cause of its own, or its parent is `CANCELLED` and
//!    it has no shield. Holds whenever the lock is free.
//! 4. `DELIVER` implies `CANCELLED`, and that every node inside was woken after it was flagged.
//! 5. `busy` ⇔ linked as `Nested` and (running and (shielded or `holds` > 0), or finishing);
//!    `holds` of a record counts its busy children.
//! 6. `tasks` counts the children that must end before this record may: tasks and remains, and the
//!    places kept for tasks that are still starting elsewhere.
//! 7. A living record's parent is living: what an ending record leaves behind moves up first.
//! 8. Mail, finalizers and tasks are accepted under the same lock that ends a record: taken, or
//!    passed on to the nearest living ancestor, never lost.
//!
//! # Lock order
//!
//! This lock is the last: no other lock is taken and nothing foreign is run while it is held. What
//! follows from a change is collected in [`Effects`] and done afterwards.
//!
//! The structure follows the intrusive arena lists of the field; that flags come before wakes and
//! holds are counted is Arbour's own (see the book, "How cancellation is delivered").

#[cfg(test)]
mod audit;
mod budget;
mod ending;
mod flags;
mod holds;
mod links;
mod looking;
mod records;

use super::cause::Cause;
use super::effects::Effects;
use super::label::Label;
use super::mail::{Deferred, Mail};
use super::node::{self, Node, Tag};
use crate::loom::{Arc, Mutex, MutexGuard};
use budget::Limit;
use core::panic::Location;
use core::task::Waker;
use std::time::Instant;

pub(super) use ending::{Ending, Step};
use records::Records;

/// No record.
pub(super) const NIL: u32 = u32::MAX;

#[cfg(not(arbour_loom))]
static TREE: Mutex<Tree> = Mutex::new(Tree::new());
#[cfg(arbour_loom)]
loom::lazy_static! {
    static ref TREE: Mutex<Tree> = Mutex::new(Tree::new());
}

/// Locks the tree. Prefer [`change`], which also does what follows.
pub(super) fn lock() -> MutexGuard<'static, Tree> {
    TREE.lock()
}

/// Changes the tree, then, with the lock released, does what follows from it.
pub(super) fn change<R>(edit: impl FnOnce(&mut Tree, &mut Effects) -> R) -> R {
    let mut effects = Effects::default();
    let result = edit(&mut lock(), &mut effects);
    effects.run();
    result
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Fresh,
    Running,
    Finishing,
    Passing,
    Ended,
}

/// How a node hangs on its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// Polled inside the parent's body: may hold it.
    Nested,
    /// A task of its own: the parent waits for it.
    Task,
    /// A clean-up or finalizer of the parent, polled by it: neither holds nor is counted.
    Beside,
    /// What foreign code left of a node: the parent waits for it.
    Remains,
}

impl Link {
    const fn is_counted(self) -> bool {
        matches!(self, Self::Task | Self::Remains)
    }
}

pub(super) struct Record {
    waker: Option<Waker>,
    extra: Option<Box<Extra>>,
    label: Option<Box<Label>>,
    /// The cause in force while the node is cancelled: its own, or that of an ancestor. An ended
    /// record keeps it, so that it can still be read.
    cause: Option<Arc<Cause>>,
    /// Where it was spawned, if it is a task, or put up, if it is a shield.
    place: Option<&'static Location<'static>>,
    parent: u32,
    first_child: u32,
    previous: u32,
    next: u32,
    refs: u32,
    holds: u32,
    tasks: u32,
    phase: Phase,
    link: Link,
    shield: bool,
    /// Whether the node was cancelled itself.
    own_cause: bool,
    busy: bool,
    /// No further tasks: the first finalizer has begun.
    closed: bool,
    /// The future that polled this node is gone: it cannot poll what others leave behind.
    orphan: bool,
    /// The last `Node` is gone.
    forgotten: bool,
}

/// What few records have.
#[derive(Default)]
struct Extra {
    deadline: Option<Instant>,
    limit: Option<Limit>,
    /// By when it should have come to its end, as whoever asked it to drain said.
    drain_by: Option<Instant>,
    /// Clean-ups that were refused or dropped.
    lost: u32,
    mail: Vec<Mail>,
    finalizers: Vec<Deferred>,
    watchers: Vec<(u64, Waker)>,
}

pub(super) struct Tree {
    records: Records,
    /// Given back; the list runs through `next`.
    free: u32,
    last_id: u64,
    living: usize,
    /// Records that are not on the list of free ones, tombstones included.
    in_use: usize,
    /// Records with a limit that was set by whoever stops them.
    limits: usize,
}

impl Tree {
    const fn new() -> Self {
        Self { records: Records::new(), free: NIL, last_id: 0, living: 0, in_use: 0, limits: 0 }
    }

    #[inline]
    fn at(&mut self, index: u32) -> &mut Record {
        &mut self.records[index]
    }

    /// The tag of a record that has not ended.
    #[inline]
    fn tag(&self, index: u32) -> Option<&'static Tag> {
        (self.records[index].phase != Phase::Ended).then(|| self.records.tag(index))
    }

    fn is_living(&self, index: u32) -> bool {
        matches!(self.records[index].phase, Phase::Running | Phase::Finishing)
    }

    /// The number of nodes that have not ended.
    pub(super) fn living(&self) -> usize {
        self.living
    }

    /// A node in no tree yet.
    pub(super) fn fresh(&mut self, link: Link, shield: bool) -> Node {
        let index = self.vacant();
        self.last_id += 1;
        self.living += 1;
        self.in_use += 1;
        self.records[index] = Record { shield, ..Record::new(Phase::Fresh, link) };
        self.records.tag(index).begin(self.last_id)
    }

    /// Puts a fresh node under its parent: from now on it runs.
    pub(super) fn place(&mut self, node: &Node, parent: u32, waker: Option<&Waker>, effects: &mut Effects) {
        let record = self.at(node.index);
        record.phase = Phase::Running;
        record.waker = waker.cloned();
        self.link(node.index, parent);
        self.refresh_busy(node.index, effects);
        self.refresh_new(node.index);
    }

    /// A running task of `parent`, unless that takes none any more. Nobody has heard of it yet, and a
    /// task holds nothing: there are no effects.
    pub(super) fn attach_task(&mut self, parent: &Node, place: &'static Location<'static>) -> Option<Node> {
        if !self.takes_tasks(parent.index) {
            return None;
        }
        let node = self.fresh(Link::Task, false);
        let record = self.at(node.index);
        record.place = Some(place);
        record.phase = Phase::Running;
        self.count_spawned(parent.index);
        self.link(node.index, parent.index);
        if parent.word() & flags::INHERITED != 0 {
            self.refresh_new(node.index);
        }
        Some(node)
    }

    pub(super) fn takes_tasks(&self, index: u32) -> bool {
        self.is_living(index) && !self.records[index].closed
    }

    /// Keeps a place for a task that is still starting elsewhere, so that the node stays open.
    pub(super) fn reserve_task(&mut self, node: &Node) -> bool {
        let open = self.takes_tasks(node.index);
        if open {
            self.at(node.index).tasks += 1;
        }
        open
    }

    pub(super) fn task_count(&self, node: &Node) -> usize {
        self.records[node.index].tasks as usize
    }

    /// Moves a child task, with all that is inside, into a place that was kept for it. Was that scope
    /// cut loose meanwhile, the child is cancelled like its other children, and stays where it is.
    pub(super) fn move_task(&mut self, child: &Node, to: &Node, effects: &mut Effects) {
        if !self.is_living(to.index) {
            self.cancel(child, Cause::Dropped, effects);
        } else if self.at(child.index).phase != Phase::Ended {
            let starter = self.parent_of(child);
            self.uncount_spawned(starter);
            let moved = self.reparent(child, to.index, Link::Task, effects);
            debug_assert!(moved.is_ok(), "a task is moved to a scope that is waiting for it");
            self.count_spawned(to.index);
        }
        self.release_task(to.index, effects);
    }

    pub(super) fn register(&mut self, node: &Node, waker: &Waker, effects: &mut Effects) {
        effects.discard(self.at(node.index).waker.replace(waker.clone()));
    }

    pub(super) fn waker(&self, node: &Node) -> Option<Waker> {
        self.records[node.index].waker.clone()
    }

    /// Registers a waker that hears of each change of the node's flags.
    pub(super) fn watch(&mut self, node: &Node, key: &mut u64, waker: &Waker, effects: &mut Effects) {
        if *key == 0 {
            self.last_id += 1;
            *key = self.last_id;
        }
        if self.at(node.index).phase == Phase::Ended {
            return;
        }
        let watchers = &mut self.at(node.index).extra().watchers;
        match watchers.iter_mut().find(|(k, _)| k == key) {
            Some((_, old)) if old.will_wake(waker) => {}
            Some((_, old)) => effects.discard([core::mem::replace(old, waker.clone())]),
            None => watchers.push((*key, waker.clone())),
        }
    }

    pub(super) fn unwatch(&mut self, node: &Node, key: u64, effects: &mut Effects) {
        let Some(extra) = &mut self.at(node.index).extra else { return };
        if let Some(at) = extra.watchers.iter().position(|(k, _)| *k == key) {
            effects.discard([extra.watchers.swap_remove(at).1]);
        }
    }

    /// The cause for which a poll that began with this word may drop the body now: the cancellation
    /// it saw is still in force, and nothing inside holds the body.
    pub(super) fn cause_to_drop(&self, node: &Node, began: u32) -> Option<Arc<Cause>> {
        let held = self.records[node.index].holds > 0 && !crate::loom::fault("scope_ignores_holds");
        if held || !node.is_still_cancelled(began) {
            return None;
        }
        self.cause(node)
    }

    pub(super) fn take_mail(&mut self, node: &Node) -> Vec<Mail> {
        node.clear(node::MAIL);
        self.at(node.index).extra.as_mut().map_or_else(Vec::new, |extra| core::mem::take(&mut extra.mail))
    }
}

impl Record {
    const fn new(phase: Phase, link: Link) -> Self {
        Self {
            waker: None,
            extra: None,
            label: None,
            cause: None,
            place: None,
            parent: NIL,
            first_child: NIL,
            previous: NIL,
            next: NIL,
            refs: 0,
            holds: 0,
            tasks: 0,
            phase,
            link,
            shield: false,
            own_cause: false,
            busy: false,
            closed: false,
            orphan: false,
            forgotten: false,
        }
    }

    fn extra(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }
}
