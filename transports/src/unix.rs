//! Unix sockets: streams, streams of packets, datagrams; descriptors sent along.

mod accepting;
mod address;
mod bind;
mod connected_datagram;
mod datagram;
mod descriptors;
mod file;
mod folder;
mod from_tokio;
mod listener;
mod packet_listener;
mod packets;
mod room;
mod stream;
mod to;

pub use crate::datagrams::{DatagramError, Unsent};
pub use address::{UnixAddress, UnixAddressError};
pub use bind::UnixBind;
pub use connected_datagram::ConnectedUnixDatagram;
pub use datagram::UnixDatagram;
pub use descriptors::{DescriptorError, ReceivedDescriptors};
pub use file::BindError;
pub(crate) use file::SocketFile;
pub use listener::UnixListener;
pub use packet_listener::UnixPacketListener;
pub use packets::UnixPackets;
pub use stream::{UnixReceive, UnixSend, UnixStream};
pub use to::UnixConnect;
