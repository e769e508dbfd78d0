//! A listener in memory, and the way to it.

use super::{BytePipe, byte_pipe};
use crate::{AcceptError, Accepted, Attributes, Connect, ConnectError, Demand, Listener, NotConnected};
use arbour_primitives::stream::{ReceiveStream, SendStream, memory_stream};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
    let connect = MemoryConnect { name: name.into().into(), capacity, connections, next: Arc::default() };
    (MemoryListener { accepted }, connect)
}

/// A listener in memory: see [`memory_listener`]. Dropped, it refuses whoever wants to connect.
#[derive(Debug)]
pub struct MemoryListener {
    accepted: ReceiveStream<Waiting>,
}

/// A stream that waits to be accepted, and what its peer is called.
type Waiting = (BytePipe, String);

impl Listener for MemoryListener {
    type Stream = BytePipe;

    /// Nobody can connect any more when the last way to it is gone: then it is closed.
    async fn accept(&mut self) -> Result<Accepted<BytePipe>, AcceptError> {
        let (stream, peer) = self.accepted.recv().await.map_err(|_| AcceptError::Closed)?;
        Ok(Accepted::ready(stream).from_peer(peer))
    }
}

impl Attributes for MemoryListener {
    fn provide(&self, _: &mut Demand<'_>) {}
}

/// The way to a listener in memory: see [`memory_listener`]. Clones lead to the same one.
#[derive(Debug, Clone)]
pub struct MemoryConnect {
    name: Arc<str>,
    capacity: usize,
    connections: SendStream<Waiting>,
    next: Arc<AtomicU64>,
}

impl Connect for MemoryConnect {
    type Stream = BytePipe;

    async fn connect(&self) -> Result<BytePipe, ConnectError> {
        let (here, there) = byte_pipe(self.capacity);
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let sent = self.connections.send((there, format!("{self}#{number}"))).await;
        let refused = NotConnected::Refused(io::ErrorKind::ConnectionRefused.into());
        sent.map(|()| here).map_err(|_| ConnectError::new(self.to_string(), refused))
    }
}

impl fmt::Display for MemoryConnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
