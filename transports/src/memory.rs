//! Byte streams and listeners in memory: for tests, and for two tasks of one process.

mod listener;
mod one_way;
mod pipe;

pub use listener::{MemoryConnect, MemoryListener, memory_listener};
pub use one_way::{BytePipeReceive, BytePipeSend, one_way_pipe};
pub use pipe::{BytePipe, byte_pipe};
