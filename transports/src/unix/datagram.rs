//! A Unix socket for datagrams to anybody.

use super::descriptors::{self, DescriptorError, ReceivedDescriptors, check_count, receive_fds};
use super::file::SocketFile;
use super::room::Room;
use super::{BindError, UnixAddress, UnixAddressError, UnixBind};
use crate::attributes::{AddressFamily, Family, LocalUnixAddress, RawDescriptor};
use crate::datagrams::{
    Actions, DatagramError, Datagrams, Received, Senders, Taken, Unsent, object_ends, object_sink,
};
use crate::descriptor::{RefusedDescriptor, State, UNIX, Wanted, adopt, open};
use crate::{Attributes, Demand};
use arbour_primitives::scope::Gate;
use bytes::Bytes;
use rustix::io::Errno;
use rustix::net::{SendFlags, SocketAddrUnix, SocketType, getsockname, sendto};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::task::{Context, Poll, ready};

/// A Unix socket that sends datagrams to anybody, and receives from anybody if it has an address.
///
/// It is an object stream of datagrams with addresses, in both directions, without the mark
/// [`Reliable`](arbour_primitives::stream::Reliable), a [`Stream`](futures::Stream) of what it
/// receives, and a [`Sink`](futures::Sink).
/// None is lost on the way: a send waits while the receiver's queue is full. Its own methods take `&self`, so
/// that tasks can share it: one may receive while another sends, and anybody may close it; two at a time in
/// one direction are [`DatagramError::Busy`].
///
/// Dropping it closes it, and closing it removes its file, if it is still this socket's.
///
/// # Examples
///
/// ```
/// use arbour::transports::unix::UnixDatagram;
///
/// # #[arbour::main]
/// # async fn main() {
/// # let folder = std::env::temp_dir().join(format!("arbour-datagram-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// let server = UnixDatagram::bind(folder.join("server")).unwrap();
/// let client = UnixDatagram::bind(folder.join("client")).unwrap();
/// client.send_to(b"question", server.local_address()).await.unwrap();
/// let (question, from) = server.receive().await.unwrap();
/// assert_eq!(question, "question");
/// assert_eq!(&from, client.local_address());
/// # std::fs::remove_dir_all(folder).unwrap();
/// # }
/// ```
#[derive(Debug)]
pub struct UnixDatagram {
    core: Datagrams,
    gate: Gate,
    taken: Taken<(Bytes, UnixAddress)>,
    room: Room,
    address: UnixAddress,
}

impl UnixDatagram {
    /// Binds to an address, as [`UnixBind`] does unless it is told otherwise.
    ///
    /// # Errors
    ///
    /// [`BindError`]; a stale socket is removed, anything else is left alone.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn bind(
        address: impl TryInto<UnixAddress, Error: Into<UnixAddressError>>,
    ) -> Result<Self, BindError> {
        UnixBind::at(address)?.datagrams()
    }

    /// A socket without an address: it can send, and nobody can answer.
    ///
    /// # Errors
    ///
    /// The system has no room for another descriptor.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn unbound() -> io::Result<Self> {
        Self::new(open(rustix::net::AddressFamily::UNIX, SocketType::DGRAM)?, None)
    }

    /// Takes a socket that is there already. Its file stays when it is closed.
    ///
    /// # Errors
    ///
    /// [`RefusedDescriptor`], with the descriptor: it is no Unix datagram socket, or it is connected.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn from_descriptor(descriptor: impl Into<OwnedFd>) -> Result<Self, RefusedDescriptor> {
        let wanted = Wanted {
            name: "a Unix datagram socket that is not connected",
            families: UNIX,
            kind: SocketType::DGRAM,
            state: State::Unconnected,
        };
        adopt(descriptor.into(), wanted, |socket| Self::new(socket, None))
    }

    pub(super) fn new(socket: OwnedFd, file: Option<SocketFile>) -> io::Result<Self> {
        let address = UnixAddress::from_system(Some(getsockname(&socket)?));
        let actions =
            Actions("receiving from this Unix datagram socket", "sending from this Unix datagram socket");
        Ok(Self {
            core: Datagrams::new(socket, file, Senders::All, actions)?,
            gate: Gate::new(),
            taken: Taken::new(),
            room: Room::default(),
            address,
        })
    }

    /// Receives at most so many bytes of each datagram; 65,536 unless said. A datagram can be larger: as
    /// large as its sender's buffer.
    #[must_use]
    pub fn receive_at_most(self, bytes: usize) -> Self {
        self.core.limit(bytes);
        self
    }

    /// The address it is bound to.
    #[must_use]
    pub fn local_address(&self) -> &UnixAddress {
        &self.address
    }

    /// Receives the next datagram, and the address of who sent it.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has received nothing. In a cancelled scope it does not begin.
    ///
    /// # Errors
    ///
    /// [`DatagramError`]: `Truncated` for a datagram that is larger than what it receives, `Busy` while
    /// another task receives, or `Closed`.
    pub async fn receive(&self) -> Result<(Bytes, UnixAddress), DatagramError> {
        Self::object(self.core.receive().await?)
    }

    /// Sends a datagram: returns when it is in the receiver's queue, and waits while that is full.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has sent nothing, and nothing of it will be sent later.
    ///
    /// # Errors
    ///
    /// [`DatagramError`]: `Refused` if nobody receives there, `TooLarge`, `Busy` while another task sends,
    /// `Closed`, or what the system says.
    pub async fn send_to(&self, bytes: &[u8], to: &UnixAddress) -> Result<(), DatagramError> {
        let to = to.to_system().map_err(DatagramError::System)?;
        let mut room = Room::default();
        let sent = self
            .core
            .send_by(|socket, cx| room.poll(socket, cx, &to, |socket| send_to(socket, bytes, &to)))
            .await;
        sent.map_err(|error| DatagramError::of_sending(error, bytes.len()))
    }

    /// Receives the next datagram, the descriptors that came with it, and the address of who sent it.
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
    pub async fn receive_fds(
        &self,
        max_descriptors: usize,
    ) -> Result<(ReceivedDescriptors, UnixAddress), DescriptorError> {
        let (received, carried) = receive_fds(&self.core, max_descriptors).await?;
        let (bytes, from) = Self::object(received)?;
        Ok((carried.with(bytes), from))
    }

    /// Sends a datagram and descriptors with it, which stay open on this side; else it is what
    /// [`send_to`](Self::send_to) is.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has sent nothing, and nothing of it will be sent later.
    ///
    /// # Errors
    ///
    /// [`DescriptorError`]: no descriptor or more than 253, or what [`send_to`](Self::send_to) refuses.
    pub async fn send_fds_to(
        &self,
        bytes: &[u8],
        descriptors: &[impl AsFd],
        to: &UnixAddress,
    ) -> Result<(), DescriptorError> {
        check_count(descriptors.len())?;
        let to = to.to_system().map_err(DatagramError::System)?;
        let mut room = Room::default();
        let send = |socket: &OwnedFd| descriptors::send_to(socket.as_fd(), bytes, descriptors, &to);
        let sent = self.core.send_by(|socket, cx| room.poll(socket, cx, &to, send)).await;
        Ok(sent.map_err(|error| DatagramError::of_sending(error, bytes.len()))?)
    }

    /// Closes it and removes its file. Whoever waits on it gets [`DatagramError::Closed`]; the descriptor is
    /// free on return.
    pub fn close(&self) {
        self.core.close();
    }

    fn object(received: Received) -> Result<(Bytes, UnixAddress), DatagramError> {
        let Received { bytes, from, .. } = received.whole()?;
        Ok((bytes, UnixAddress::from_system(from)))
    }

    async fn send_object(&self, (bytes, to): &(Bytes, UnixAddress)) -> Result<(), DatagramError> {
        self.send_to(bytes, to).await
    }

    fn poll_taken(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Unsent<(Bytes, UnixAddress)>>> {
        let Self { core, taken, room, .. } = self;
        taken.poll_send(cx, |cx, (bytes, to)| {
            let to = to.to_system().map_err(DatagramError::System)?;
            let sent = ready!(core.poll_send_by(cx, |socket, cx| {
                room.poll(socket, cx, &to, |socket| send_to(socket, bytes, &to))
            }));
            *room = Room::default();
            Poll::Ready(sent.map_err(|error| DatagramError::of_sending(error, bytes.len())))
        })
    }
}

fn send_to(socket: &OwnedFd, bytes: &[u8], to: &SocketAddrUnix) -> Result<usize, Errno> {
    sendto(socket, bytes, SendFlags::NOSIGNAL, to)
}

object_ends!(UnixDatagram, (Bytes, UnixAddress));
object_sink!(UnixDatagram, (Bytes, UnixAddress), |_| {});

impl Attributes for UnixDatagram {
    fn provide(&self, demand: &mut Demand<'_>) {
        demand.give::<LocalUnixAddress>(|| self.address.clone()).give::<Family>(|| AddressFamily::Unix);
        self.core.give::<RawDescriptor>(demand, |socket| Ok(socket.as_raw_fd()));
    }
}
