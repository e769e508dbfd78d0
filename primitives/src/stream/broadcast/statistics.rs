//! What a broadcast stream tells about itself.

use super::SlowReceiver;

/// A broadcast stream at one instant; the same from either end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BroadcastStatistics {
    /// Items that were sent and that some receiver has not taken.
    pub queued: usize,
    /// How many items a receiver may be behind.
    pub capacity: usize,
    /// What becomes of a receiver that would be more behind.
    pub slow_receiver: SlowReceiver,
    /// Sending ends.
    pub open_senders: usize,
    /// Receivers that have not been cut off.
    pub open_receivers: usize,
    /// Sends that wait for the slowest receiver.
    pub waiting_senders: usize,
    /// Receives that wait. One that was woken does not count, unlike in a memory stream: its item is its own.
    pub waiting_receivers: usize,
    /// Whether the stream was closed for all senders.
    pub is_closed: bool,
}
