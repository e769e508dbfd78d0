//! A Unix stream of packets: reliable and in order, with the borders of messages kept.

#[cfg(test)]
mod tests;

use super::credentials::of_peer;
use super::descriptors::{DescriptorError, ReceivedDescriptors, receive_fds, send_fds};
use super::stream::connect;
use super::{UnixAddress, UnixAddressError};
use crate::attributes::{
    AddressFamily, Credentials, Family, LocalUnixAddress, PeerCredentials, RawDescriptor, RemoteUnixAddress,
};
use crate::datagrams::{Actions, DatagramError, Datagrams, Received, Senders, Taken, Unsent, object_sink};
use crate::descriptor::{FRESH, RefusedDescriptor, State, UNIX, Wanted, adopt};
use crate::{Attributes, ConnectError, Demand, NotConnected, StreamError};
use arbour_primitives::scope::Gate;
use arbour_primitives::stream::{ObjectReceive, ObjectSend, Reliable};
use bytes::Bytes;
use futures::Stream;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{Shutdown, SocketType, getpeername, getsockname, shutdown, socketpair};
use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A Unix stream of packets (a sequenced-packet socket): what is sent as one is received as one.
///
/// It is made by [`UnixPacketListener`](super::UnixPacketListener) or by a connect. It is an object stream in
/// both directions, with the mark [`Reliable`], a [`Stream`] of what it receives and a [`Sink`](futures::Sink), which
/// ends it when it is closed. Its own methods take
/// `&self`, so that tasks can share it: one may receive while another sends, and anybody may close it; two at
/// a time in one direction are [`DatagramError::Busy`]. Dropping it closes it.
///
/// # Examples
///
/// ```
/// use arbour::transports::unix::UnixPackets;
///
/// # #[arbour::main]
/// # async fn main() {
/// let (one, other) = UnixPackets::pair().unwrap();
/// one.send(b"first").await.unwrap();
/// one.send(b"second").await.unwrap();
/// one.close();
/// assert_eq!(other.receive().await.unwrap().unwrap(), "first");
/// assert_eq!(other.receive().await.unwrap().unwrap(), "second");
/// assert!(other.receive().await.unwrap().is_none());
/// # }
/// ```
#[derive(Debug)]
pub struct UnixPackets {
    core: Datagrams,
    gate: Gate,
    taken: Taken<Bytes>,
    local: UnixAddress,
    remote: UnixAddress,
    /// `None` where the system does not tell.
    peer: Option<Credentials>,
}

impl UnixPackets {
    /// Connects to the socket at an address, and waits while its listener has no room, as
    /// [`UnixStream::connect`](super::UnixStream::connect) does.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has connected to nobody. In a cancelled scope it does not begin.
    ///
    /// # Errors
    ///
    /// [`ConnectError`], which names the address.
    pub async fn connect(
        address: impl TryInto<UnixAddress, Error: Into<UnixAddressError>>,
    ) -> Result<Self, ConnectError> {
        let address = address.try_into().map_err(|error| ConnectError::new("unix", error.into()))?;
        let mut gate = Gate::new();
        poll_fn(|cx| gate.poll_enter(cx)).await;
        let connected = connect(&address, SocketType::SEQPACKET).await.and_then(Self::new);
        connected.map_err(|error| ConnectError::new(format!("unix:{address}"), NotConnected::Refused(error)))
    }

    /// Two that are connected to each other and have no address.
    ///
    /// # Errors
    ///
    /// The system has no room for two more descriptors.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = socketpair(rustix::net::AddressFamily::UNIX, SocketType::SEQPACKET, FRESH, None)?;
        Ok((Self::new(one)?, Self::new(other)?))
    }

    /// Takes a socket that is connected already.
    ///
    /// # Errors
    ///
    /// [`RefusedDescriptor`], with the descriptor: it is no Unix sequenced-packet socket that is connected.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn from_descriptor(descriptor: impl Into<OwnedFd>) -> Result<Self, RefusedDescriptor> {
        let wanted = Wanted {
            name: "a connected Unix sequenced-packet socket",
            families: UNIX,
            kind: SocketType::SEQPACKET,
            state: State::Connected,
        };
        adopt(descriptor.into(), wanted, Self::new)
    }

    pub(super) fn new(socket: OwnedFd) -> io::Result<Self> {
        let local = UnixAddress::from_system(Some(getsockname(&socket)?));
        let remote = UnixAddress::from_system(getpeername(&socket)?);
        let peer = of_peer(&socket).ok();
        let actions =
            Actions("receiving from this Unix stream of packets", "sending into this Unix stream of packets");
        Ok(Self {
            core: Datagrams::new(socket, None, Senders::All, actions)?,
            gate: Gate::new(),
            taken: Taken::new(),
            local,
            remote,
            peer,
        })
    }

    /// Receives at most so many bytes of each packet; 65,536 unless said. A packet can be larger: as large as
    /// its sender's buffer.
    #[must_use]
    pub fn receive_at_most(self, bytes: usize) -> Self {
        self.core.limit(bytes);
        self
    }

    /// Receives the next packet; `None` at the end of the stream.
    ///
    /// An empty packet of a foreign peer is received as one, unless it is the last: the system does not tell
    /// that from the end.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has received nothing. In a cancelled scope it does not begin.
    ///
    /// # Errors
    ///
    /// [`DatagramError`]: `Truncated` for a packet that is larger than what it receives, `Busy` while another
    /// task receives, `Closed`, or what the system says.
    pub async fn receive(&self) -> Result<Option<Bytes>, DatagramError> {
        let received = self.core.receive().await?;
        self.packet(received)
    }

    /// Sends a packet: returns when the system has taken it, and waits while the peer's queue is full.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has sent nothing, and nothing of it will be sent later.
    ///
    /// # Errors
    ///
    /// [`DatagramError`]: `Empty`, `TooLarge`, `Busy` while another task sends, `Closed`, or what the system
    /// says.
    pub async fn send(&self, bytes: &[u8]) -> Result<(), DatagramError> {
        if bytes.is_empty() {
            return Err(DatagramError::Empty);
        }
        self.core.send_to_peer(bytes).await
    }

    /// Receives the next packet and the descriptors that came with it; `None` at the end of the stream.
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
    /// [`receive`](Self::receive) refuses; the descriptors of a packet that is cut short are closed.
    pub async fn receive_fds(
        &self,
        max_descriptors: usize,
    ) -> Result<Option<ReceivedDescriptors>, DescriptorError> {
        let (received, carried) = receive_fds(&self.core, max_descriptors).await?;
        Ok(self.packet(received)?.map(|bytes| carried.with(bytes)))
    }

    /// Sends a packet and descriptors with it, which stay open on this side; else it is what
    /// [`send`](Self::send) is.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has sent nothing, and nothing of it will be sent later.
    ///
    /// # Errors
    ///
    /// [`DescriptorError`]: no byte, no descriptor or more than 253, or what [`send`](Self::send) refuses.
    pub async fn send_fds(&self, bytes: &[u8], descriptors: &[impl AsFd]) -> Result<(), DescriptorError> {
        if bytes.is_empty() {
            return Err(DescriptorError::NoBytes);
        }
        send_fds(&self.core, bytes, descriptors).await
    }

    /// Says "no more from here"; receiving goes on.
    ///
    /// # Cancel safety
    ///
    /// It waits for nothing.
    ///
    /// # Errors
    ///
    /// [`DatagramError`]: `Busy` while another task sends, `Closed`, or what the system says.
    pub async fn send_eof(&self) -> Result<(), DatagramError> {
        let end = |socket: &OwnedFd| Ok(shutdown(socket, Shutdown::Write).map(|()| 0)?);
        Ok(self.core.send(end).await?)
    }

    /// Closes it. Whoever waits on it gets [`DatagramError::Closed`]; the descriptor is free on return.
    pub fn close(&self) {
        self.core.close();
    }

    fn packet(&self, received: Received) -> Result<Option<Bytes>, DatagramError> {
        if received.length == 0 && self.core.look(is_over)? {
            return Ok(None);
        }
        Ok(Some(received.whole()?.bytes))
    }
}

/// Whether nothing more can come in: the peer has ended, and nothing is queued.
fn is_over(socket: &OwnedFd) -> io::Result<bool> {
    let now = Timespec::default();
    let mut watched = [PollFd::new(socket, PollFlags::RDHUP)];
    poll(&mut watched, Some(&now))?;
    let has_ended = watched[0].revents().intersects(PollFlags::RDHUP | PollFlags::HUP);
    Ok(has_ended && rustix::io::ioctl_fionread(socket)? == 0)
}

impl UnixPackets {
    fn poll_taken(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Unsent<Bytes>>> {
        let Self { core, taken, .. } = self;
        taken.poll_send(cx, |cx, bytes| {
            if bytes.is_empty() {
                return Poll::Ready(Err(DatagramError::Empty));
            }
            core.poll_send_to_peer(cx, bytes)
        })
    }

    /// Says "no more from here". A peer that cannot be told is gone.
    fn end(&self) {
        let _ = self.core.look(|socket| Ok(shutdown(socket, Shutdown::Write)?));
    }
}

object_sink!(UnixPackets, Bytes, Self::end);

impl ObjectReceive<Bytes> for UnixPackets {
    type Error = DatagramError;

    async fn recv(&mut self) -> Result<Option<Bytes>, DatagramError> {
        self.receive().await
    }
}

impl ObjectSend<Bytes> for UnixPackets {
    type Error = Unsent<Bytes>;

    async fn send(&mut self, item: Bytes) -> Result<(), Unsent<Bytes>> {
        let sent = Self::send(self, &item).await;
        sent.map_err(|error| Unsent { item, error })
    }
}

impl Reliable for UnixPackets {}

/// Packets until the stream ends, or is closed on this side; errors are given, and do not end it.
impl Stream for UnixPackets {
    type Item = Result<Bytes, DatagramError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        ready!(self.gate.poll_enter(cx));
        let received = ready!(self.core.poll_receive(cx));
        self.gate = Gate::new();
        Poll::Ready(match received {
            Err(StreamError::Closed) => None,
            received => received.map_err(Into::into).and_then(|received| self.packet(received)).transpose(),
        })
    }
}

impl Attributes for UnixPackets {
    fn provide(&self, demand: &mut Demand<'_>) {
        demand
            .give::<LocalUnixAddress>(|| self.local.clone())
            .give::<RemoteUnixAddress>(|| self.remote.clone())
            .give_some::<PeerCredentials>(|| self.peer)
            .give::<Family>(|| AddressFamily::Unix);
        self.core.give::<RawDescriptor>(demand, |socket| Ok(socket.as_raw_fd()));
    }
}
