//! What every await of ours passes before it begins (rules C2 and C15).

use super::current;
use super::node::{CANCELLED, Node};
use super::tree;
use crate::standstill;
use core::task::{Context, Poll, Waker};

/// The gate of one await: not begun, or begun.
///
/// In a cancelled scope an await that has not begun stays pending, without effect; one that has
/// begun passes. Dropping the gate withdraws the waker it may have registered.
#[derive(Debug, Default)]
pub struct Gate {
    begun: bool,
    watch: Watch,
}

/// Takes one of the task's units, in a cancelled scope too; with none left it is pending and wakes
/// itself. This is for what begins also in a cancelled scope, so that a loop round it still yields.
pub(super) fn poll_unit(cx: &Context<'_>) -> Poll<()> {
    if current::with(|current| current.is_none_or(|(_, slot)| slot.take_unit())) {
        return Poll::Ready(());
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

enum Verdict {
    Pass,
    /// The scope is cancelled: wait until that is lifted, or be dropped.
    Refused(Node),
    /// The task has had its share of this poll.
    Spent,
}

impl Gate {
    /// A gate that has not been passed.
    #[must_use]
    pub const fn new() -> Self {
        Self { begun: false, watch: Watch::new() }
    }

    /// A gate for an await that begins in a cancelled scope too, like joining: it only takes its
    /// unit, and none once the scope is cancelled.
    #[must_use]
    pub const fn joining() -> Self {
        Self { begun: true, watch: Watch::new() }
    }

    /// Ready: the await may go on, and has begun. Pending: it was refused because its scope is
    /// cancelled, or the task has used up its units; the waker is registered.
    pub fn poll_enter(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match self.verdict() {
                Verdict::Pass => {
                    self.begun = true;
                    self.watch.withdraw();
                    return Poll::Ready(());
                }
                Verdict::Refused(node) => {
                    let refused = self.watch.register(node, cx) & CANCELLED != 0;
                    if refused || crate::loom::fault("scope_refuses_without_a_look") {
                        let why = || "the end of a cancelled scope, which is held".to_owned();
                        return standstill::tell(Poll::Pending, why);
                    }
                    // Lifted just now: look again.
                }
                Verdict::Spent => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
        }
    }

    /// Whether the await has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    fn verdict(&self) -> Verdict {
        current::with(|current| {
            let Some((node, slot)) = current else { return Verdict::Pass };
            match (node.has(CANCELLED), self.begun) {
                (true, false) => Verdict::Refused(node.node()),
                (true, true) => Verdict::Pass,
                (false, _) if slot.take_unit() => Verdict::Pass,
                (false, _) => Verdict::Spent,
            }
        })
    }
}

/// A waker registered with a node, which hears of each change of the node's flags.
#[derive(Debug, Default)]
pub(super) struct Watch {
    place: Option<Registered>,
}

#[derive(Debug)]
struct Registered {
    node: Node,
    key: u64,
    waker: Waker,
}

impl Watch {
    pub(super) const fn new() -> Self {
        Self { place: None }
    }

    /// Registers with `node` and returns its flags as they are then: a later change wakes. Costs no
    /// lock where the same waker is registered already.
    pub(super) fn register(&mut self, node: Node, cx: &Context<'_>) -> u32 {
        match &self.place {
            Some(old) if old.node.id() == node.id() && old.waker.will_wake(cx.waker()) => return node.word(),
            Some(old) if old.node.id() != node.id() => self.withdraw(),
            _ => {}
        }
        let mut key = self.place.as_ref().map_or(0, |old| old.key);
        let word = tree::change(|tree, effects| {
            tree.watch(&node, &mut key, cx.waker(), effects);
            node.word()
        });
        self.place = Some(Registered { node, key, waker: cx.waker().clone() });
        word
    }

    #[inline]
    pub(super) fn withdraw(&mut self) {
        if self.place.is_some() {
            self.unregister();
        }
    }

    #[cold]
    fn unregister(&mut self) {
        if let Some(Registered { node, key, .. }) = self.place.take() {
            tree::change(|tree, effects| tree.unwatch(&node, key, effects));
        }
    }
}

impl Drop for Watch {
    #[inline]
    fn drop(&mut self) {
        self.withdraw();
    }
}
