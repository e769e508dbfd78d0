//! One cell of the matrix: who sends to how many, through which capacity, on how many workers.

use crate::workers::Workers;

/// Items in one go, all senders together.
pub(super) const ITEMS: u64 = 20_000;

/// Numbers of senders and of receivers.
const SHAPES: [(u64, u64); 3] = [(1, 1), (4, 1), (4, 4)];

/// `None` is unbounded.
const CAPACITIES: [Option<usize>; 4] = [Some(0), Some(1), Some(128), None];

#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) senders: u64,
    pub(super) receivers: u64,
    pub(super) capacity: Option<usize>,
    pub(super) workers: Workers,
}

impl Cell {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        Workers::BOTH.into_iter().flat_map(|workers| {
            SHAPES.into_iter().flat_map(move |(senders, receivers)| {
                CAPACITIES.map(|capacity| Self { senders, receivers, capacity, workers })
            })
        })
    }

    pub(super) fn name(self, bytes: usize) -> String {
        let Self { senders, receivers, .. } = self;
        let capacity =
            self.capacity.map_or("unbounded".to_owned(), |capacity| format!("capacity {capacity}"));
        format!("{senders} to {receivers}/{}/{capacity}/{bytes} B", self.workers.name())
    }

    pub(super) const fn items_of_each_sender(self) -> u64 {
        ITEMS / self.senders
    }

    pub(super) fn is_countable(self) -> bool {
        self.workers == Workers::One
    }

    /// For channels that know no rendezvous.
    pub(super) fn stores(self) -> bool {
        self.capacity != Some(0)
    }

    /// Whether many items fit at a time.
    pub(super) fn holds_a_batch(self) -> bool {
        self.capacity.is_none_or(|capacity| capacity > 1)
    }

    /// For channels whose receiver does not clone.
    pub(super) const fn has_one_receiver(self) -> bool {
        self.receivers == 1
    }

    /// As many clones of two ends as the shape asks for.
    pub(super) fn ends<S: Clone, R: Clone>(self, (sender, receiver): (S, R)) -> (Vec<S>, Vec<R>) {
        (vec![sender; self.senders as usize], vec![receiver; self.receivers as usize])
    }

    /// As many clones of a sender as the shape asks for, and the receiver.
    pub(super) fn ends_of_one<S: Clone, R>(self, (sender, receiver): (S, R)) -> (Vec<S>, Vec<R>) {
        (vec![sender; self.senders as usize], vec![receiver])
    }
}
