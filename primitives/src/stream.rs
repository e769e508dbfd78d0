//! Object streams: ordered, reliable, typed; and the one that lives in memory.

mod memory;
mod merge;
#[cfg(test)]
mod models;
mod object;
mod objects;
#[cfg(test)]
mod tests;
mod zip;

pub use memory::{
    Capacity, Permit, ReceiveStream, RecvError, SendError, SendStream, Statistics, TryRecvError,
    TrySendError, WeakReceiveStream, WeakSendStream, memory_stream,
};
pub use merge::{Merge, MergeTwo, merge, merge_two};
pub use object::{ObjectReceive, ObjectSend, Reliable};
pub use objects::objects;
pub use zip::{Half, Zip, zip};

/// The futures that the ends of a memory stream give.
pub mod futures {
    pub use super::memory::{Batches, Closed, Recv, RecvMany, Reserve, Send, SendBatches, SendMany};
}
