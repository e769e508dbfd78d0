//! The scope that is current on this thread, and the units its task has left (C10, C15).

use super::frame::Payload;
use super::node::Node;
use super::runtime;
use core::cell::Cell;
use core::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What each poll of a task's outermost scope may spend on awaits of ours.
pub(super) const UNITS: u32 = 128;

/// The thread's slot. Cells, not a lock: nothing runs while a value is out of its cell.
pub(super) struct Slot {
    /// Never dropped in here: [`run`] takes out what it has put in. A slot without a destructor is
    /// read without asking whether it has run.
    node: Cell<ManuallyDrop<Option<Node>>>,
    /// The number of the node in the slot, visible or not; 0 without one.
    id: Cell<u64>,
    /// The task that the outermost scope was polled in: code of another task, run by an executor
    /// inside a body, must not see this scope.
    task: Cell<u64>,
    units: Cell<u32>,
    /// What an outermost poll may spend: [`UNITS`], but in a simulation.
    allowance: Cell<u32>,
}

impl Slot {
    const fn new() -> Self {
        let node = Cell::new(ManuallyDrop::new(None));
        Self { node, id: Cell::new(0), task: Cell::new(0), units: Cell::new(0), allowance: Cell::new(UNITS) }
    }

    /// Puts a node into the slot and takes out the one before.
    fn replace(&self, node: Option<Node>) -> Option<Node> {
        self.id.set(node.as_ref().map_or(0, |node| node.id()));
        ManuallyDrop::into_inner(self.node.replace(ManuallyDrop::new(node)))
    }

    fn peek<R>(&self, look: impl FnOnce(Option<&Node>) -> R) -> R {
        let node = self.node.take();
        let result = look(node.as_ref());
        self.node.set(node);
        result
    }

    /// Looks at the current node, which code of another task does not see.
    fn peek_visible<R>(&self, look: impl FnOnce(Option<&Node>) -> R) -> R {
        self.peek(|node| look(node.filter(|_| self.task.get() == runtime::task_id())))
    }

    /// Takes one unit; false when none is left.
    pub(super) fn take_unit(&self) -> bool {
        let left = self.units.get();
        self.units.set(left.saturating_sub(1));
        left > 0
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
pub(super) fn with<R>(look: impl FnOnce(Option<(&Node, &Slot)>) -> R) -> R {
    let mut look = Some(look);
    let looked = SLOT.try_with(|slot| {
        slot.peek_visible(|node| look.take().map(|look| look(node.map(|node| (node, slot)))))
    });
    match (looked, look) {
        (Ok(Some(result)), _) => result,
        (_, Some(look)) => look(None),
        (_, None) => unreachable!("the look was taken only where it ran"),
    }
}

/// Gives each outermost poll on this thread other units than [`UNITS`], until it is given anew; `None`
/// gives them back.
pub(super) fn set_allowance(units: Option<u32>) {
    let _ = SLOT.try_with(|slot| slot.allowance.set(units.unwrap_or(UNITS)));
}

/// The current node, if any.
pub(super) fn node() -> Option<Node> {
    with(|current| current.map(|(node, _)| node.clone()))
}

/// Whether no scope is current here.
pub(super) fn is_empty() -> bool {
    with(|current| current.is_none())
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
    let raw = SLOT.try_with(|slot| slot.id.get()).unwrap_or(0);
    if raw == remembered {
        return Place::Same;
    }
    let visible = node();
    if visible.as_ref().map_or(0, |node| node.id()) == remembered {
        Place::Same
    } else {
        Place::Moved(visible)
    }
}

/// Runs `body` with `node` current; moves it into the slot and back, also after a panic, which it
/// catches. `outermost` opens an allowance anew, which is over with `body`: a task that is polled inside
/// another, as a local executor does, must not refill what that one has left.
pub(super) fn run<R>(
    node: &mut Option<Node>,
    outermost: bool,
    body: impl FnOnce() -> R,
) -> Result<R, Payload> {
    let before = SLOT.try_with(|slot| (slot.units.get(), enter(slot, node, outermost)));
    let result = catch_unwind(AssertUnwindSafe(body));
    let Ok((units, before)) = before else { return result };
    leave(node, Some(before));
    if outermost {
        let _ = SLOT.try_with(|slot| slot.units.set(units));
    }
    result
}

/// Runs `body` like [`run`], provided that this is the place where the node was polled last, which is
/// known by its parent's number alone; `None`, without running it, elsewhere.
#[inline]
pub(super) fn run_in_place<R>(
    parent: u64,
    node: &mut Option<Node>,
    body: impl FnOnce() -> R,
) -> Option<Result<R, Payload>> {
    let before = SLOT.try_with(|slot| (slot.id.get() == parent).then(|| enter(slot, node, parent == 0)));
    let before = before.ok().flatten()?;
    let result = catch_unwind(AssertUnwindSafe(body));
    leave(node, Some(before));
    Some(result)
}

/// Runs `drop` with `node` current for whoever drops it: that may be another task than the one which
/// polled. Opens no allowance.
pub(super) fn run_drop<R>(node: &mut Option<Node>, drop: impl FnOnce() -> R) -> Result<R, Payload> {
    let before = SLOT.try_with(|slot| {
        let before = enter(slot, node, false);
        slot.task.set(runtime::task_id());
        before
    });
    let result = catch_unwind(AssertUnwindSafe(drop));
    leave(node, before.ok());
    result
}

/// Returns what the slot had: the node and its task.
fn enter(slot: &Slot, node: &mut Option<Node>, outermost: bool) -> (Option<Node>, u64) {
    let task = slot.task.get();
    if outermost {
        slot.task.set(runtime::task_id());
        slot.units.set(slot.allowance.get());
    }
    (slot.replace(node.take()), task)
}

/// Takes the node out of the slot again and puts back what was there.
fn leave(node: &mut Option<Node>, before: Option<(Option<Node>, u64)>) {
    let Some((previous, task)) = before else { return };
    let _ = SLOT.try_with(|slot| {
        slot.task.set(task);
        *node = slot.replace(previous);
    });
}
