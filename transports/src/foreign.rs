//! Streams that others made, as byte streams.

#[cfg(test)]
mod tests;

use crate::forward::{forward_reads, forward_writes};
use crate::{Attribute, Attributes, AttributesExt, Demand};
use std::fmt;
use tokio::io::{AsyncRead, AsyncWrite};

/// Makes a byte stream of whatever reads and writes by tokio's traits: a pipe of a child process, a connection
/// that was upgraded, a stream of another library. One that only reads, or only writes, is that half of one.
///
/// It has the attributes that it is given, and no others. tokio's own sockets need it not: a
/// [`TcpStream`](crate::tcp::TcpStream) and a [`UnixStream`](crate::unix::UnixStream) are made of them by
/// [`From`], with all attributes. What is not `Unpin` is pinned first, by [`Box::pin`].
///
/// # Examples
///
/// ```
/// use arbour::transports::attributes::RemoteAddress;
/// use arbour::transports::{AttributesExt, ByteReceiveExt, ByteSendExt, Foreign};
///
/// # #[arbour::main]
/// # async fn main() {
/// let (client, server) = tokio::io::duplex(64);
/// let mut client = Foreign::new(client);
/// let mut server = Foreign::new(server).with::<RemoteAddress>("192.0.2.1:80".parse().unwrap());
/// client.send(b"hello").await.unwrap();
/// assert_eq!(server.receive(64).await.unwrap().unwrap(), "hello");
/// assert_eq!(server.attribute::<RemoteAddress>().unwrap().port(), 80);
/// # }
/// ```
pub struct Foreign<S> {
    stream: S,
    attributes: Vec<Box<dyn Given>>,
}

/// An attribute with its value.
trait Given: Send + Sync {
    fn give(&self, demand: &mut Demand<'_>);
}

struct Value<A: Attribute>(A::Value);

impl<A: Attribute<Value: Clone + Send + Sync>> Given for Value<A> {
    fn give(&self, demand: &mut Demand<'_>) {
        demand.give::<A>(|| self.0.clone());
    }
}

impl<S> Foreign<S> {
    /// A stream without attributes.
    pub fn new(stream: S) -> Self {
        Self { stream, attributes: Vec::new() }
    }

    /// Gives it an attribute; given twice, the last counts.
    #[must_use]
    pub fn with<A: Attribute<Value: Clone + Send + Sync>>(mut self, value: A::Value) -> Self {
        self.attributes.insert(0, Box::new(Value::<A>(value)));
        self
    }

    /// The stream.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// The stream, for its own calls.
    pub fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// The stream, without attributes.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

forward_reads!([S: AsyncRead + Unpin] Foreign<S>, stream);
forward_writes!([S: AsyncWrite + Unpin] Foreign<S>, stream);

impl<S> Attributes for Foreign<S> {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.attributes.iter().for_each(|attribute| attribute.give(demand));
    }
}

impl<S> fmt::Debug for Foreign<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Foreign").field("attributes", &self.list_attributes()).finish_non_exhaustive()
    }
}
