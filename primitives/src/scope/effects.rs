//! What a change of the tree leads to outside the tree, done after its lock is released.
//!
//! No waker is woken, and nothing foreign is dropped, under the lock: both may come back for it.

use super::mail::{Deferred, Mail};
use super::node::Node;
use super::tree;
use crate::loom::Arc;
use core::mem;
use core::task::Waker;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Collected under the lock, run after it. Wakes are stored outermost first and run innermost
/// first (C5).
#[derive(Default)]
pub(super) struct Effects {
    wakes: Vec<Wake>,
    /// Kept alive until here: a node's last reference takes the lock when it is dropped.
    pub(super) nodes: Vec<Arc<Node>>,
    pub(super) wakers: Vec<Waker>,
    pub(super) mail: Vec<Mail>,
    pub(super) finalizers: Vec<Deferred>,
}

enum Wake {
    Now(Waker),
    /// Set [`super::node::DELIVER`], as all that is inside has been woken by now, then wake whoever
    /// polls the node *then*: the waker may have changed since the lock was released.
    Deliver(Arc<Node>, u32),
}

impl Effects {
    pub(super) fn wake(&mut self, waker: Option<&Waker>) {
        self.wakes.extend(waker.cloned().map(Wake::Now));
    }

    pub(super) fn deliver(&mut self, node: Arc<Node>, epoch: u32) {
        self.wakes.push(Wake::Deliver(node, epoch));
    }

    /// Runs everything; the lock must be free.
    pub(super) fn run(mut self) {
        for wake in mem::take(&mut self.wakes).into_iter().rev() {
            match wake {
                Wake::Now(waker) => contained(waker),
                Wake::Deliver(node, epoch) => {
                    let stale =
                        crate::loom::fault("scope_fetches_waker_early").then(|| tree::lock().waker(&node));
                    node.deliver(epoch);
                    let waker = stale.unwrap_or_else(|| tree::lock().waker(&node));
                    waker.into_iter().for_each(contained);
                }
            }
        }
        if !self.finalizers.is_empty() {
            tracing::warn!(
                count = self.finalizers.len(),
                "finalizers were dropped unrun: their scope was aborted"
            );
        }
    }
}

/// A waker that panics must not keep the wake-up from the others.
fn contained(waker: Waker) {
    if catch_unwind(AssertUnwindSafe(|| waker.wake())).is_err() {
        tracing::error!("a waker panicked; the other tasks of its scope are woken all the same");
    }
}
