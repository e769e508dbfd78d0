//! A UDP socket that sends to anybody.

use super::{BindUdpError, DatagramError, UdpBind};
use crate::attributes::{Family, LocalAddress, RawDescriptor};
use crate::datagrams::{Actions, Datagrams, Received, Senders, object_ends};
use crate::descriptor::{INTERNET, RefusedDescriptor, State, Wanted, adopt};
use crate::{Attributes, Demand};
use arbour_primitives::scope::Gate;
use bytes::Bytes;
use rustix::io::Errno;
use rustix::net::{SendFlags, SocketType, getsockname, sendto};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};

/// A UDP socket that sends to anybody and receives from anybody.
///
/// It is an object stream of datagrams with addresses, in both directions, without the mark
/// [`Reliable`](arbour_primitives::stream::Reliable), and a [`Stream`](futures::Stream) of what it receives.
/// Its own methods take `&self`, so that tasks can share it: one may receive while another sends, and
/// anybody may close it; two at a time in one direction are [`DatagramError::Busy`].
///
/// An empty datagram is a datagram. Dropping it closes it.
///
/// # Examples
///
/// See [`UdpBind`].
#[derive(Debug)]
pub struct UdpSocket {
    core: Datagrams,
    gate: Gate,
    address: SocketAddr,
}

impl UdpSocket {
    /// Binds to an address; port 0 is one that is free. [`UdpBind`] can do more.
    ///
    /// # Errors
    ///
    /// [`BindUdpError`], with the address.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn bind(address: SocketAddr) -> Result<Self, BindUdpError> {
        UdpBind::new().address(address).bind()
    }

    /// Takes a socket that is bound already.
    ///
    /// # Errors
    ///
    /// [`RefusedDescriptor`], with the descriptor: it is no UDP socket that is bound, or it is connected.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn from_descriptor(descriptor: impl Into<OwnedFd>) -> Result<Self, RefusedDescriptor> {
        let wanted = Wanted {
            name: "a bound UDP socket",
            families: INTERNET,
            kind: SocketType::DGRAM,
            state: State::Bound,
        };
        adopt(descriptor.into(), wanted, Self::new)
    }

    pub(super) fn new(socket: OwnedFd) -> io::Result<Self> {
        let address = getsockname(&socket)?.try_into()?;
        let actions = Actions("receiving from this UDP socket", "sending from this UDP socket");
        Ok(Self { core: Datagrams::new(socket, None, Senders::All, actions)?, gate: Gate::new(), address })
    }

    /// Receives at most so many bytes of each datagram; 65,536 unless said, and no datagram is larger.
    #[must_use]
    pub fn receive_at_most(self, bytes: usize) -> Self {
        self.core.limit(bytes);
        self
    }

    /// The address it is bound to.
    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.address
    }

    /// Receives the next datagram, and who sent it.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has received nothing. In a cancelled scope it does not begin.
    ///
    /// # Errors
    ///
    /// [`DatagramError`]: `Truncated` for a datagram that is larger than what it receives, `Busy` while
    /// another task receives, or `Closed`.
    pub async fn receive(&self) -> Result<(Bytes, SocketAddr), DatagramError> {
        Self::object(self.core.receive().await?)
    }

    /// Sends a datagram: returns when the system has taken it, which does not say that it arrives.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has sent nothing, and nothing of it will be sent later.
    ///
    /// # Errors
    ///
    /// [`DatagramError`]: `TooLarge`, `Busy` while another task sends, `Closed`, or what the system says.
    pub async fn send_to(&self, bytes: &[u8], to: SocketAddr) -> Result<(), DatagramError> {
        let send = |socket: &OwnedFd| Ok(sendto(socket, bytes, SendFlags::NOSIGNAL, &to)?);
        self.core.send(send).await.map_err(|error| DatagramError::of_sending(error, bytes.len()))
    }

    /// Closes it. Whoever waits on it gets [`DatagramError::Closed`]; the descriptor is free on return.
    pub fn close(&self) {
        self.core.close();
    }

    fn object(received: Received) -> Result<(Bytes, SocketAddr), DatagramError> {
        let Received { bytes, from, .. } = received.whole()?;
        let from = from.ok_or(Errno::AFNOSUPPORT).and_then(SocketAddr::try_from);
        Ok((bytes, from.map_err(|error| DatagramError::System(error.into()))?))
    }

    async fn send_object(&self, (bytes, to): &(Bytes, SocketAddr)) -> Result<(), DatagramError> {
        self.send_to(bytes, *to).await
    }
}

object_ends!(UdpSocket, (Bytes, SocketAddr));

impl Attributes for UdpSocket {
    fn provide(&self, demand: &mut Demand<'_>) {
        demand.give::<LocalAddress>(|| self.address).give::<Family>(|| self.address.into());
        self.core.give::<RawDescriptor>(demand, |socket| Ok(socket.as_raw_fd()));
    }
}
