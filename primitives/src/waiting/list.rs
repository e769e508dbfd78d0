//! A slab of waiters threaded into lanes, where joining, moving and leaving take constant time.
//!
//! A waiter stands in one lane or, once its fate is decided, in none; it keeps its place in the slab
//! until its owner makes it leave. Places are reused, so that nothing is allocated per wait; a crowd's are
//! given back when all of it has left. A [`Key`] belongs to the one future that joined, which is why it
//! needs no generation.

#[cfg(all(test, not(arbour_loom)))]
mod tests;

use core::ops::{Index, IndexMut};

/// No node. Links are half a word: who waits has a future, and four billion of them fit in no memory.
const NIL: u32 = u32::MAX;

/// The lane of a waiter that stands in none.
const NOWHERE: u8 = u8::MAX;

/// So many places an empty list may keep, for those who come next.
const KEPT: usize = 64;

/// The place of a waiter, valid until it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(u32);

impl Key {
    const fn of(index: u32) -> Option<Self> {
        if index == NIL { None } else { Some(Self(index)) }
    }

    const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Waiters in `LANES` lanes; the lanes are named by whoever owns the list.
pub(crate) struct WaitList<W, const LANES: usize> {
    nodes: Vec<Node<W>>,
    /// How many places are not free.
    taken: u32,
    /// The first place that is free; those that follow are chained by `next`.
    free: u32,
    lanes: [Lane; LANES],
}

struct Node<W> {
    /// `None` while the place is free.
    waiter: Option<W>,
    /// Its number, or [`NOWHERE`].
    lane: u8,
    previous: u32,
    next: u32,
}

#[derive(Clone, Copy)]
struct Lane {
    first: u32,
    last: u32,
    len: u32,
}

impl<W, const LANES: usize> WaitList<W, LANES> {
    pub(crate) const fn new() -> Self {
        Self {
            nodes: Vec::new(),
            taken: 0,
            free: NIL,
            lanes: [Lane { first: NIL, last: NIL, len: 0 }; LANES],
        }
    }

    pub(crate) const fn len(&self, lane: usize) -> usize {
        self.lanes[lane].len as usize
    }

    pub(crate) const fn is_empty(&self, lane: usize) -> bool {
        self.len(lane) == 0
    }

    pub(crate) const fn first(&self, lane: usize) -> Option<Key> {
        Key::of(self.lanes[lane].first)
    }

    pub(crate) const fn last(&self, lane: usize) -> Option<Key> {
        Key::of(self.lanes[lane].last)
    }

    /// Who stands behind this waiter in its lane.
    pub(crate) fn next(&self, key: Key) -> Option<Key> {
        Key::of(self.nodes[key.index()].next)
    }

    /// The lane this waiter stands in.
    pub(crate) fn lane(&self, key: Key) -> Option<usize> {
        let lane = self.nodes[key.index()].lane;
        (lane != NOWHERE).then_some(lane as usize)
    }

    /// Takes a place, last in this lane.
    pub(crate) fn join(&mut self, lane: usize, waiter: W) -> Key {
        let index = self.allot(waiter);
        self.link_last(index, lane);
        Key(index)
    }

    /// Moves a waiter to the end of this lane.
    pub(crate) fn move_to_back(&mut self, key: Key, lane: usize) {
        self.unlink(key.0);
        self.link_last(key.0, lane);
    }

    /// Moves a waiter to the front of this lane.
    pub(crate) fn move_to_front(&mut self, key: Key, lane: usize) {
        self.unlink(key.0);
        self.link_first(key.0, lane);
    }

    /// Takes a waiter out of its lane; it keeps its place until it leaves.
    pub(crate) fn take_out(&mut self, key: Key) {
        self.unlink(key.0);
    }

    /// Gives up a waiter's place and hands the waiter back.
    pub(crate) fn leave(&mut self, key: Key) -> W {
        self.unlink(key.0);
        let waiter = self.nodes[key.index()].waiter.take();
        self.free(key.0);
        waiter.expect(OCCUPIED)
    }

    /// Gives up a waiter's place and drops the waiter there, which must hold nothing foreign any more.
    pub(crate) fn vacate(&mut self, key: Key) {
        self.unlink(key.0);
        self.nodes[key.index()].waiter = None;
        self.free(key.0);
    }

    fn free(&mut self, index: u32) {
        self.taken -= 1;
        if self.taken == 0 && self.nodes.len() > KEPT {
            self.nodes = Vec::new();
            self.free = NIL;
        } else {
            self.nodes[index as usize].next = self.free;
            self.free = index;
        }
    }

    fn allot(&mut self, waiter: W) -> u32 {
        self.taken += 1;
        let index = self.free;
        if index == NIL {
            return self.extend(waiter);
        }
        let node = &mut self.nodes[index as usize];
        self.free = node.next;
        node.waiter = Some(waiter);
        index
    }

    /// Most lists never have more than one waiter: the first place comes alone.
    #[cold]
    fn extend(&mut self, waiter: W) -> u32 {
        if self.nodes.capacity() == 0 {
            self.nodes.reserve_exact(1);
        }
        let index = u32::try_from(self.nodes.len()).ok().filter(|index| *index != NIL);
        self.nodes.push(Node { waiter: Some(waiter), lane: NOWHERE, previous: NIL, next: NIL });
        index.expect("fewer than four billion wait in one line")
    }

    fn link_last(&mut self, index: u32, lane: usize) {
        let last = self.lanes[lane].last;
        self.place(index, lane, last, NIL);
    }

    fn link_first(&mut self, index: u32, lane: usize) {
        let first = self.lanes[lane].first;
        self.place(index, lane, NIL, first);
    }

    fn place(&mut self, index: u32, lane: usize, previous: u32, next: u32) {
        let node = &mut self.nodes[index as usize];
        (node.lane, node.previous, node.next) = (lane as u8, previous, next);
        *self.link_after(previous, lane) = index;
        *self.link_before(next, lane) = index;
        self.lanes[lane].len += 1;
    }

    fn unlink(&mut self, index: u32) {
        let node = &mut self.nodes[index as usize];
        let lane = core::mem::replace(&mut node.lane, NOWHERE) as usize;
        if lane >= LANES {
            return;
        }
        let (previous, next) = (node.previous, node.next);
        *self.link_after(previous, lane) = next;
        *self.link_before(next, lane) = previous;
        self.lanes[lane].len -= 1;
    }

    /// The link that names who comes after this node, or the first of the lane.
    fn link_after(&mut self, index: u32, lane: usize) -> &mut u32 {
        if index == NIL { &mut self.lanes[lane].first } else { &mut self.nodes[index as usize].next }
    }

    /// The link that names who comes before this node, or the last of the lane.
    fn link_before(&mut self, index: u32, lane: usize) -> &mut u32 {
        if index == NIL { &mut self.lanes[lane].last } else { &mut self.nodes[index as usize].previous }
    }
}

const OCCUPIED: &str = "a key is used only by the waiter that holds its place";

impl<W, const LANES: usize> Index<Key> for WaitList<W, LANES> {
    type Output = W;

    fn index(&self, key: Key) -> &W {
        self.nodes[key.index()].waiter.as_ref().expect(OCCUPIED)
    }
}

impl<W, const LANES: usize> IndexMut<Key> for WaitList<W, LANES> {
    fn index_mut(&mut self, key: Key) -> &mut W {
        self.nodes[key.index()].waiter.as_mut().expect(OCCUPIED)
    }
}
