//! A Unix stream: one that several tasks may share, with descriptors sent along, and its two halves.

use super::descriptors::{self, DescriptorError, ReceivedDescriptors};
use super::{UnixAddress, UnixAddressError};
use crate::attributes::{
    AddressFamily, Credentials, Family, LocalUnixAddress, PeerCredentials, RawDescriptor, RemoteUnixAddress,
};
use crate::byte::ROOM;
use crate::descriptor::{RefusedDescriptor, State, UNIX, Wanted, adopt};
use crate::sending::Sending;
use crate::side::Side;
use crate::socket::stream_ends;
use crate::{ConnectError, Demand, NotConnected, StreamError};
use arbour_primitives::scope::Gate;
use bytes::{Bytes, BytesMut};
use rustix::net::{SocketType, getpeername, getsockname};
use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::Interest;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

/// A Unix stream. It is made by [`UnixListener`](super::UnixListener) or by a connect.
///
/// It reads and writes by tokio's traits, which take it as `&mut`. Its own methods take `&self`, so that
/// tasks can share it in an `Arc`: one may receive while another sends, and anybody may close it; two at a
/// time in one direction are [`StreamError::Busy`]. Dropping it closes it.
///
/// Descriptors go along with [`send_fds`](Self::send_fds). A receive that does not ask for them closes those
/// that come in.
///
/// # Examples
///
/// ```
/// use arbour::transports::AttributesExt;
/// use arbour::transports::attributes::PeerCredentials;
/// use arbour::transports::unix::{UnixListener, UnixStream};
///
/// # #[arbour::main]
/// # async fn main() {
/// # let folder = std::env::temp_dir().join(format!("arbour-stream-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// let path = folder.join("app.sock");
/// let listener = UnixListener::bind(&path).unwrap();
/// let client = UnixStream::connect(&path).await.unwrap();
/// let server = listener.accept().await.unwrap();
/// let peer = server.attribute::<PeerCredentials>().unwrap();
/// assert_eq!(peer.pid, Some(std::process::id().cast_signed()));
///
/// client.send(b"hello").await.unwrap();
/// client.send_eof().await.unwrap();
/// assert_eq!(server.receive(1024).await.unwrap().unwrap(), "hello");
/// assert!(server.receive(1024).await.unwrap().is_none());
/// # std::fs::remove_dir_all(folder).unwrap();
/// # }
/// ```
#[derive(Debug)]
pub struct UnixStream {
    socket: Socket,
}

type Socket = crate::socket::Socket<OwnedReadHalf, OwnedWriteHalf>;

impl UnixStream {
    pub(super) fn new(stream: tokio::net::UnixStream) -> Self {
        let (read, write) = stream.into_split();
        let (receiving, sending) = ("receiving from this Unix stream", "sending into this Unix stream");
        Self { socket: Socket::new((read, receiving), (write, sending)) }
    }

    /// Connects to the socket at an address, which is a path, or, on Linux, an abstract name.
    ///
    /// While more connections wait there to be accepted than its listener has room for, it waits too, and
    /// looks again after 1 ms, then after twice as long each time, at most 64 ms.
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
        let connected = connect(&address, SocketType::STREAM).await;
        let connected = connected.and_then(|socket| tokio::net::UnixStream::from_std(socket.into()));
        let refused = |error| ConnectError::new(format!("unix:{address}"), NotConnected::Refused(error));
        connected.map(Self::new).map_err(refused)
    }

    /// Two streams that are connected to each other and have no address.
    ///
    /// # Errors
    ///
    /// The system has no room for two more descriptors.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = tokio::net::UnixStream::pair()?;
        Ok((Self::new(one), Self::new(other)))
    }

    /// Takes a socket that is connected already.
    ///
    /// # Errors
    ///
    /// [`RefusedDescriptor`], with the descriptor: it is no Unix stream socket that is connected.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn from_descriptor(descriptor: impl Into<OwnedFd>) -> Result<Self, RefusedDescriptor> {
        let wanted = Wanted {
            name: "a connected Unix stream socket",
            families: UNIX,
            kind: SocketType::STREAM,
            state: State::Connected,
        };
        adopt(descriptor.into(), wanted, |descriptor| {
            tokio::net::UnixStream::from_std(descriptor.into()).map(Self::new)
        })
    }

    /// Receives what is there, at least one byte and at most `max`; `None` at the end of the stream.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has received nothing.
    ///
    /// # Errors
    ///
    /// [`StreamError`]: `ZeroMaximum` for a `max` of 0, `Busy` while another task receives, `Closed`, or
    /// `Broken`.
    pub async fn receive(&self, max: usize) -> Result<Option<Bytes>, StreamError> {
        self.socket.receive(max).await
    }

    /// Sends all bytes: returns when the system has taken them.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it may have sent a part, from the front. In a cancelled scope it does
    /// not begin.
    ///
    /// # Errors
    ///
    /// [`StreamError`]: `Busy` while another task sends, `Closed`, `Ended` after the half-close, or `Broken`.
    pub async fn send(&self, bytes: &[u8]) -> Result<(), StreamError> {
        self.socket.send(bytes).await
    }

    /// Sends all bytes, and the descriptors once, with the first of them; they stay open on this side.
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send): dropped before it is ready, it may have sent a part; the descriptors are sent
    /// if one byte is.
    ///
    /// # Errors
    ///
    /// [`DescriptorError`]: no byte, no descriptor or more than 253, or what [`send`](Self::send) refuses.
    pub async fn send_fds(&self, bytes: &[u8], descriptors: &[impl AsFd]) -> Result<(), DescriptorError> {
        descriptors::check_count(descriptors.len())?;
        if bytes.is_empty() {
            return Err(DescriptorError::NoBytes);
        }
        let mut rest = bytes;
        let send = |io: &mut Sending<OwnedWriteHalf>, cx: &mut Context<'_>| {
            let io = &*io.open()?;
            while !rest.is_empty() {
                let first = rest.len() == bytes.len();
                let descriptors = if first { descriptors } else { &[] };
                let sent = ready!(poll_send_fds(io.as_ref(), cx, rest, descriptors))?;
                rest = &rest[sent..];
            }
            Poll::Ready(Ok(()))
        };
        Ok(self.socket.write.exclusively(send).await?)
    }

    /// Receives at most `max` bytes, at least one, and the descriptors that came with them; `None` at the
    /// end of the stream.
    ///
    /// More descriptors than `max_descriptors` are closed, and counted in what it gives.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has received nothing.
    ///
    /// # Errors
    ///
    /// [`DescriptorError`]: a maximum of 0 or of more than 253 descriptors, or what
    /// [`receive`](Self::receive) refuses.
    pub async fn receive_fds(
        &self,
        max: usize,
        max_descriptors: usize,
    ) -> Result<Option<ReceivedDescriptors>, DescriptorError> {
        descriptors::check_count(max_descriptors)?;
        if max == 0 {
            return Err(StreamError::ZeroMaximum.into());
        }
        let receive = |io: &mut OwnedReadHalf, cx: &mut Context<'_>| {
            poll_receive_fds((*io).as_ref(), cx, max, max_descriptors)
        };
        Ok(self.socket.read.exclusively(receive).await?)
    }

    /// Says "no more from here"; receiving goes on.
    ///
    /// # Cancel safety
    ///
    /// It waits for nothing.
    ///
    /// # Errors
    ///
    /// [`StreamError`]: `Busy` while another task sends, `Closed`, or `Broken`.
    pub async fn send_eof(&self) -> Result<(), StreamError> {
        self.socket.send_eof().await
    }

    /// Closes it. Whoever waits on it gets [`StreamError::Closed`]; the descriptor is free on return.
    pub fn close(&self) {
        self.socket.close();
    }

    /// Its two halves, each with a task of its own.
    #[must_use]
    pub fn into_split(self) -> (UnixReceive, UnixSend) {
        let Socket { read, write, .. } = self.socket;
        (UnixReceive { side: read }, UnixSend { side: write })
    }
}

/// A connected socket of this type. The system does not tell when the listener has room again, so that
/// waiting for it is looking again.
pub(super) async fn connect(address: &UnixAddress, kind: SocketType) -> io::Result<OwnedFd> {
    let name = address.to_system()?;
    let mut pause = Duration::from_millis(1);
    loop {
        let socket = crate::descriptor::open(rustix::net::AddressFamily::UNIX, kind)?;
        match rustix::net::connect(&socket, &name) {
            Ok(()) => return Ok(socket),
            Err(rustix::io::Errno::AGAIN) => tokio::time::sleep(pause).await,
            Err(error) => return Err(error.into()),
        }
        pause = (pause * 2).min(Duration::from_millis(64));
    }
}

fn poll_send_fds(
    io: &tokio::net::UnixStream,
    cx: &mut Context<'_>,
    bytes: &[u8],
    descriptors: &[impl AsFd],
) -> Poll<io::Result<usize>> {
    loop {
        ready!(io.poll_write_ready(cx))?;
        match io.try_io(Interest::WRITABLE, || descriptors::send(io.as_fd(), bytes, descriptors)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            sent => return Poll::Ready(sent),
        }
    }
}

fn poll_receive_fds(
    io: &tokio::net::UnixStream,
    cx: &mut Context<'_>,
    max: usize,
    max_descriptors: usize,
) -> Poll<io::Result<Option<ReceivedDescriptors>>> {
    loop {
        ready!(io.poll_read_ready(cx))?;
        let mut room = BytesMut::zeroed(max.min(ROOM));
        let receive = || descriptors::receive(io.as_fd(), &mut room, max_descriptors);
        match io.try_io(Interest::READABLE, receive) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            received => return Poll::Ready(received),
        }
    }
}

fn provide<T: AsRef<tokio::net::UnixStream>>(side: &Side<T>, demand: &mut Demand<'_>) {
    side.give::<_, LocalUnixAddress>(demand, |io| Ok(UnixAddress::from_system(Some(getsockname(io)?))));
    side.give::<_, RemoteUnixAddress>(demand, |io| Ok(UnixAddress::from_system(getpeername(io)?)));
    side.give::<_, PeerCredentials>(demand, peer_credentials);
    side.give::<_, Family>(demand, |_| Ok(AddressFamily::Unix));
    side.give::<_, RawDescriptor>(demand, |io| Ok(io.as_raw_fd()));
}

fn peer_credentials(io: &tokio::net::UnixStream) -> io::Result<Credentials> {
    let peer = io.peer_cred()?;
    // A peer that this process cannot see has the number 0.
    let pid = peer.pid().filter(|pid| *pid != 0);
    Ok(Credentials { uid: peer.uid(), gid: peer.gid(), pid })
}

/// The receiving half of a [`UnixStream`]. Dropped, it receives no more; the socket closes with the other
/// half.
#[derive(Debug)]
pub struct UnixReceive {
    side: Side<OwnedReadHalf>,
}

/// The sending half of a [`UnixStream`]. Dropped, it says "no more from here".
#[derive(Debug)]
pub struct UnixSend {
    side: Side<Sending<OwnedWriteHalf>>,
}

stream_ends!(UnixStream, UnixReceive, UnixSend, provide);
