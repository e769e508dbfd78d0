//! What a memory stream tells about itself.

use super::Capacity;

/// A memory stream at one instant; the same from either end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Items whose send has completed and that no receiver has taken.
    pub queued: usize,
    /// How many items the stream holds for receivers that have not come yet.
    pub capacity: Capacity,
    /// Sending ends that are neither dropped nor closed.
    pub open_senders: usize,
    /// Receiving ends that are neither dropped nor closed.
    pub open_receivers: usize,
    /// Sends and reservations that wait for room or, on a rendezvous, for a receiver.
    pub waiting_senders: usize,
    /// Receives that wait. One that was woken for an item counts until it has run.
    pub waiting_receivers: usize,
}
