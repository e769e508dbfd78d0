//! What was sent and is not taken by everybody: one ring for all, or a queue for each receiver.
//!
//! Three of the policies treat all receivers alike, so that each item is kept once, in a ring, for as many
//! receivers as have not taken it. Where items are withheld from single receivers, what the others have to
//! take is no longer one row of items, and each receiver has a queue of references.

mod queues;
mod ring;

use super::SlowReceiver;
use crate::loom::Arc;
use queues::Queues;
use ring::Ring;

pub(super) enum Store<T> {
    Ring(Ring<T>),
    Queues(Queues<T>),
}

/// Where a receiver stands; only the store that gave it knows what it means.
pub(super) type Cursor = u64;

/// What is next for a receiver.
#[derive(Debug)]
pub(super) enum Next<T> {
    Item(Arc<T>),
    /// So many items that it will not get.
    Missed(u64),
    /// It was cut off.
    Cut,
    /// It has taken everything.
    Nothing,
}

/// What nobody will take any more: foreign, so to be dropped outside the lock. Nearly always it is nothing
/// or one item.
pub(super) struct Shed<T> {
    one: Option<Arc<T>>,
    more: Vec<Arc<T>>,
}

impl<T> Shed<T> {
    fn add(&mut self, item: Arc<T>) {
        if self.one.is_none() {
            self.one = Some(item);
        } else {
            self.more.push(item);
        }
    }
}

impl<T> Default for Shed<T> {
    fn default() -> Self {
        Self { one: None, more: Vec::new() }
    }
}

impl<T> Store<T> {
    pub(super) fn new(capacity: usize, slow: SlowReceiver) -> Self {
        match slow {
            SlowReceiver::Drop => Self::Queues(Queues::new(capacity)),
            SlowReceiver::Wait | SlowReceiver::Lag | SlowReceiver::Disconnect => {
                Self::Ring(Ring::new(capacity, slow))
            }
        }
    }

    /// How many items the slowest receiver has still to take.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Ring(ring) => ring.len(),
            Self::Queues(queues) => queues.len(),
        }
    }

    /// How many receivers get what is sent now.
    pub(super) fn receivers(&self) -> usize {
        match self {
            Self::Ring(ring) => ring.receivers(),
            Self::Queues(queues) => queues.receivers(),
        }
    }

    /// Counts in a receiver that gets what is sent from now on.
    pub(super) fn subscribe(&mut self) -> Cursor {
        match self {
            Self::Ring(ring) => ring.subscribe(),
            Self::Queues(queues) => queues.subscribe(),
        }
    }

    /// Counts in a receiver that gets what this one gets.
    pub(super) fn join(&mut self, cursor: Cursor) -> Cursor {
        match self {
            Self::Ring(ring) => ring.join(cursor),
            Self::Queues(queues) => queues.join(cursor),
        }
    }

    /// Counts a receiver out, and carries out what it alone had still to take.
    pub(super) fn leave(&mut self, cursor: Cursor, shed: &mut Shed<T>) {
        match self {
            Self::Ring(ring) => ring.leave(cursor, shed),
            Self::Queues(queues) => queues.leave(cursor, shed),
        }
    }

    /// Sees to it that the next item has room, where the policy does not make senders wait for it; says
    /// whether it has. The last receivers may be cut off by it.
    pub(super) fn make_room(&mut self, shed: &mut Shed<T>) -> bool {
        match self {
            Self::Ring(ring) => ring.make_room(shed),
            Self::Queues(_) => true,
        }
    }

    /// Adds an item that has room.
    pub(super) fn push(&mut self, item: T, shed: &mut Shed<T>) {
        match self {
            Self::Ring(ring) => ring.push(item),
            Self::Queues(queues) => queues.push(item, shed),
        }
    }

    /// What is next for a receiver, which goes on behind it.
    pub(super) fn take(&mut self, cursor: &mut Cursor) -> Next<T> {
        match self {
            Self::Ring(ring) => ring.take(cursor),
            Self::Queues(queues) => queues.take(*cursor),
        }
    }

    /// Asserts the invariants for receivers with these cursors.
    #[cfg(test)]
    pub(super) fn assert_invariants(&self, cursors: &[Cursor]) {
        match self {
            Self::Ring(ring) => ring.assert_invariants(cursors),
            Self::Queues(queues) => queues.assert_invariants(cursors),
        }
    }
}
