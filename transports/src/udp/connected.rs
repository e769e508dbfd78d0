//! A UDP socket that is connected to one peer.

use super::DatagramError;
use crate::attributes::{Family, LocalAddress, RawDescriptor, RemoteAddress};
use crate::datagrams::{Actions, Datagrams, Received, Senders, Taken, Unsent, object_ends, object_sink};
use crate::descriptor::{INTERNET, RefusedDescriptor, State, Wanted, adopt};
use crate::{Attributes, Demand};
use arbour_primitives::scope::Gate;
use bytes::Bytes;
use rustix::io::Errno;
use rustix::net::{SocketType, getpeername, getsockname};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::task::{Context, Poll};

/// A UDP socket that is connected to one peer, and receives from no other.
///
/// It is made by [`UdpBind::connect`](super::UdpBind::connect). As [`UdpSocket`](super::UdpSocket) it is an
/// object stream, of datagrams without addresses, and can be shared. That nobody receives at the other end it
/// learns from a later send or receive, as [`DatagramError::Refused`], and can be used on.
#[derive(Debug)]
pub struct ConnectedUdpSocket {
    core: Datagrams,
    gate: Gate,
    taken: Taken<Bytes>,
    local: SocketAddr,
    remote: SocketAddr,
}

impl ConnectedUdpSocket {
    /// Takes a socket that is connected already.
    ///
    /// # Errors
    ///
    /// [`RefusedDescriptor`], with the descriptor: it is no UDP socket that is connected.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn from_descriptor(descriptor: impl Into<OwnedFd>) -> Result<Self, RefusedDescriptor> {
        let wanted = Wanted {
            name: "a connected UDP socket",
            families: INTERNET,
            kind: SocketType::DGRAM,
            state: State::Connected,
        };
        adopt(descriptor.into(), wanted, Self::new)
    }

    pub(super) fn new(socket: OwnedFd) -> io::Result<Self> {
        let local = getsockname(&socket)?.try_into()?;
        let remote = getpeername(&socket)?.ok_or(Errno::NOTCONN)?.try_into()?;
        let actions =
            Actions("receiving from this connected UDP socket", "sending into this connected UDP socket");
        Ok(Self {
            core: Datagrams::new(socket, None, Senders::Internet(remote), actions)?,
            gate: Gate::new(),
            taken: Taken::new(),
            local,
            remote,
        })
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
        self.local
    }

    /// Receives the next datagram of the peer.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has received nothing. In a cancelled scope it does not begin.
    ///
    /// # Errors
    ///
    /// [`DatagramError`]: `Refused`, `Truncated` for a datagram that is larger than what it receives, `Busy`
    /// while another task receives, or `Closed`.
    pub async fn receive(&self) -> Result<Bytes, DatagramError> {
        Self::object(self.core.receive().await?)
    }

    /// Sends a datagram to the peer: returns when the system has taken it, which does not say that it arrives.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has sent nothing, and nothing of it will be sent later.
    ///
    /// # Errors
    ///
    /// [`DatagramError`]: `Refused`, `TooLarge`, `Busy` while another task sends, `Closed`, or what the system
    /// says.
    pub async fn send(&self, bytes: &[u8]) -> Result<(), DatagramError> {
        self.core.send_to_peer(bytes).await
    }

    /// Closes it. Whoever waits on it gets [`DatagramError::Closed`]; the descriptor is free on return.
    pub fn close(&self) {
        self.core.close();
    }

    fn object(received: Received) -> Result<Bytes, DatagramError> {
        Ok(received.whole()?.bytes)
    }

    async fn send_object(&self, bytes: &Bytes) -> Result<(), DatagramError> {
        self.send(bytes).await
    }

    fn poll_taken(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Unsent<Bytes>>> {
        let Self { core, taken, .. } = self;
        taken.poll_send(cx, |cx, bytes| core.poll_send_to_peer(cx, bytes))
    }
}

object_ends!(ConnectedUdpSocket, Bytes);
object_sink!(ConnectedUdpSocket, Bytes, |_| {});

impl Attributes for ConnectedUdpSocket {
    fn provide(&self, demand: &mut Demand<'_>) {
        demand
            .give::<LocalAddress>(|| self.local)
            .give::<RemoteAddress>(|| self.remote)
            .give::<Family>(|| self.local.into());
        self.core.give::<RawDescriptor>(demand, |socket| Ok(socket.as_raw_fd()));
    }
}
