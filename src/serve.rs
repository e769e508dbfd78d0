//! Serving: a child task for each connection of a listener.

mod accepting;
mod connection;
mod error;
mod handshakes;
mod roll;
mod server;
#[cfg(test)]
mod tests;

pub use error::{Handled, ServeError};

use crate::sync::CapacityLimiter;
use crate::{TaskGroup, task_group};
use accepting::Course;
use arbour_transports::{Attributes, Listener};
use connection::{Authorise, Service};
use handshakes::Handshakes;
use roll::Roll;
use server::{Gatekeeper, Server};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Serves the connections of a listener, each in a child task of its own, until it is asked to stop.
///
/// The handler is called with each stream, and owns it: the stream is closed when the handler has
/// returned, failed, panicked or was cancelled. What a connection does never touches another: its errors
/// and panics are reported with its peer, and counted. Handlers read the stream's attributes before, or
/// instead of, its bytes; [`authorise`](Serve::authorise) does so before they begin.
///
/// When the scope it runs in is asked to [drain](crate::stopping), or the listener breaks, the listener is
/// closed; handlers see the drain and have [30 s](Serve::drain_within) until what is left of them is
/// cancelled. Cancelled, it closes the listener at once.
///
/// Where the system has no descriptors or no memory left for another connection, accepting is tried again
/// every 100 ms, and reported once.
///
/// # Examples
///
/// ```
/// use arbour::transports::attributes::RemoteAddress;
/// use arbour::transports::tcp::{TcpListener, TcpStream};
/// use arbour::transports::AttributesExt;
/// use arbour::{Failure, serve, task_group};
///
/// # #[arbour::main]
/// # async fn main() {
/// let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
/// let address = listener.local_address();
/// let server = serve(listener, async |stream: TcpStream| {
///     while let Some(bytes) = stream.receive(1024).await? {
///         stream.send(&bytes).await?;
///     }
///     Ok::<_, Failure>(())
/// })
/// .max_connections(100)
/// .authorise(|peer| match peer.attribute::<RemoteAddress>() {
///     Some(address) if address.ip().is_loopback() => Ok(()),
///     _ => Err("only for this machine"),
/// });
///
/// task_group(async |group| {
///     let served = group.spawn(server.run());
///     let client = TcpStream::connect(address).await.unwrap();
///     client.send(b"hello").await.unwrap();
///     assert_eq!(client.receive(1024).await.unwrap().unwrap(), "hello");
///     client.close();
///     group.scope().drain();
///     served.await.unwrap();
/// })
/// .await
/// .unwrap();
/// # }
/// ```
pub fn serve<L, H>(listener: L, handler: H) -> Serve<L, H> {
    Serve {
        listener,
        handler,
        group: None,
        max_connections: 1_000,
        max_handshakes: 256,
        drain_within: Duration::from_secs(30),
        authorise: None,
        roll: Arc::default(),
    }
}

/// A server that has not begun: see [`serve`].
#[must_use = "a server does nothing until it runs"]
pub struct Serve<L, H> {
    listener: L,
    handler: H,
    group: Option<TaskGroup>,
    max_connections: usize,
    max_handshakes: usize,
    drain_within: Duration,
    authorise: Option<Authorise>,
    roll: Arc<Roll>,
}

/// What a server has done so far; see [`ServeHandle::statistics`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServeStatistics {
    /// Connections that are open now, their handshakes and their clean-up included.
    pub open: usize,
    /// All connections that were accepted.
    pub accepted: u64,
    /// Connections whose handler returned without an error.
    pub served: u64,
    /// Connections that were not authorised.
    pub refused: u64,
    /// Connections whose handshake or handler failed or panicked.
    pub failed: u64,
    /// Connections that were cancelled, or unfinished in their handshake when the server was asked to stop.
    pub cut: u64,
}

/// Looks at a server, before, while and after it runs. Cheap to clone.
#[derive(Clone)]
pub struct ServeHandle {
    roll: Arc<Roll>,
}

impl ServeHandle {
    /// What the server has done so far.
    #[must_use]
    pub fn statistics(&self) -> ServeStatistics {
        self.roll.statistics()
    }
}

impl<L, H> Serve<L, H> {
    /// So many connections at a time: at the limit accepting pauses until one has ended, and who connects
    /// waits in the system's backlog. Default 1,000, which fits into the 1,024 descriptors that most
    /// systems give a process.
    pub fn max_connections(self, limit: usize) -> Self {
        Self { max_connections: limit, ..self }
    }

    /// So many connections at a time may be in their handshake; others wait their turn, and one that is
    /// unfinished after 2 s gives way to who waits. Default 256.
    pub fn max_handshakes(self, limit: usize) -> Self {
        Self { max_handshakes: limit, ..self }
    }

    /// How long handlers may go on when the server drains; then they are cancelled. An earlier limit of
    /// whoever asks to drain counts. Default 30 s.
    pub fn drain_within(self, limit: Duration) -> Self {
        Self { drain_within: limit, ..self }
    }

    /// Asks before each connection's handler begins whether it may come in, by the attributes of its
    /// stream, before anybody reads a byte of it. An error refuses: the connection is closed, and the
    /// error reported with the peer.
    pub fn authorise<R: fmt::Display>(
        self,
        hook: impl Fn(&dyn Attributes) -> Result<(), R> + Send + Sync + 'static,
    ) -> Self {
        let hook: Authorise = Box::new(move |peer| hook(peer).map_err(|why| why.to_string()));
        Self { authorise: Some(hook), ..self }
    }

    /// Makes the connections children of this group instead of the server's own. Cancelling the server then
    /// leaves them to the group; draining either drains both.
    pub fn in_group(self, group: &TaskGroup) -> Self {
        Self { group: Some(group.clone()), ..self }
    }

    /// Looks at the server.
    #[must_use]
    pub fn handle(&self) -> ServeHandle {
        ServeHandle { roll: Arc::clone(&self.roll) }
    }

    /// Serves until it is asked to stop.
    ///
    /// # Cancel safety
    ///
    /// Dropped or cancelled, the listener is closed, and the connections are cancelled unless they are
    /// children of a [given group](Self::in_group).
    ///
    /// # Errors
    ///
    /// [`ServeError`]: the listener broke or was closed, or a limit is 0.
    pub async fn run<F>(self) -> Result<(), ServeError>
    where
        L: Listener<Stream: Attributes>,
        H: Fn(L::Stream) -> F + Send + Sync + 'static,
        F: Future<Output: Handled> + Send + 'static,
    {
        self.check()?;
        match self.group.clone() {
            Some(group) => self.server(group).run().await,
            None => task_group(|group| self.server(group).run()).await?,
        }
    }

    fn check(&self) -> Result<(), ServeError> {
        let limits = [("max_connections", self.max_connections), ("max_handshakes", self.max_handshakes)];
        match limits.iter().find(|(_, limit)| *limit == 0) {
            Some((name, _)) => Err(ServeError::ZeroLimit(name)),
            None => Ok(()),
        }
    }

    fn server(self, group: TaskGroup) -> Server<L, H> {
        let Self { handler, authorise, .. } = self;
        let handshakes = Handshakes::new(self.max_handshakes);
        Server {
            listener: self.listener,
            service: Arc::new(Service { handler, authorise, handshakes }),
            group,
            room: CapacityLimiter::new(self.max_connections),
            course: Course::default(),
            gate: Gatekeeper { roll: self.roll, drain_within: self.drain_within },
        }
    }
}

impl<L, H> fmt::Debug for Serve<L, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve")
            .field("max_connections", &self.max_connections)
            .field("max_handshakes", &self.max_handshakes)
            .field("drain_within", &self.drain_within)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ServeHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServeHandle").field(&self.statistics()).finish()
    }
}
