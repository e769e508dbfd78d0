//! Byte streams and listeners in memory: for tests, and for both ends of a protocol in one program.

mod listener;
mod pipe;
mod stream;

pub use listener::{MemoryConnect, MemoryListener, listener};
pub use pipe::{PipeReceive, PipeSend, pipe};
pub use stream::{MemoryStream, stream};
