//! What every await of ours passes before it begins (rules C2 and C15).

use super::node::{CANCELLED, Node};
use super::{current, runtime, tree};
use crate::standstill;
use core::task::{Context, Poll, Waker, ready};

/// The gate of one await: not begun, or begun.
///
/// An await takes its unit when it begins, and none later: many that wait side by side are polled again
/// and again, and must not use up what the next one needs to begin. In a cancelled scope an await that
/// has not begun stays pending, without effect; one that has begun passes. Dropping the gate withdraws
/// the waker it may have registered.
#[derive(Debug, Default)]
pub struct Gate {
    stage: Stage,
}

#[derive(Debug, Default)]
enum Stage {
    #[default]
    New,
    /// Its scope was cancelled when it was to begin. Nearly every gate is passed at once, and its future is
    /// the smaller for the box.
    Refused(Box<Watch>),
    /// It begins in a cancelled scope too, and the runtime charges it by itself.
    Joining,
    Begun,
}

/// Takes one of the task's units, in a cancelled scope too; with none left it is pending and wakes
/// itself. This is for what begins also in a cancelled scope, so that a loop round it still yields.
pub(super) fn poll_unit(cx: &mut Context<'_>) -> Poll<()> {
    match current::with(|current| current.map(|(_, slot)| slot.take_unit())) {
        None => Poll::Ready(()),
        Some(true) => runtime::charge(cx),
        Some(false) => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    }
}

/// Whether a scope or shield may open: it takes its unit when it is over, so that any depth opens in one
/// poll and a loop round it still yields.
pub(super) fn poll_open(cx: &Context<'_>) -> Poll<()> {
    if current::with(|current| current.is_none_or(|(_, slot)| slot.has_unit())) {
        return Poll::Ready(());
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// Takes the unit of what [`poll_open`] let in, if one is left: nobody waits for it.
pub(super) fn close() {
    let took = current::with(|current| current.is_some_and(|(_, slot)| slot.take_unit()));
    if took {
        let _ = runtime::charge(&mut Context::from_waker(Waker::noop()));
    }
}

enum Verdict {
    Pass,
    /// It takes a unit of the task when the runtime has been charged.
    Owing,
    /// The scope is cancelled: wait until that is lifted, or be dropped.
    Refused(Node),
    /// The task has had its share of this poll.
    Spent,
}

impl Gate {
    /// A gate that has not been passed.
    #[must_use]
    pub const fn new() -> Self {
        Self { stage: Stage::New }
    }

    /// A gate for joining what the runtime spawned, which begins in a cancelled scope too: it only takes
    /// its unit, and none once the scope is cancelled.
    #[must_use]
    pub const fn joining() -> Self {
        Self { stage: Stage::Joining }
    }

    /// Whether a new gate would be passed at once, without the need for one: the await has begun then.
    #[doc(hidden)]
    #[must_use]
    #[inline]
    pub fn admits() -> bool {
        current::admits()
    }

    /// Ready: the await may go on, and has begun. Pending: it was refused because its scope is
    /// cancelled, or the task has used up its units; the waker is registered.
    #[inline]
    pub fn poll_enter(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.stage {
            Stage::Begun => Poll::Ready(()),
            Stage::New if current::admits() => {
                self.stage = Stage::Begun;
                Poll::Ready(())
            }
            _ => self.poll_stopped(cx),
        }
    }

    /// For a gate that has been refused, or is going to be, or whose task has to pay or to yield first.
    #[inline(never)]
    fn poll_stopped(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match self.verdict() {
                Verdict::Pass => return self.begin(),
                Verdict::Owing => {
                    ready!(runtime::charge(cx));
                    current::take_unit();
                    return self.begin();
                }
                Verdict::Refused(node) => {
                    let refused = self.watch().register(node, cx) & CANCELLED != 0;
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

    fn watch(&mut self) -> &mut Watch {
        if !matches!(self.stage, Stage::Refused(_)) {
            self.stage = Stage::Refused(Box::default());
        }
        match &mut self.stage {
            Stage::Refused(watch) => watch,
            _ => unreachable!("it was made just now"),
        }
    }

    fn begin(&mut self) -> Poll<()> {
        self.stage = Stage::Begun;
        Poll::Ready(())
    }

    fn verdict(&self) -> Verdict {
        current::with(|current| {
            let Some((node, slot)) = current else { return Verdict::Pass };
            let joins = matches!(self.stage, Stage::Joining);
            match node.has(CANCELLED) {
                true if joins => Verdict::Pass,
                true => Verdict::Refused(node.node()),
                false if !slot.has_unit() => Verdict::Spent,
                false if !joins && slot.owes_runtime() => Verdict::Owing,
                false => {
                    slot.take_unit();
                    Verdict::Pass
                }
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
