//! What a change of the tree leads to outside the tree, done after its lock is released.
//!
//! No waker is woken, and nothing foreign is dropped, under the lock: both may come back for it.

use super::few::Few;
use super::mail::{Deferred, Mail};
use super::node::Node;
use super::subject::Subject;
use super::{after, report, tree};
use core::task::Waker;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Collected under the lock, run after it.
#[derive(Default)]
pub(super) struct Effects {
    /// Stored outermost first and run innermost first (C5).
    deeds: Few<Deed>,
    pub(super) mail: Vec<Mail>,
    pub(super) unrun: Vec<Unrun>,
    /// A scope that has ended without so many of its clean-ups. Rare, so it lies elsewhere.
    pub(super) losses: Option<Box<(Subject, u32)>>,
}

/// Finalizers that nobody will run, and whose they were.
pub(super) struct Unrun {
    pub(super) scope: Subject,
    /// Otherwise nobody is left to poll it.
    pub(super) was_aborted: bool,
    pub(super) finalizers: Vec<Deferred>,
}

enum Deed {
    Wake(Waker),
    /// Set [`super::node::DELIVER`], as all that is inside has been woken by now, then wake whoever
    /// polls the node *then*: the waker may have changed since the lock was released.
    Deliver(Node, u32),
    /// A waker that is not needed any more.
    Discard(Waker),
    /// A node's last reference takes the lock when it is dropped.
    Release(Node),
}

impl Effects {
    pub(super) fn wake(&mut self, waker: Option<&Waker>) {
        self.deeds.extend(waker.cloned().map(Deed::Wake));
    }

    pub(super) fn deliver(&mut self, node: Node, epoch: u32) {
        self.deeds.push(Deed::Deliver(node, epoch));
    }

    pub(super) fn discard(&mut self, wakers: impl IntoIterator<Item = Waker>) {
        self.deeds.extend(wakers.into_iter().map(Deed::Discard));
    }

    pub(super) fn release(&mut self, node: Node) {
        self.deeds.push(Deed::Release(node));
    }

    /// Runs everything; the lock must be free.
    #[inline]
    pub(super) fn run(self) {
        if !self.deeds.is_empty() {
            self.deeds.into_last_first().for_each(Deed::run);
        }
        self.unrun.into_iter().for_each(Unrun::drop_each);
        if let Some((scope, count)) = self.losses.as_deref() {
            report::losses(scope, *count);
        }
    }
}

impl Unrun {
    fn drop_each(self) {
        let told =
            if self.was_aborted { report::finalizer_aborted } else { report::finalizer_without_runtime };
        for Deferred { future, place } in self.finalizers {
            told(&self.scope, place);
            after::discard(&self.scope, place, future);
        }
    }
}

impl Deed {
    fn run(self) {
        match self {
            Self::Wake(waker) => contained(|| waker.wake()),
            Self::Deliver(node, epoch) => {
                let stale =
                    crate::loom::fault("scope_fetches_waker_early").then(|| tree::lock().waker(&node));
                node.deliver(epoch);
                let waker = stale.unwrap_or_else(|| tree::lock().waker(&node));
                contained(|| waker.into_iter().for_each(Waker::wake));
            }
            Self::Discard(waker) => contained(|| drop(waker)),
            Self::Release(node) => drop(node),
        }
    }
}

/// A waker that panics must not keep the wake-up from the others.
fn contained(foreign: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(foreign)) {
        tracing::error!("a waker panicked; the other tasks of its scope are woken all the same");
        super::put_away(payload);
    }
}
