//! Watching an actor: what is told when an incarnation, or the actor for good, has ended.

use crate::{Exit, Failure};
use arbour_primitives::scope::Gate;
use arbour_primitives::standstill;
use arbour_primitives::sync::PromiseCell;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// The end of an actor, as those who watch it hear of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Down {
    /// The actor's name.
    pub actor: Arc<str>,
    /// Which of its runs ended: 1 for the first; 0 if it never ran.
    pub incarnation: u64,
    /// How it ended; `None` if it never ran.
    pub exit: Option<Exit<Failure>>,
}

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { actor, incarnation, exit } = self;
        match exit {
            None => write!(f, "the actor {actor} never ran"),
            Some(exit) => {
                write!(f, "the actor {actor} {} (incarnation {incarnation})", exit.kind())?;
                exit.failure().map_or(Ok(()), |failure| write!(f, ": {failure}"))
            }
        }
    }
}

/// What of an actor is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Watch {
    Incarnation,
    Slot,
}

/// One who watches.
pub(super) struct Watcher {
    watch: Watch,
    cell: Arc<PromiseCell<Down>>,
}

impl Watcher {
    pub(super) fn take(watchers: &mut Vec<Self>, watch: Watch) -> Vec<Self> {
        watchers.extract_if(.., |watcher| watcher.watch == watch).collect()
    }

    pub(super) fn take_abandoned(watchers: &mut Vec<Self>) -> Vec<Self> {
        watchers.extract_if(.., |watcher| watcher.cell.is_abandoned()).collect()
    }

    pub(super) fn tell(watchers: Vec<Self>, down: &Down) {
        for watcher in watchers {
            // One who does not watch any more misses nothing.
            let _ = watcher.cell.keep(down.clone());
        }
    }
}

/// Whose slot is watched, without the type of its messages.
pub(super) trait Watched: Send + Sync {
    fn forget_watcher(&self);
}

impl<M: Send + 'static> Watched for super::slot::Slot<M> {
    fn forget_watcher(&self) {
        Self::forget_watcher(self);
    }
}

/// Watches an actor, without keeping it alive: a future of its end. Given by
/// [`Address::monitor`](super::Address::monitor) and [`Address::ended`](super::Address::ended).
///
/// # Cancel safety
///
/// Safe: dropped, it watches no more.
#[must_use = "futures do nothing unless polled"]
pub struct Monitor {
    cell: Arc<PromiseCell<Down>>,
    of: Arc<dyn Watched>,
    gate: Gate,
    over: bool,
}

impl Monitor {
    pub(super) fn new<M: Send + 'static>(slot: &Arc<super::slot::Slot<M>>, watch: Watch) -> Self {
        let cell = Arc::new(PromiseCell::new(1));
        slot.watch(Watcher { watch, cell: Arc::clone(&cell) });
        let of = Arc::clone(slot) as Arc<dyn Watched>;
        Self { cell, of, gate: Gate::new(), over: false }
    }

    /// The end, if it has been told.
    pub(super) fn told(&mut self) -> Option<Down> {
        let told = self.cell.try_take()?.ok();
        self.over |= told.is_some();
        told
    }
}

impl Future for Monitor {
    type Output = Down;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Down> {
        ready!(self.gate.poll_enter(cx));
        let told = ready!(standstill::tell(self.cell.poll(cx), || "the end of an actor".to_owned()));
        self.over = true;
        // The slot keeps its word to every watcher, so there is no other reason.
        told.map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        if !self.over {
            self.cell.give_up();
            self.of.forget_watcher();
        }
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor").finish_non_exhaustive()
    }
}
