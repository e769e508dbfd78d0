//! Why a receiver of a broadcast stream gets no item.

use thiserror::Error;

/// Why there is no next item for this receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BroadcastRecvError {
    /// This receiver was too slow and missed items here. It is told once, and goes on with the item after
    /// the gap.
    #[error("this receiver was too slow and missed {missed} items; the next receive goes on after them")]
    Lagged {
        /// How many items were sent that it will not get.
        missed: u64,
    },
    /// This receiver was too slow and was cut off: it gets nothing any more.
    #[error("this receiver was cut off because it was too slow; it gets nothing any more, others go on")]
    Disconnected,
    /// Everything that was sent has been received here, and nobody is left who could send.
    #[error("the stream has ended: all items were received and nobody can send any more")]
    EndOfStream,
}

/// Why there is no item for this receiver now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BroadcastTryRecvError {
    /// This receiver has taken everything that was sent.
    #[error("no item is ready")]
    Empty,
    /// As for [`BroadcastRecvError`].
    #[error(transparent)]
    Refused(#[from] BroadcastRecvError),
}
