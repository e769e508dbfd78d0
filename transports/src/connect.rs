//! How to connect, as a value: what a client that reconnects is given.

use crate::HandshakeError;
use crate::unix::UnixAddressError;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use thiserror::Error;

/// A way to a fresh stream, as often as one is wanted.
///
/// Its `Display` names the target.
pub trait Connect: fmt::Display + Send + Sync {
    /// What a connection is.
    type Stream: Send + 'static;

    /// Opens a stream.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, every attempt is closed.
    ///
    /// # Errors
    ///
    /// [`ConnectError`], which names the target and every failure on the way.
    fn connect(&self) -> impl Future<Output = Result<Self::Stream, ConnectError>> + Send;

    /// The name or address of the host that it leads to, by which that can prove itself; none if it leads to no
    /// host.
    fn host_name(&self) -> Option<&str> {
        None
    }

    /// The way to the same target, to streams that are made of its streams.
    ///
    /// # Examples
    ///
    /// ```
    /// use arbour::join;
    /// use arbour::transports::{Buffered, ByteSendExt, Connect, Listener, memory_listener};
    ///
    /// # #[arbour::main]
    /// # async fn main() {
    /// let (mut listener, connect) = memory_listener("memory:greeter", 1024);
    /// let connect = connect.map(Buffered::new);
    /// let (client, accepted) = join!(connect.connect(), listener.accept());
    /// let mut server = accepted.unwrap().establish().await.unwrap();
    /// server.send(b"hello").await.unwrap();
    /// assert_eq!(client.unwrap().receive_exactly(5).await.unwrap(), "hello");
    /// # }
    /// ```
    fn map<T, F>(self, into: F) -> MapConnect<Self, F>
    where
        Self: Sized,
        T: Send + 'static,
        F: Fn(Self::Stream) -> T + Send + Sync,
    {
        MapConnect { connect: self, into }
    }
}

/// A way to streams made of streams; see [`Connect::map`].
#[derive(Clone)]
pub struct MapConnect<C, F> {
    connect: C,
    into: F,
}

impl<C, F, T> Connect for MapConnect<C, F>
where
    C: Connect,
    F: Fn(C::Stream) -> T + Send + Sync,
    T: Send + 'static,
{
    type Stream = T;

    async fn connect(&self) -> Result<T, ConnectError> {
        self.connect.connect().await.map(&self.into)
    }

    fn host_name(&self) -> Option<&str> {
        self.connect.host_name()
    }
}

impl<C: fmt::Display, F> fmt::Display for MapConnect<C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.connect.fmt(f)
    }
}

impl<C: fmt::Display, F> fmt::Debug for MapConnect<C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MapConnect({})", self.connect)
    }
}

/// No stream to a target could be opened.
#[derive(Debug, Error)]
#[error("cannot connect to {target}: {why}")]
#[non_exhaustive]
pub struct ConnectError {
    /// What was to be reached.
    pub target: String,
    /// Why it was not.
    #[source]
    pub why: NotConnected,
}

/// Why there is no connection.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NotConnected {
    /// The name could not be resolved.
    #[error("its name cannot be resolved: {0}")]
    NotResolved(#[source] io::Error),
    /// The name resolved to no address.
    #[error("its name has no address")]
    NoAddress,
    /// What was given is no address.
    #[error(transparent)]
    BadAddress(#[from] UnixAddressError),
    /// Each address failed, in the order of their failing.
    #[error("{}", listed(.0))]
    AllFailed(Vec<(SocketAddr, io::Error)>),
    /// The system refused.
    #[error("{0}")]
    Refused(#[source] io::Error),
    /// There is a connection, and the handshake on it failed.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
}

fn listed(failures: &[(SocketAddr, io::Error)]) -> String {
    let failures: Vec<String> =
        failures.iter().map(|(address, error)| format!("{address}: {error}")).collect();
    failures.join("; ")
}

impl ConnectError {
    /// An error about this target.
    pub fn new(target: impl Into<String>, why: impl Into<NotConnected>) -> Self {
        Self { target: target.into(), why: why.into() }
    }
}

/// A way to a stream whose type is not told. Clones lead to the same target.
pub struct BoxConnect<S>(Arc<dyn DynConnect<S>>);

impl<S: Send + 'static> BoxConnect<S> {
    /// Hides the type of a way to connect.
    #[must_use]
    pub fn new(connect: impl Connect<Stream = S> + 'static) -> Self {
        Self(Arc::new(connect))
    }
}

impl<S: Send + 'static> Connect for BoxConnect<S> {
    type Stream = S;

    async fn connect(&self) -> Result<S, ConnectError> {
        self.0.connect_boxed().await
    }

    fn host_name(&self) -> Option<&str> {
        self.0.host_name_boxed()
    }
}

impl<S> Clone for BoxConnect<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> fmt::Display for BoxConnect<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<S> fmt::Debug for BoxConnect<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BoxConnect({})", self.0)
    }
}

type Connecting<'a, S> = Pin<Box<dyn Future<Output = Result<S, ConnectError>> + Send + 'a>>;

trait DynConnect<S>: fmt::Display + Send + Sync {
    fn connect_boxed(&self) -> Connecting<'_, S>;
    fn host_name_boxed(&self) -> Option<&str>;
}

impl<C: Connect> DynConnect<C::Stream> for C {
    fn connect_boxed(&self) -> Connecting<'_, C::Stream> {
        Box::pin(self.connect())
    }

    fn host_name_boxed(&self) -> Option<&str> {
        self.host_name()
    }
}
