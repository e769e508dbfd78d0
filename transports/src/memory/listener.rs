//! A listener in memory, and the way to it.

use super::{MemoryStream, stream};
use crate::{AcceptError, Accepted, Attributes, Connect, ConnectError, Demand, Listener, NotConnected};
use arbour_primitives::stream::{ReceiveStream, RecvError, SendStream, memory_stream};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// So many bytes may be on their way in each direction of an accepted stream.
const CAPACITY: usize = 64 * 1024;

/// So many connections may wait to be accepted.
const BACKLOG: usize = 128;

/// Makes a listener in memory, and the way to it; the name is for logs.
///
/// # Examples
///
/// ```
/// use arbour::transports::{ByteReceiveExt, ByteSendExt, Connect, memory};
/// use arbour::{serve, task_group};
///
/// # #[arbour::main]
/// # async fn main() {
/// let (listener, connect) = memory::listener("greeter");
/// task_group(async |group| {
///     let greet = async |mut stream: memory::MemoryStream| stream.send(b"hello").await;
///     group.spawn(serve(listener, greet).run());
///     let mut client = connect.connect().await.unwrap();
///     assert_eq!(client.receive(64).await.unwrap().unwrap(), "hello");
///     group.cancel("enough");
/// })
/// .await
/// .unwrap();
/// assert!(connect.connect().await.is_err());
/// # }
/// ```
#[must_use]
pub fn listener(name: &str) -> (MemoryListener, MemoryConnect) {
    let (send, waiting) = memory_stream(BACKLOG);
    let connect = MemoryConnect { name: name.into(), send, next: Arc::default() };
    (MemoryListener { _open: connect.send.clone(), waiting }, connect)
}

/// A listener in memory; see [`listener`].
#[derive(Debug)]
pub struct MemoryListener {
    waiting: ReceiveStream<Waiting>,
    /// It stays open when all ways to it are dropped: nobody can tell that none will be made.
    _open: SendStream<Waiting>,
}

/// The way to a listener in memory. Clones lead to the same one.
#[derive(Debug, Clone)]
pub struct MemoryConnect {
    name: Arc<str>,
    send: SendStream<Waiting>,
    next: Arc<AtomicU64>,
}

/// A stream that waits to be accepted, and the number of its connection.
type Waiting = (MemoryStream, String);

impl Listener for MemoryListener {
    type Stream = MemoryStream;

    async fn accept(&mut self) -> Result<Accepted<MemoryStream>, AcceptError> {
        let accepted = self.waiting.recv().await;
        let (stream, peer) = accepted.map_err(|error| match error {
            RecvError::EndOfStream => AcceptError::Closed,
            other => AcceptError::Broken(io::Error::other(other)),
        })?;
        Ok(Accepted::ready(stream).from_peer(peer))
    }
}

impl Connect for MemoryConnect {
    type Stream = MemoryStream;

    async fn connect(&self) -> Result<MemoryStream, ConnectError> {
        let (client, server) = stream(CAPACITY);
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let sent = self.send.send((server, format!("{self}#{number}"))).await;
        let refused = NotConnected::Refused(io::ErrorKind::ConnectionRefused.into());
        sent.map(|()| client).map_err(|_| ConnectError::new(self.to_string(), refused))
    }
}

/// Memory has nothing to say of itself.
impl Attributes for MemoryListener {
    fn provide(&self, _: &mut Demand<'_>) {}
}

impl fmt::Display for MemoryConnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "memory:{}", self.name)
    }
}
