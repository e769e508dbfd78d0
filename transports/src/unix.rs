//! Unix sockets: streams and listeners for them, with descriptors sent along.

mod address;
mod descriptors;
mod file;
mod listener;
mod stream;
mod to;

pub use address::{UnixAddress, UnixAddressError};
pub use descriptors::{DescriptorError, ReceivedDescriptors};
pub use file::BindError;
pub use listener::{UnixListen, UnixListener};
pub use stream::{UnixReceive, UnixSend, UnixStream};
pub use to::UnixConnect;
