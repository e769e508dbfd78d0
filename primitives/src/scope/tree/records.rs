//! The records and their tags: arrays that grow by blocks, so that nothing is moved or doubled.
//!
//! The tag of a record is the one at the same index. Tags are used again and never freed, as many as
//! there were records at one time; the room of records is given back when little of it was needed.

use super::{Link, Phase, Record};
use crate::scope::node::Tag;
use core::ops::{Index, IndexMut};

/// So many are made at once.
const BLOCK: usize = if cfg!(arbour_loom) { 4 } else { 256 };

pub(super) struct Records {
    records: Vec<Box<[Record; BLOCK]>>,
    tags: Vec<&'static [Tag; BLOCK]>,
    /// The first so many have been used since the array was last empty.
    used: u32,
}

impl Records {
    pub(super) const fn new() -> Self {
        Self { records: Vec::new(), tags: Vec::new(), used: 0 }
    }

    /// One more record at the end; what is in it is of no meaning.
    pub(super) fn extend(&mut self) -> u32 {
        let index = self.used;
        let end = index as usize;
        if end == self.records.len() * BLOCK {
            self.records.push(block(|_| Record::new(Phase::Ended, Link::Nested)));
        }
        if end == self.tags.len() * BLOCK {
            self.tags.push(Box::leak(block(|at| Tag::unused(index + at))));
        }
        self.used = index.checked_add(1).expect("fewer than four billion scopes live at once");
        index
    }

    #[inline]
    pub(super) fn tag(&self, index: u32) -> &'static Tag {
        &self.tags[index as usize / BLOCK][index as usize % BLOCK]
    }

    /// Begins anew at the front; of the room, twice what was used is kept.
    pub(super) fn clear(&mut self) {
        self.records.truncate(2 * (self.used as usize).div_ceil(BLOCK));
        self.used = 0;
    }

    /// Records at and above this index have not been used.
    pub(super) const fn len(&self) -> u32 {
        self.used
    }

    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().flat_map(|block| block.iter()).take(self.used as usize)
    }
}

/// Made where it is to lie: a scope may open with little of the stack left.
fn block<T>(make: impl FnMut(u32) -> T) -> Box<[T; BLOCK]> {
    let made: Box<[T]> = (0..BLOCK as u32).map(make).collect();
    made.try_into().unwrap_or_else(|_| unreachable!("a block has its length"))
}

impl Index<u32> for Records {
    type Output = Record;

    #[inline]
    fn index(&self, index: u32) -> &Record {
        &self.records[index as usize / BLOCK][index as usize % BLOCK]
    }
}

impl IndexMut<u32> for Records {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut Record {
        &mut self.records[index as usize / BLOCK][index as usize % BLOCK]
    }
}
