//! UDP: sockets that send to anybody, and sockets that are connected to one peer.

mod bind;
mod connected;
mod socket;

pub use crate::datagrams::{DatagramError, Unsent};
pub use bind::{BindUdpError, UdpBind};
pub use connected::ConnectedUdpSocket;
pub use socket::UdpSocket;
