//! Object streams: ordered, reliable, typed; those that live in memory, from one to one and one to many.

mod boxed;
mod broadcast;
mod memory;
mod merge;
#[cfg(test)]
mod models;
mod object;
mod objects;
#[cfg(test)]
mod tests;
mod watch;
mod zip;

pub use boxed::{BoxObjectReceive, BoxObjectSend};
pub use broadcast::{
    BroadcastReceiver, BroadcastRecvError, BroadcastSender, BroadcastStatistics, BroadcastTryRecvError,
    SlowReceiver, ZeroCapacity, broadcast,
};
pub use memory::{
    Capacity, Permit, ReadAhead, ReceiveStream, RecvError, SendError, SendStream, Statistics, TryRecvError,
    TrySendError, WeakReceiveStream, WeakSendStream, memory_stream,
};
#[doc(hidden)]
pub use memory::{Reader, memory_stream_for_one};
pub use merge::{Merge, MergeTwo, merge, merge_two};
pub use object::{ObjectReceive, ObjectSend, ObjectStream, Reliable, TrySend};
pub use objects::objects;
pub use watch::{WatchClosed, WatchReceiver, WatchSender, WatchStatistics, watch};
pub use zip::{Half, Zip, zip};

/// The futures that the ends of streams in memory give.
pub mod futures {
    pub use super::broadcast::{BroadcastRecv, BroadcastSend};
    pub use super::memory::{
        Batches, Closed, Recv, RecvAhead, RecvMany, Reserve, Send, SendBatches, SendMany,
    };
    pub use super::watch::{Changed, WaitFor};
}
