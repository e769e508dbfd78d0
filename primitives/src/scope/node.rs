//! The shared handle to one record of the scope tree: its place, its number, its word.
//!
//! A [`Node`] is a counted reference to a [`Tag`], which is what may be read of a record without the
//! tree's lock. Tags are made in blocks that are never moved and never freed, only used again, so
//! that a node costs no allocation of its own and following one costs nothing.
//!
//! # Invariants
//!
//! 1. A tag's count is the number of its nodes, and one more while its record has not ended.
//! 2. A tag whose count is 0 is written by nobody but [`Tag::begin`], under the tree's lock.

use super::tree;
use crate::loom::UnwatchedU64;
use crate::loom::atomic::{AtomicU32, Ordering};
use core::fmt;
use core::mem;
use core::ops::Deref;

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
/// The clean-up budget is over: clean-up is dropped, and refused from now on.
pub(super) const OVER: u32 = 1 << 6;
/// Whoever polls this node is to look at something that is not in the tree.
pub(super) const NUDGED: u32 = 1 << 7;
/// One step of the cancellation count, kept in the upper bits: a late wake-up of an earlier
/// cancellation must not set [`DELIVER`] for a later one.
pub(super) const EPOCH: u32 = 1 << 8;

/// What may be read of a record without the lock.
pub(crate) struct Tag {
    pub(super) index: u32,
    /// Mirrors the record's flags. Written under the tree's lock, except [`DELIVER`], which the
    /// waker loop sets just before it wakes.
    word: AtomicU32,
    count: AtomicU32,
    /// Never used again, unlike the index and unlike an address.
    id: UnwatchedU64,
}

impl Tag {
    /// A tag that belongs to no node yet.
    pub(super) fn unused(index: u32) -> Self {
        Self { index, word: AtomicU32::new(0), count: AtomicU32::new(0), id: UnwatchedU64::new(0) }
    }

    /// The first node of a new record, which counts as well.
    pub(super) fn begin(&'static self, id: u64) -> Node {
        // ORDERING: whoever hears of this node hears of it through the tree's lock or from somebody
        // who has it, and that comes after these.
        self.id.store(id, Ordering::Relaxed);
        self.word.store(0, Ordering::Relaxed);
        self.count.store(2, Ordering::Relaxed);
        Node { tag: self }
    }

    /// Another node of a record that has not ended.
    pub(super) fn node(&'static self) -> Node {
        // ORDERING: as for `Arc`: a count can only be raised by one who is counted.
        self.count.fetch_add(1, Ordering::Relaxed);
        Node { tag: self }
    }

    /// The node that was put away [as this tag](Node::into_tag).
    pub(super) fn take_back(&'static self) -> Node {
        Node { tag: self }
    }

    /// The record has ended and is counted no more; whether that leaves no node.
    pub(super) fn release_record(&self) -> bool {
        self.release()
    }

    fn release(&self) -> bool {
        // ORDERING: pairs with itself: the last to let go has seen what all others did.
        self.count.fetch_sub(1, Ordering::AcqRel) == 1
    }

    pub(super) fn id(&self) -> u64 {
        self.id.load(Ordering::Relaxed)
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

/// A node of the scope tree: the record at `index` is its own as long as the node lives.
pub(crate) struct Node {
    tag: &'static Tag,
}

impl Node {
    pub(super) fn tag(&self) -> &'static Tag {
        self.tag
    }

    /// Puts this node away, still counted, where nothing that has to be dropped can lie.
    pub(super) fn into_tag(self) -> &'static Tag {
        let tag = self.tag;
        mem::forget(self);
        tag
    }

    /// Whether this is the only node of a record that has not ended. Under the tree's lock that
    /// stays true, as only a record or a node can give another.
    pub(super) fn is_last(&self) -> bool {
        // ORDERING: pairs with `release`.
        self.count.load(Ordering::Acquire) == 2
    }

    /// Lets go of the last node together with its record, whose place may be used again at once.
    pub(super) fn end_with_record(self) {
        debug_assert!(self.is_last());
        self.count.store(0, Ordering::Release);
        mem::forget(self);
    }
}

impl Deref for Node {
    type Target = Tag;

    fn deref(&self) -> &Tag {
        self.tag
    }
}

impl Clone for Node {
    fn clone(&self) -> Self {
        self.tag.node()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if self.release() {
            tree::lock().forget(self.index);
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("id", &self.id()).field("cancelled", &self.has(CANCELLED)).finish()
    }
}
