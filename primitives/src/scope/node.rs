//! The shared handle to one record of the scope tree: its place, its number, its word.

use super::tree;
use crate::loom::atomic::{AtomicU32, Ordering};
use core::fmt;

/// The scope is effectively cancelled: by itself, or by an ancestor with no shield between.
pub(super) const CANCELLED: u32 = 1;
/// Every node inside has been woken since the cancellation: a poll that sees this may drop the body.
pub(super) const DELIVER: u32 = 1 << 1;
/// Clean-ups or adopted remains wait to be taken by whoever polls this node.
pub(super) const MAIL: u32 = 1 << 2;
/// The node is being aborted: shields, clean-ups and finalizers are dropped.
pub(super) const ABORT: u32 = 1 << 3;
/// The node, or an ancestor, was asked to drain.
pub(super) const DRAIN: u32 = 1 << 4;
/// The deadline was set anew: the poll must arm its timer again.
pub(super) const REARM: u32 = 1 << 5;
/// The record has been given back; nothing may look it up any more.
pub(super) const FREED: u32 = 1 << 6;
/// The clean-up budget is over: clean-up is dropped, and refused from now on.
pub(super) const OVER: u32 = 1 << 7;
/// One step of the cancellation count, kept in the upper bits: a late wake-up of an earlier
/// cancellation must not set [`DELIVER`] for a later one.
pub(super) const EPOCH: u32 = 1 << 8;

/// A node of the scope tree. The record at `index` is this node's as long as the node lives.
pub(crate) struct Node {
    pub(super) index: u32,
    /// Never used again, unlike the index and unlike an address.
    pub(super) id: u64,
    /// Mirrors the record's flags. Written under the tree's lock, except [`DELIVER`], which the
    /// waker loop sets just before it wakes.
    word: AtomicU32,
}

impl Node {
    pub(super) fn new(index: u32, id: u64) -> Self {
        Self { index, id, word: AtomicU32::new(0) }
    }

    pub(super) fn word(&self) -> u32 {
        // ORDERING: pairs with the release of `set`, `clear` and `deliver`. Whatever is decided
        // for good is decided again under the lock.
        self.word.load(Ordering::Acquire)
    }

    pub(super) fn has(&self, bits: u32) -> bool {
        self.word() & bits == bits
    }

    pub(super) fn set(&self, bits: u32) {
        self.word.fetch_or(bits, Ordering::AcqRel);
    }

    pub(super) fn clear(&self, bits: u32) {
        self.word.fetch_and(!bits, Ordering::AcqRel);
    }

    /// Marks the node cancelled and returns the count of this cancellation.
    pub(super) fn begin_cancel(&self, deliver: bool) -> u32 {
        let old = self.word.load(Ordering::Acquire);
        let epoch = (old & !(EPOCH - 1)).wrapping_add(EPOCH);
        // Only `deliver` writes without the lock, and it loses here on purpose.
        let mark = CANCELLED | if deliver { DELIVER } else { 0 };
        let mut seen = old;
        while let Err(now) = self.word.compare_exchange(
            seen,
            epoch | (seen & (EPOCH - 1) & !DELIVER) | mark,
            Ordering::AcqRel,
            Ordering::Acquire,
        ) {
            seen = now;
        }
        epoch
    }

    /// Says that every node inside has been woken, unless that was an earlier cancellation.
    pub(super) fn deliver(&self, epoch: u32) {
        let mut seen = self.word();
        while seen & CANCELLED != 0 && seen & !(EPOCH - 1) == epoch {
            match self.word.compare_exchange(seen, seen | DELIVER, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// Whether the cancellation in this earlier word is in force, and not a later one.
    pub(super) fn is_still_cancelled(&self, earlier: u32) -> bool {
        let same = self.epoch() == earlier & !(EPOCH - 1) || crate::loom::fault("scope_mixes_up_epochs");
        same && self.has(CANCELLED)
    }

    pub(super) fn epoch(&self) -> u32 {
        self.word() & !(EPOCH - 1)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if !self.has(FREED) {
            tree::lock().forget(self.index);
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("id", &self.id).field("cancelled", &self.has(CANCELLED)).finish()
    }
}
