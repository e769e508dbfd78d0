//! A Unix socket for datagrams to one peer.

use super::descriptors::{DescriptorError, ReceivedDescriptors, receive_fds, send_fds};
use super::file::SocketFile;
use super::{UnixAddress, UnixAddressError};
use crate::attributes::{AddressFamily, Family, LocalUnixAddress, RawDescriptor, RemoteUnixAddress};
use crate::datagrams::{
    Actions, DatagramError, Datagrams, Received, Senders, Taken, Unsent, object_ends, object_sink,
};
use crate::descriptor::{FRESH, RefusedDescriptor, State, UNIX, Wanted, adopt, open};
use crate::{Attributes, ConnectError, Demand, NotConnected};
use arbour_primitives::scope::Gate;
use bytes::Bytes;
use rustix::net::{SocketType, connect, getpeername, getsockname, socketpair};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::task::{Context, Poll};

/// A Unix socket that sends datagrams to one peer, and receives from no other.
///
/// As [`UnixDatagram`](super::UnixDatagram) it is an object stream, of datagrams without addresses, and can
/// be shared; closing it removes its file, if it has one and it is still this socket's.
#[derive(Debug)]
pub struct ConnectedUnixDatagram {
    core: Datagrams,
    gate: Gate,
    taken: Taken<Bytes>,
    local: UnixAddress,
    remote: UnixAddress,
}

impl ConnectedUnixDatagram {
    /// Connects to the datagram socket at an address. Without an address of its own it cannot be answered:
    /// [`UnixBind::connect_datagrams`](super::UnixBind::connect_datagrams) gives it one.
    ///
    /// # Errors
    ///
    /// [`ConnectError`], which names the address.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn connect(
        remote: impl TryInto<UnixAddress, Error: Into<UnixAddressError>>,
    ) -> Result<Self, ConnectError> {
        let remote = remote.try_into().map_err(|error| ConnectError::new("unix", error.into()))?;
        let socket = open(rustix::net::AddressFamily::UNIX, SocketType::DGRAM);
        let connected = socket.and_then(|socket| Self::connected(socket, None, &remote));
        connected.map_err(|error| ConnectError::new(format!("unix:{remote}"), NotConnected::Refused(error)))
    }

    /// Two sockets that are connected to each other and have no address.
    ///
    /// # Errors
    ///
    /// The system has no room for two more descriptors.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = socketpair(rustix::net::AddressFamily::UNIX, SocketType::DGRAM, FRESH, None)?;
        Ok((Self::new(one, None)?, Self::new(other, None)?))
    }

    /// Takes a socket that is connected already. Its file stays when it is closed.
    ///
    /// # Errors
    ///
    /// [`RefusedDescriptor`], with the descriptor: it is no Unix datagram socket that is connected.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn from_descriptor(descriptor: impl Into<OwnedFd>) -> Result<Self, RefusedDescriptor> {
        let wanted = Wanted {
            name: "a connected Unix datagram socket",
            families: UNIX,
            kind: SocketType::DGRAM,
            state: State::Connected,
        };
        adopt(descriptor.into(), wanted, |socket| Self::new(socket, None))
    }

    pub(super) fn connected(
        socket: OwnedFd,
        file: Option<SocketFile>,
        remote: &UnixAddress,
    ) -> io::Result<Self> {
        connect(&socket, &remote.to_system()?)?;
        Self::new(socket, file)
    }

    fn new(socket: OwnedFd, file: Option<SocketFile>) -> io::Result<Self> {
        let local = UnixAddress::from_system(Some(getsockname(&socket)?));
        let remote = UnixAddress::from_system(getpeername(&socket)?);
        let actions = Actions(
            "receiving from this connected Unix datagram socket",
            "sending into this connected Unix datagram socket",
        );
        Ok(Self {
            core: Datagrams::new(socket, file, Senders::Unix(remote.clone()), actions)?,
            gate: Gate::new(),
            taken: Taken::new(),
            local,
            remote,
        })
    }

    /// Receives at most so many bytes of each datagram; 65,536 unless said. A datagram can be larger: as
    /// large as its sender's buffer.
    #[must_use]
    pub fn receive_at_most(self, bytes: usize) -> Self {
        self.core.limit(bytes);
        self
    }

    /// Receives the next datagram of the peer.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has received nothing. In a cancelled scope it does not begin.
    ///
    /// # Errors
    ///
    /// [`DatagramError`]: `Truncated` for a datagram that is larger than what it receives, `Busy` while
    /// another task receives, `Closed`, or what the system says.
    pub async fn receive(&self) -> Result<Bytes, DatagramError> {
        Self::object(self.core.receive().await?)
    }

    /// Sends a datagram to the peer: returns when it is in the peer's queue, and waits while that is full.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has sent nothing, and nothing of it will be sent later.
    ///
    /// # Errors
    ///
    /// [`DatagramError`]: `Refused` if the peer is gone, `TooLarge`, `Busy` while another task sends, `Closed`,
    /// or what the system says.
    pub async fn send(&self, bytes: &[u8]) -> Result<(), DatagramError> {
        self.core.send_to_peer(bytes).await
    }

    /// Receives the next datagram and the descriptors that came with it.
    ///
    /// More descriptors than `max_descriptors` are closed, and counted in what it gives.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has received nothing. In a cancelled scope it does not begin.
    ///
    /// # Errors
    ///
    /// [`DescriptorError`]: a maximum of 0 or of more than 253 descriptors, or what
    /// [`receive`](Self::receive) refuses; the descriptors of a datagram that is cut short are closed.
    pub async fn receive_fds(&self, max_descriptors: usize) -> Result<ReceivedDescriptors, DescriptorError> {
        let (received, carried) = receive_fds(&self.core, max_descriptors).await?;
        Ok(carried.with(Self::object(received)?))
    }

    /// Sends a datagram and descriptors with it, which stay open on this side; else it is what
    /// [`send`](Self::send) is.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has sent nothing, and nothing of it will be sent later.
    ///
    /// # Errors
    ///
    /// [`DescriptorError`]: no descriptor or more than 253, or what [`send`](Self::send) refuses.
    pub async fn send_fds(&self, bytes: &[u8], descriptors: &[impl AsFd]) -> Result<(), DescriptorError> {
        send_fds(&self.core, bytes, descriptors).await
    }

    /// Closes it and removes its file. Whoever waits on it gets [`DatagramError::Closed`]; the descriptor is
    /// free on return.
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

object_ends!(ConnectedUnixDatagram, Bytes);
object_sink!(ConnectedUnixDatagram, Bytes, |_| {});

impl Attributes for ConnectedUnixDatagram {
    fn provide(&self, demand: &mut Demand<'_>) {
        demand
            .give::<LocalUnixAddress>(|| self.local.clone())
            .give::<RemoteUnixAddress>(|| self.remote.clone())
            .give::<Family>(|| AddressFamily::Unix);
        self.core.give::<RawDescriptor>(demand, |socket| Ok(socket.as_raw_fd()));
    }
}
