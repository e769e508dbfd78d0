//! The scope that is current on this thread, and the units its task has left (C10, C15).
//!
//! A body that runs [lazily](run_lazily) has a place here before it has a node: whoever asks for the current
//! [`node`] there makes it; whoever only looks sees the one around.

use super::beat;
use super::frame::Payload;
use super::node::{CANCELLED, Node, Tag};
use super::runtime;
use super::tree::{self, Link};
use core::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What each poll of a task's outermost scope may spend on awaits of ours.
pub(super) const UNITS: u32 = 128;

/// One in so many units is charged to the runtime's own budget as well, beginning with the first of a scope's first
/// poll: scopes that open and end without one around them are held back by nothing else. Each would be one too
/// many: the charge costs as much as the whole send of an item that finds room.
const RUNTIMES_SHARE: u32 = 32;

/// No node has this number.
const NOWHERE: u64 = u64::MAX;

/// The thread's slot. It has no destructor, so it is read without asking whether that has run.
pub(super) struct Slot {
    /// The tag of a node that whoever put it here has, and keeps until it has put back the one before.
    node: Cell<Option<&'static Tag>>,
    /// The number of the node inside of which a body runs that has none of its own yet, or [`NOWHERE`]. It counts
    /// only while that node is in the slot: whatever runs in a node of its own need not take it away.
    lazy: Cell<u64>,
    /// The task that the outermost scope was polled in: code of another task, run by an executor
    /// inside a body, must not see this scope.
    task: Cell<u64>,
    units: Cell<u32>,
    /// The unit that the runtime charges for next: never more than are left.
    due: Cell<u32>,
    /// Whether an await was refused for want of a unit since an outermost scope was last polled.
    refused: Cell<bool>,
    /// What an outermost poll may spend: [`UNITS`], but in a simulation.
    allowance: Cell<u32>,
}

impl Slot {
    const fn new() -> Self {
        Self {
            node: Cell::new(None),
            lazy: Cell::new(NOWHERE),
            task: Cell::new(0),
            units: Cell::new(0),
            due: Cell::new(0),
            refused: Cell::new(false),
            allowance: Cell::new(UNITS),
        }
    }

    /// The number of the node in the slot, visible or not; 0 without one.
    fn id(&self) -> u64 {
        self.node.get().map_or(0, Tag::id)
    }

    /// The current node, which code of another task does not see.
    fn visible(&self) -> Option<&'static Tag> {
        self.node.get().filter(|_| self.task.get() == runtime::task_id())
    }

    /// Whether the code that runs here belongs in a node that has not been made, inside of this one.
    #[inline]
    fn lacks_node_in(&self, id: u64) -> bool {
        self.lazy.get() == id
    }

    /// Another node of what is current, which is made if that has not been done.
    fn node_in(&self, tag: &'static Tag) -> Node {
        if self.lacks_node_in(tag.id()) { self.make_in(tag) } else { tag.node() }
    }

    /// The slot keeps the node that it makes until [`run_lazily`] takes it.
    #[cold]
    fn make_in(&self, around: &'static Tag) -> Node {
        let node = tree::change(|tree, effects| {
            let node = tree.fresh(Link::Nested, crate::loom::fault("scope_lazy_forgets_flags"));
            tree.place(&node, around.index, None, effects);
            node
        });
        self.lazy.set(NOWHERE);
        self.node.set(Some(node.clone().into_tag()));
        node
    }

    /// Gives a task what it may spend in this poll.
    #[inline]
    fn open_allowance(&self, ring: Ring) {
        let units = self.allowance.get();
        let free = if ring == Ring::OutermostAgain { RUNTIMES_SHARE } else { 0 };
        self.units.set(units);
        self.due.set(units.saturating_sub(free));
        self.refused.set(false);
    }

    /// Whether a unit is left for one more await.
    pub(super) fn has_unit(&self) -> bool {
        let left = self.units.get() > 0;
        if !left {
            self.refused.set(true);
        }
        left
    }

    /// Takes one unit, unless none is left or the runtime charges for it.
    #[inline]
    fn take_free_unit(&self) -> bool {
        if self.owes_runtime() {
            return false;
        }
        self.units.set(self.units.get() - 1);
        true
    }

    /// Whether the next unit is one that the runtime charges for, too.
    #[inline]
    pub(super) fn owes_runtime(&self) -> bool {
        self.units.get() == self.due.get()
    }

    /// Takes one unit; false when none is left.
    #[inline]
    pub(super) fn take_unit(&self) -> bool {
        let left = self.has_unit();
        if self.owes_runtime() {
            self.due.set(self.due.get().saturating_sub(RUNTIMES_SHARE));
        }
        self.units.set(self.units.get().saturating_sub(1));
        left
    }
}

#[cfg(not(arbour_loom))]
std::thread_local! {
    static SLOT: Slot = const { Slot::new() };
}
#[cfg(arbour_loom)]
loom::thread_local! {
    static SLOT: Slot = Slot::new();
}

/// Runs `look` with the current node and the slot. While a thread ends there is no current node.
pub(super) fn with<R>(look: impl FnOnce(Option<(&'static Tag, &Slot)>) -> R) -> R {
    let mut look = Some(look);
    let looked = SLOT.try_with(|slot| look.take().map(|look| look(slot.visible().map(|tag| (tag, slot)))));
    match (looked, look) {
        (Ok(Some(result)), _) => result,
        (_, Some(look)) => look(None),
        (_, None) => unreachable!("the look was taken only where it ran"),
    }
}

/// Whether an await may begin without more ado: no scope is current, or one that is not cancelled and
/// whose task had a unit left, which is taken. The way of nearly every await of ours: one look at the slot.
///
/// It does not ask whose code this is: that of another task, which an executor runs inside a body, passes
/// here as it would without a scope, and what it takes are units of the task that polls it.
#[inline]
pub(super) fn admits() -> bool {
    let admits = |slot: &Slot| match slot.node.get() {
        None => true,
        Some(tag) => !tag.has(CANCELLED) && slot.take_free_unit(),
    };
    SLOT.try_with(admits).unwrap_or(true)
}

/// Whether the node in the slot has any of these bits, whosever code this is.
#[inline]
pub(super) fn is_called(bits: u32) -> bool {
    SLOT.try_with(|slot| slot.node.get().is_some_and(|tag| tag.word() & bits != 0)).unwrap_or(false)
}

/// Whether what runs here has a unit left, whose code it may be.
#[inline]
pub(super) fn has_unit() -> bool {
    SLOT.try_with(Slot::has_unit).unwrap_or(true)
}

/// Takes the unit of an await whose runtime has been charged.
pub(super) fn take_unit() {
    with(|current| current.is_some_and(|(_, slot)| slot.take_unit()));
}

/// Gives each outermost poll on this thread other units than [`UNITS`], until it is given anew; `None`
/// gives them back.
pub(super) fn set_allowance(units: Option<u32>) {
    let _ = SLOT.try_with(|slot| slot.allowance.set(units.unwrap_or(UNITS)));
}

/// Whether an await of this poll is pending only for want of a unit.
pub(super) fn has_refused() -> bool {
    SLOT.try_with(|slot| slot.refused.get()).unwrap_or(false)
}

/// Whether outermost polls have as much on this thread as they have outside of simulations.
pub(super) fn has_usual_allowance() -> bool {
    SLOT.try_with(|slot| slot.allowance.get() == UNITS).unwrap_or(true)
}

/// The current node, if any; one that was to be made when asked for is made.
pub(super) fn node() -> Option<Node> {
    with(|current| current.map(|(tag, slot)| slot.node_in(tag)))
}

/// Whether no scope is current here.
pub(super) fn is_empty() -> bool {
    with(|current| current.is_none())
}

/// Whether the node of this number (0: none) is the one in the slot, and not only around what runs.
#[inline]
pub(super) fn is_in(id: u64) -> bool {
    SLOT.try_with(|slot| slot.id() == id && !slot.lacks_node_in(id)).unwrap_or(false)
}

/// Where a poll happens, compared with where the last one did.
pub(super) enum Place {
    /// In the same parent; the common case, known by one number.
    Same,
    /// In another parent, or none.
    Moved(Option<Node>),
}

/// Compares this poll's parent with the one remembered (0: none).
///
/// A node with a parent is told from a stranger only when the parent differs: the task's identity
/// is not asked for in each poll.
pub(super) fn place(remembered: u64) -> Place {
    if is_in(remembered) {
        return Place::Same;
    }
    let visible = node();
    if visible.as_ref().map_or(0, |node| node.id()) == remembered {
        Place::Same
    } else {
        Place::Moved(visible)
    }
}

/// Where a body runs, as far as its units go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ring {
    /// In a scope that gave them out.
    Inner,
    /// In a task's outermost scope, which opens an allowance anew. It is over with the body: a task that is
    /// polled inside another, as a local executor does, must not refill what that one has left.
    Outermost,
    /// The same in a poll that is not the scope's first.
    OutermostAgain,
}

impl Ring {
    pub(super) const fn of(outermost: bool) -> Self {
        if outermost { Self::Outermost } else { Self::Inner }
    }
}

/// Runs `body` with `node` current, and puts back what was, also after a panic, which it catches.
#[inline]
pub(super) fn run<R>(node: Option<&Node>, ring: Ring, body: impl FnOnce() -> R) -> Result<R, Payload> {
    let outermost = ring != Ring::Inner;
    let before = SLOT.try_with(|slot| {
        let before = ((slot.units.get(), slot.due.get()), enter(slot, node));
        if outermost {
            slot.task.set(runtime::task_id());
            slot.open_allowance(ring);
        }
        before
    });
    let beat = if outermost { beat::begin(node.map(Node::tag)) } else { None };
    let result = catch_unwind(AssertUnwindSafe(body));
    if let Some((beat, around)) = beat {
        beat.turn_to(around);
    }
    let Ok(((units, due), before)) = before else { return result };
    leave(Some(before));
    if outermost {
        let _ = SLOT.try_with(|slot| {
            slot.units.set(units);
            slot.due.set(due);
        });
    }
    result
}

/// Runs `drop` with `node` current for whoever drops it: that may be another task than the one which
/// polled. Opens no allowance.
pub(super) fn run_drop<R>(node: Option<&Node>, drop: impl FnOnce() -> R) -> Result<R, Payload> {
    let before = SLOT.try_with(|slot| {
        let before = enter(slot, node);
        slot.task.set(runtime::task_id());
        before
    });
    let result = catch_unwind(AssertUnwindSafe(drop));
    leave(before.ok());
    result
}

/// Where a body runs that has no node of its own.
#[derive(Clone, Copy)]
pub(super) struct Around {
    tag: &'static Tag,
    /// Its word when the poll began.
    word: u32,
}

impl Around {
    pub(super) fn id(&self) -> u64 {
        self.tag.id()
    }

    /// Whether the poll began cancelled, and it is that cancellation which is in force.
    pub(super) fn began_cancelled(&self) -> bool {
        self.word & CANCELLED != 0 && self.tag.is_still_cancelled(self.word)
    }
}

/// What is around a body that has no node of its own, if anything is; `remembered` is what was around it at
/// its last poll (0: it has had none).
#[inline]
pub(super) fn around(remembered: u64) -> Option<Around> {
    let look = |slot: &Slot| {
        let tag = match slot.node.get() {
            Some(tag) if tag.id() == remembered => tag,
            _ => slot.visible()?,
        };
        let tag = if slot.lacks_node_in(tag.id()) { slot.make_in(tag).tag() } else { tag };
        Some(Around { tag, word: tag.word() })
    };
    SLOT.try_with(look).ok().flatten()
}

/// Runs `body` inside the current node as if in one of its own, which is made if it is asked for there; catches
/// its panic. Gives back the node that was made.
#[inline]
pub(super) fn run_lazily<R>(around: &Around, body: impl FnOnce() -> R) -> (Result<R, Payload>, Option<Node>) {
    let id = around.id();
    let before = SLOT.try_with(|slot| slot.lazy.replace(id));
    let result = catch_unwind(AssertUnwindSafe(body));
    let Ok(before) = before else { return (result, None) };
    let made = SLOT.try_with(|slot| {
        let is_made = slot.lazy.replace(before) != id;
        if is_made { slot.node.replace(Some(around.tag)) } else { None }
    });
    (result, made.ok().flatten().map(Tag::take_back))
}

/// What the slot had: the node and its task.
type Before = (Option<&'static Tag>, u64);

#[inline]
fn enter(slot: &Slot, node: Option<&Node>) -> Before {
    (slot.node.replace(node.map(Node::tag)), slot.task.get())
}

/// Puts back what was there.
#[inline]
fn leave(before: Option<Before>) {
    let Some((node, task)) = before else { return };
    let _ = SLOT.try_with(|slot| {
        slot.task.set(task);
        slot.node.set(node);
    });
}
