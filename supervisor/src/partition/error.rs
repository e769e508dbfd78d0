//! Why a partition supervisor was not built, not resized, or could not route.

use crate::machine::{CallError, SpecError};
use crate::supervisor::Refused;

/// A partition supervisor was described in a way that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PartitionError {
    /// There would be nothing to route to, ever.
    #[error(
        "the partition supervisor {supervisor} has 0 partitions, and could never have more: it needs at least 1"
    )]
    NoPartitions {
        /// The supervisor's name.
        supervisor: String,
    },
    /// A partition that has ended would be gone for good, and its key with it.
    #[error("partition {index} is temporary: once it has ended, its keys would lead nowhere for good")]
    Temporary {
        /// The first such partition.
        index: usize,
    },
    /// The child of a partition makes no sense.
    #[error("a partition: {0}")]
    Child(#[from] SpecError),
}

/// There are no partitions now: all were taken away by [`resize`](crate::PartitionSupervisorHandle::resize).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are no partitions to route to: the supervisor was resized to 0")]
#[non_exhaustive]
pub struct NoPartitions {}

/// The number of partitions was not changed, or not all the way.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResizeError {
    /// More were asked for than the supervisor was built with.
    #[error("there cannot be {asked} partitions: the supervisor was built with {most}")]
    TooMany {
        /// How many were asked for.
        asked: usize,
        /// How many it was built with.
        most: usize,
    },
    /// A partition did not stop. Routing does not lead there any more.
    #[error("partition {index} was not stopped: {reason}")]
    Stop {
        /// Which one.
        index: usize,
        /// Why.
        reason: CallError,
    },
    /// A partition did not start. Routing leads to those before it.
    #[error("partition {index} was not started: {refused}")]
    Start {
        /// Which one.
        index: usize,
        /// Why.
        refused: Refused,
    },
}
