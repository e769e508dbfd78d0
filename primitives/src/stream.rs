//! Object streams: ordered, reliable, typed; and the one that lives in memory.

mod memory;
mod object;

pub use memory::{
    Capacity, Permit, ReceiveStream, RecvError, SendError, SendStream, Statistics, TryRecvError,
    TrySendError, WeakReceiveStream, WeakSendStream, memory_stream,
};
pub use object::{ObjectReceive, ObjectSend, Reliable};

/// The futures that the ends of a memory stream give.
pub mod futures {
    pub use super::memory::{Batches, Closed, Recv, RecvMany, Reserve, Send, SendMany};
}
