//! Byte streams and listeners in memory, for tests and for two tasks of one process.

use crate::{
    AcceptError, Accepted, Attributes, Connect, ConnectError, Demand, Listener, NotConnected, StreamError,
};
use arbour_primitives::stream::{ReceiveStream, SendStream, memory_stream};
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};

/// Two ends of a byte stream in memory. Each direction holds at most so many bytes; a send that wants more
/// waits.
///
/// # Examples
///
/// ```
/// use arbour::transports::{ByteReceiveExt, ByteSendExt, byte_pipe};
///
/// # #[arbour::main]
/// # async fn main() {
/// let (mut here, mut there) = byte_pipe(1024);
/// here.send(b"hello").await.unwrap();
/// here.send_eof().await.unwrap();
/// assert_eq!(there.receive(16).await.unwrap().unwrap(), "hello");
/// assert!(there.receive(16).await.unwrap().is_none());
/// # }
/// ```
#[must_use]
pub fn byte_pipe(capacity: usize) -> (BytePipe, BytePipe) {
    let (here, there) = duplex(capacity);
    (BytePipe { io: here, ended: false }, BytePipe { io: there, ended: false })
}

/// One end of a [`byte_pipe`]. It has no attributes. Dropped, it is the end for the other, whose sends break.
#[derive(Debug)]
pub struct BytePipe {
    io: DuplexStream,
    ended: bool,
}

impl Attributes for BytePipe {
    fn provide(&self, _: &mut Demand<'_>) {}
}

impl AsyncRead for BytePipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, to)
    }
}

impl AsyncWrite for BytePipe {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        if self.ended {
            return Poll::Ready(Err(StreamError::Ended.into()));
        }
        Pin::new(&mut self.io).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.ended = true;
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// A listener in memory, and the way to it. Connections are pipes whose directions hold at most so many bytes.
///
/// # Examples
///
/// ```
/// use arbour::join;
/// use arbour::transports::{ByteReceiveExt, ByteSendExt, Connect, Listener, memory_listener};
///
/// # #[arbour::main]
/// # async fn main() {
/// let (mut listener, connect) = memory_listener("memory:greeter", 1024);
/// let (client, accepted) = join!(connect.connect(), listener.accept());
/// let mut server = accepted.unwrap().establish().await.unwrap();
/// server.send(b"hello").await.unwrap();
/// assert_eq!(client.unwrap().receive(16).await.unwrap().unwrap(), "hello");
/// # }
/// ```
#[must_use]
pub fn memory_listener(name: impl Into<String>, capacity: usize) -> (MemoryListener, MemoryConnect) {
    let (connections, accepted) = memory_stream(0);
    (MemoryListener { accepted }, MemoryConnect { name: name.into(), capacity, connections })
}

/// A listener in memory: see [`memory_listener`]. Dropped, it refuses whoever wants to connect.
#[derive(Debug)]
pub struct MemoryListener {
    accepted: ReceiveStream<BytePipe>,
}

impl Listener for MemoryListener {
    type Stream = BytePipe;

    /// Nobody can connect any more when the last way to it is gone: then it is closed.
    async fn accept(&mut self) -> Result<Accepted<BytePipe>, AcceptError> {
        self.accepted.recv().await.map(Accepted::ready).map_err(|_| AcceptError::Closed)
    }
}

impl Attributes for MemoryListener {
    fn provide(&self, _: &mut Demand<'_>) {}
}

/// The way to a listener in memory: see [`memory_listener`]. Clones lead to the same one.
#[derive(Debug, Clone)]
pub struct MemoryConnect {
    name: String,
    capacity: usize,
    connections: SendStream<BytePipe>,
}

impl Connect for MemoryConnect {
    type Stream = BytePipe;

    async fn connect(&self) -> Result<BytePipe, ConnectError> {
        let (here, there) = byte_pipe(self.capacity);
        let gone = || NotConnected::Refused(io::ErrorKind::ConnectionRefused.into());
        self.connections.send(there).await.map_err(|_| ConnectError::new(self.name.clone(), gone()))?;
        Ok(here)
    }
}

impl fmt::Display for MemoryConnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
