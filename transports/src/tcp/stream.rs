//! A TCP connection: one that several tasks may share, and its two halves.

use crate::attributes::{Family, LocalAddress, RawDescriptor, RemoteAddress};
use crate::byte::poll_receive;
use crate::side::Side;
use crate::{Attributes, ConnectError, Demand, NotConnected, StreamError};
use arbour_primitives::scope::Gate;
use bytes::Bytes;
use parking_lot::Mutex;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// A TCP connection. It is made by [`TcpListener`](super::TcpListener) or by a connect.
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
    socket: Arc<Socket>,
}

/// What a stream and its halves share.
#[derive(Debug)]
struct Socket {
    read: Side<OwnedReadHalf>,
    write: Side<OwnedWriteHalf>,
    /// Held while it is closed, so that who closes it second returns when it is closed too.
    closing: Mutex<()>,
}

impl TcpStream {
    pub(super) fn new(stream: tokio::net::TcpStream) -> Self {
        // The peer may be gone already; then the first use says so, and better than this would.
        let _ = stream.set_nodelay(true);
        let (read, write) = stream.into_split();
        let read = Side::new(read, "receiving from this TCP stream");
        let write = Side::new(write, "sending into this TCP stream");
        Self { socket: Arc::new(Socket { read, write, closing: Mutex::new(()) }) }
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

    /// Connects to this address, and to no other.
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

    /// Closes it. Whoever waits on it gets [`StreamError::Closed`]; the descriptor is free on return.
    pub fn close(&self) {
        self.socket.close();
    }

    /// Its two halves, each with a task of its own.
    #[must_use]
    pub fn into_split(self) -> (TcpReceive, TcpSend) {
        (TcpReceive { socket: Arc::clone(&self.socket) }, TcpSend { socket: self.socket })
    }
}

impl Socket {
    async fn receive(&self, max: usize) -> Result<Option<Bytes>, StreamError> {
        if max == 0 {
            return Err(StreamError::ZeroMaximum);
        }
        self.read.exclusively(|io, cx| poll_receive(Pin::new(io), cx, max)).await
    }

    async fn send(&self, mut rest: &[u8]) -> Result<(), StreamError> {
        let send = |io: &mut OwnedWriteHalf, cx: &mut Context<'_>| {
            while !rest.is_empty() {
                let sent = ready!(Pin::new(&mut *io).poll_write(cx, rest))?;
                rest = &rest[sent..];
            }
            Poll::Ready(Ok(()))
        };
        self.write.exclusively(send).await
    }

    async fn send_eof(&self) -> Result<(), StreamError> {
        self.write.exclusively(|io, cx| Pin::new(io).poll_shutdown(cx)).await
    }

    fn close(&self) {
        let _closing = self.closing.lock();
        let (_read, write) = (self.read.close(), self.write.close());
        // Dropped as it is it would half-close first, which costs a call and tells the peer nothing new.
        if let Some(write) = write {
            write.forget();
        }
    }
}

impl Attributes for Socket {
    fn provide(&self, demand: &mut Demand<'_>) {
        let look = |what: fn(&tokio::net::TcpStream) -> io::Result<SocketAddr>| {
            self.read.look(|io| what(io.as_ref())).or_else(|_| self.write.look(|io| what(io.as_ref())))
        };
        demand
            .try_give::<LocalAddress, _>(|| look(tokio::net::TcpStream::local_addr))
            .try_give::<RemoteAddress, _>(|| look(tokio::net::TcpStream::peer_addr))
            .try_give::<Family, _>(|| look(tokio::net::TcpStream::local_addr).map(Into::into))
            .try_give::<RawDescriptor, _>(|| self.read.look(|io| Ok(io.as_ref().as_raw_fd())));
    }
}

impl Attributes for TcpStream {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.socket.provide(demand);
    }
}

/// The receiving half of a [`TcpStream`]. Dropped, it receives no more; the socket closes with the other half.
#[derive(Debug)]
pub struct TcpReceive {
    socket: Arc<Socket>,
}

/// The sending half of a [`TcpStream`]. Dropped, it says "no more from here".
#[derive(Debug)]
pub struct TcpSend {
    socket: Arc<Socket>,
}

impl Drop for TcpReceive {
    fn drop(&mut self) {
        drop(self.socket.read.close());
    }
}

impl Drop for TcpSend {
    fn drop(&mut self) {
        drop(self.socket.write.close());
    }
}

impl Attributes for TcpReceive {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.socket.provide(demand);
    }
}

impl Attributes for TcpSend {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.socket.provide(demand);
    }
}

macro_rules! reads {
    ($($end:ty),+) => {$(
        impl AsyncRead for $end {
            fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
                self.socket.read.poll(cx, |io, cx| Pin::new(io).poll_read(cx, to)).map_err(Into::into)
            }
        }
    )+};
}

macro_rules! writes {
    ($($end:ty),+) => {$(
        impl AsyncWrite for $end {
            fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
                self.socket.write.poll(cx, |io, cx| Pin::new(io).poll_write(cx, from)).map_err(Into::into)
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                from: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                self.socket.write.poll(cx, |io, cx| Pin::new(io).poll_write_vectored(cx, from)).map_err(Into::into)
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            /// The system has what was written.
            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.socket.write.poll(cx, |io, cx| Pin::new(io).poll_shutdown(cx)).map_err(Into::into)
            }
        }
    )+};
}

reads!(TcpStream, TcpReceive);
writes!(TcpStream, TcpSend);
