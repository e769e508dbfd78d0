//! Object streams: ordered, reliable, typed; those that live in memory, from one to one and one to many.

mod broadcast;
mod memory;
mod object;
mod watch;

pub use broadcast::{
    BroadcastReceiver, BroadcastRecvError, BroadcastSender, BroadcastStatistics, BroadcastTryRecvError,
    SlowReceiver, ZeroCapacity, broadcast,
};
pub use memory::{
    Capacity, Permit, ReceiveStream, RecvError, SendError, SendStream, Statistics, TryRecvError,
    TrySendError, memory_stream,
};
pub use object::{ObjectReceive, ObjectSend, Reliable};
pub use watch::{WatchClosed, WatchReceiver, WatchSender, WatchStatistics, watch};

/// The futures that the ends of streams in memory give.
pub mod futures {
    pub use super::broadcast::{BroadcastRecv, BroadcastSend};
    pub use super::memory::{Batches, Closed, Recv, RecvMany, Reserve, Send, SendMany};
    pub use super::watch::{Changed, WaitFor};
}
