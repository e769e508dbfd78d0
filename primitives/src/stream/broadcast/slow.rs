//! What becomes of a receiver that is slower than the senders, and how much it may be behind.

use thiserror::Error;

/// What happens when an item is sent while a receiver has not taken any of the last `capacity` items.
///
/// There is no default: whether a slow receiver may hold up all others, or loses items, is a decision
/// that only the user can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "who adds a policy wants to be told where it matters")]
pub enum SlowReceiver {
    /// Senders wait until the slowest receiver has taken the oldest item. Nothing is ever lost; a
    /// receiver that nobody polls holds up the whole stream.
    Wait,
    /// The oldest item is overwritten. Who had not taken it learns how many it missed, once, and goes on
    /// with the oldest item that is left.
    Lag,
    /// The new item is withheld from those receivers alone, and goes to all others. Once they have taken
    /// what they had, they learn in the place of the items that they missed how many these were.
    Drop,
    /// The receiver is cut off: what it had not taken is dropped, and it gets nothing more.
    Disconnect,
}

/// A broadcast stream without room for a single item was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "a broadcast stream of capacity 0 was asked for: it must hold at least 1 item, for its receivers to take in their own time"
)]
#[non_exhaustive]
pub struct ZeroCapacity;
