//! A TCP connection: one that several tasks may share, and its two halves.

use super::KeepAlive;
use crate::attributes::{Family, LocalAddress, RawDescriptor, RemoteAddress};
use crate::descriptor::{INTERNET, RefusedDescriptor, State, Wanted, adopt};
use crate::sending::Sending;
use crate::side::Side;
use crate::socket::stream_ends;
use crate::{ConnectError, Demand, NotConnected, StreamError};
use arbour_primitives::scope::Gate;
use bytes::Bytes;
use rustix::net::SocketType;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// A TCP connection. It is made by [`TcpListener`](super::TcpListener) or by
/// [`TcpConnect`](super::TcpConnect).
///
/// It reads and writes by tokio's traits, which take it as `&mut`. Its own methods take `&self`, so that
/// tasks can share it in an `Arc`: one may receive while another sends, and anybody may close it; two at a
/// time in one direction are [`StreamError::Busy`].
///
/// Small sends go out at once (`TCP_NODELAY` is set). Dropping it closes it.
///
/// # Examples
///
/// ```
/// use arbour::transports::attributes::RemoteAddress;
/// use arbour::transports::tcp::{TcpListener, TcpStream};
/// use arbour::transports::AttributesExt;
///
/// # #[arbour::main]
/// # async fn main() {
/// let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
/// let client = TcpStream::connect(listener.local_address()).await.unwrap();
/// let server = listener.accept().await.unwrap();
/// assert_eq!(client.attribute::<RemoteAddress>(), Some(listener.local_address()));
///
/// client.send(b"hello").await.unwrap();
/// client.send_eof().await.unwrap();
/// assert_eq!(server.receive(1024).await.unwrap().unwrap(), "hello");
/// assert!(server.receive(1024).await.unwrap().is_none());
/// # }
/// ```
#[derive(Debug)]
pub struct TcpStream {
    socket: Socket,
}

type Socket = crate::socket::Socket<OwnedReadHalf, OwnedWriteHalf>;

impl TcpStream {
    pub(super) fn new(stream: tokio::net::TcpStream) -> Self {
        Self::with(stream, true)
    }

    /// The same, and whether small sends go at once.
    pub(super) fn with(stream: tokio::net::TcpStream, no_delay: bool) -> Self {
        // The peer may be gone already; then the first use says so, and better than this would.
        let _ = stream.set_nodelay(no_delay);
        let (read, write) = stream.into_split();
        let (receiving, sending) = ("receiving from this TCP stream", "sending into this TCP stream");
        Self { socket: Socket::new((read, receiving), (write, sending)) }
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

    /// Connects to this address, and to no other; [`TcpConnect`](super::TcpConnect) looks names up.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, the attempt is closed. In a cancelled scope it does not begin.
    ///
    /// # Errors
    ///
    /// [`ConnectError`], which names the address.
    pub async fn connect(address: SocketAddr) -> Result<Self, ConnectError> {
        let mut gate = Gate::new();
        poll_fn(|cx| gate.poll_enter(cx)).await;
        let connected = tokio::net::TcpStream::connect(address).await;
        let refused = |error| ConnectError::new(format!("tcp:{address}"), NotConnected::Refused(error));
        connected.map(Self::new).map_err(refused)
    }

    /// Takes a socket that is connected already. Its options stay as they are, but small sends go at once.
    ///
    /// # Errors
    ///
    /// [`RefusedDescriptor`], with the descriptor: it is no TCP socket that is connected.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn from_descriptor(descriptor: impl Into<OwnedFd>) -> Result<Self, RefusedDescriptor> {
        let wanted = Wanted {
            name: "a connected TCP stream socket",
            families: INTERNET,
            kind: SocketType::STREAM,
            state: State::Connected,
        };
        adopt(descriptor.into(), wanted, |descriptor| {
            tokio::net::TcpStream::from_std(descriptor.into()).map(Self::new)
        })
    }

    /// Whether small sends go at once, as they do at first, or wait for others to go with, where what was
    /// sent before is not acknowledged.
    ///
    /// # Errors
    ///
    /// [`StreamError`]: `Closed`, or `Broken`.
    pub fn set_no_delay(&self, no_delay: bool) -> Result<(), StreamError> {
        self.socket.read.look(|io| io.as_ref().set_nodelay(no_delay))
    }

    /// Whether small sends go at once.
    ///
    /// # Errors
    ///
    /// [`StreamError`]: `Closed`, or `Broken`.
    pub fn no_delay(&self) -> Result<bool, StreamError> {
        self.socket.read.look(|io| io.as_ref().nodelay())
    }

    /// Asks a silent peer whether it is still there.
    ///
    /// # Errors
    ///
    /// [`StreamError`]: `Closed`, or `Broken` where the system does not take these times.
    pub fn set_keep_alive(&self, keep_alive: KeepAlive) -> Result<(), StreamError> {
        self.socket.read.look(|io| Ok(keep_alive.apply(io.as_ref())?))
    }

    /// Closes it. Whoever waits on it gets [`StreamError::Closed`]; the descriptor is free on return.
    pub fn close(&self) {
        self.socket.close();
    }

    /// Its two halves, each with a task of its own.
    #[must_use]
    pub fn into_split(self) -> (TcpReceive, TcpSend) {
        let Socket { read, write, .. } = self.socket;
        (TcpReceive { side: read }, TcpSend { side: write })
    }
}

fn provide<T: AsRef<tokio::net::TcpStream>>(side: &Side<T>, demand: &mut Demand<'_>) {
    side.give::<_, LocalAddress>(demand, tokio::net::TcpStream::local_addr);
    side.give::<_, RemoteAddress>(demand, tokio::net::TcpStream::peer_addr);
    side.give::<_, Family>(demand, |io| io.local_addr().map(Into::into));
    side.give::<_, RawDescriptor>(demand, |io| Ok(io.as_raw_fd()));
}

/// The receiving half of a [`TcpStream`]. Dropped, it receives no more; the socket closes with the other half.
#[derive(Debug)]
pub struct TcpReceive {
    side: Side<OwnedReadHalf>,
}

/// The sending half of a [`TcpStream`]. Dropped, it says "no more from here".
#[derive(Debug)]
pub struct TcpSend {
    side: Side<Sending<OwnedWriteHalf>>,
}

stream_ends!(TcpStream, TcpReceive, TcpSend, provide);
