//! Where streams come from that somebody else opens.

use crate::{ByteStream, Peer, StreamError};
use arbour_primitives::attribute::{Attributes, Demand};
use arbour_primitives::scope::BoxFuture;
use arbour_primitives::sync::BusyResource;
use std::error::Error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Poll, ready};
use std::time::Duration;
use thiserror::Error;

/// What streams are accepted from.
///
/// Usually it is handed to `arbour::serve`.
pub trait Listener: Attributes + Send {
    /// What is accepted.
    type Stream: Send + 'static;

    /// Waits for the next stream.
    ///
    /// Errors that concern only a connection that is not yet accepted are skipped.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has accepted nothing, or what it accepted is given to the next call.
    ///
    /// # Errors
    ///
    /// The listener is closed or broken, or the system has no room for another stream; after
    /// [`AcceptError::Exhausted`] it can go on.
    fn accept(&mut self) -> impl Future<Output = Result<Accepted<Self::Stream>, AcceptError>> + Send;

    /// A listener that gives streams made of the streams of this one; see [`Connect::map`](crate::Connect::map).
    fn map<T, F>(self, into: F) -> MapListener<Self, F>
    where
        Self: Sized,
        T: Send + 'static,
        F: Fn(Self::Stream) -> T + Clone + Send + 'static,
    {
        MapListener { listener: self, into }
    }
}

/// A listener that gives streams made of streams; see [`Listener::map`].
pub struct MapListener<L, F> {
    listener: L,
    into: F,
}

impl<L, F, T> Listener for MapListener<L, F>
where
    L: Listener,
    F: Fn(L::Stream) -> T + Clone + Send + 'static,
    T: Send + 'static,
{
    type Stream = T;

    async fn accept(&mut self) -> Result<Accepted<T>, AcceptError> {
        let into = self.into.clone();
        self.listener.accept().await.map(|accepted| accepted.map(into))
    }
}

impl<L: fmt::Debug, F> fmt::Debug for MapListener<L, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MapListener").field(&self.listener).finish()
    }
}

impl<L: Attributes, F> Attributes for MapListener<L, F> {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.listener.provide(demand);
    }
}

/// A connection that was accepted; a handshake may have to follow before it is a stream.
///
/// The handshake is made by [`establish`](Self::establish), so that whoever accepts need not wait for a
/// peer that is slow. Dropped, the connection is closed.
///
/// Its [`peer`](Self::peer) is known from the beginning, so that a handshake that fails can be told with it.
pub struct Accepted<S> {
    state: State<S>,
    peer: Peer,
}

enum State<S> {
    Ready(S),
    Handshake(BoxFuture<Result<S, HandshakeError>>),
}

impl<S: Send + 'static> Accepted<S> {
    /// A stream that needs no handshake.
    #[must_use]
    pub fn ready(stream: S) -> Self {
        Self { state: State::Ready(stream), peer: Peer::default() }
    }

    /// A stream that is one after its handshake.
    #[must_use]
    pub fn after(handshake: impl Future<Output = Result<S, HandshakeError>> + Send + 'static) -> Self {
        Self { state: State::Handshake(Box::pin(handshake)), peer: Peer::default() }
    }

    /// Says who is at the other end.
    #[must_use]
    pub fn from_peer(self, peer: impl Into<Peer>) -> Self {
        Self { peer: peer.into(), ..self }
    }

    /// Who is at the other end, as far as the listener could tell.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Whether a handshake has to be made before it is a stream.
    #[must_use]
    pub fn needs_handshake(&self) -> bool {
        matches!(self.state, State::Handshake(_))
    }

    /// The stream, after its handshake if it needs one.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, the connection is closed.
    ///
    /// # Errors
    ///
    /// The handshake failed; the connection is closed.
    pub async fn establish(self) -> Result<S, HandshakeError> {
        match self.state {
            State::Ready(stream) => Ok(stream),
            State::Handshake(handshake) => handshake.await,
        }
    }

    /// The same with a stream that is made of it, after the handshake.
    #[must_use]
    pub fn map<T: Send + 'static>(self, into: impl FnOnce(S) -> T + Send + 'static) -> Accepted<T> {
        let state = match self.state {
            State::Ready(stream) => State::Ready(into(stream)),
            State::Handshake(handshake) => {
                State::Handshake(Box::pin(async move { handshake.await.map(into) }) as BoxFuture<_>)
            }
        };
        Accepted { state, peer: self.peer }
    }

    /// The same with another handshake upon it, which makes the stream that is given in the end.
    #[must_use]
    pub fn and_then<T, F>(self, next: impl FnOnce(S) -> F + Send + 'static) -> Accepted<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, HandshakeError>> + Send + 'static,
    {
        let Self { state, peer } = self;
        let first = Self { state, peer: Peer::default() };
        Accepted::after(async move { next(first.establish().await?).await }).from_peer(peer)
    }
}

impl<S> fmt::Debug for Accepted<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Ready(_) => "ready",
            State::Handshake(_) => "before its handshake",
        };
        f.debug_struct("Accepted").field("peer", &self.peer).field("state", &state).finish()
    }
}

/// Why a listener gives no stream.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// It was closed on this side.
    #[error("the listener was closed on this side")]
    Closed,
    /// Somebody else accepts from it at this moment.
    #[error(transparent)]
    Busy(#[from] BusyResource),
    /// The system has no descriptors or no memory for another connection, or watches as many as it may; there
    /// is room again when others end.
    #[error("the system has no room for another connection: {0}")]
    Exhausted(#[source] io::Error),
    /// The listener does not work any more.
    #[error("the listener broke: {0}")]
    Broken(#[source] io::Error),
}

/// Accepts what is accepted next; errors of connections that ended before they were accepted are skipped.
pub(crate) fn poll_next<T>(mut accept: impl FnMut() -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
    loop {
        match ready!(accept()) {
            Err(error) if concerns_one_connection(&error) => {
                tracing::debug!(%error, "a connection ended before it was accepted");
            }
            accepted => return Poll::Ready(accepted),
        }
    }
}

/// Whether an error of accepting concerns a connection that ended before it was accepted, and nobody else.
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    let of_the_network = [
        libc::EPROTO,
        libc::EPERM,
        libc::ENOPROTOOPT,
        libc::EOPNOTSUPP,
        libc::EHOSTDOWN,
        #[cfg(target_os = "linux")]
        libc::ENONET,
    ];
    matches!(
        error.kind(),
        Kind::ConnectionAborted
            | Kind::ConnectionReset
            | Kind::Interrupted
            | Kind::NetworkDown
            | Kind::NetworkUnreachable
            | Kind::HostUnreachable
    ) || error.raw_os_error().is_some_and(|code| of_the_network.contains(&code))
}

impl From<StreamError> for AcceptError {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Closed => Self::Closed,
            StreamError::Busy(busy) => Self::Busy(busy),
            other => Self::from(io::Error::from(other)),
        }
    }
}

impl From<io::Error> for AcceptError {
    fn from(error: io::Error) -> Self {
        // The last is said where the system watches as many descriptors as it may.
        let of_room = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM, libc::ENOSPC];
        if error.raw_os_error().is_some_and(|code| of_room.contains(&code)) {
            Self::Exhausted(error)
        } else {
            Self::Broken(error)
        }
    }
}

/// Why an accepted or opened connection did not become a stream.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The peer did not finish the handshake in time.
    #[error("the peer did not finish the handshake within {0:?}")]
    TimedOut(Duration),
    /// The handshake failed.
    #[error("the handshake failed: {0}")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

/// A listener whose type is not told, for lists of different ones.
pub struct BoxListener<S>(Box<dyn DynListener<S>>);

impl<S: Send + 'static> BoxListener<S> {
    /// Hides the type of a listener.
    #[must_use]
    pub fn new(listener: impl Listener<Stream = S> + 'static) -> Self {
        Self(Box::new(listener))
    }
}

impl BoxListener<Box<dyn ByteStream>> {
    /// Hides the types of a listener and of its streams, for lists of different kinds.
    #[must_use]
    pub fn of_byte_streams(listener: impl Listener<Stream: ByteStream> + 'static) -> Self {
        Self::new(listener.map(|stream| Box::new(stream) as Box<dyn ByteStream>))
    }
}

impl<S: Send + 'static> Listener for BoxListener<S> {
    type Stream = S;

    async fn accept(&mut self) -> Result<Accepted<S>, AcceptError> {
        self.0.accept_boxed().await
    }
}

impl<S> Attributes for BoxListener<S> {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.0.provide(demand);
    }
}

impl<S> fmt::Debug for BoxListener<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxListener")
    }
}

type Accepting<'a, S> = Pin<Box<dyn Future<Output = Result<Accepted<S>, AcceptError>> + Send + 'a>>;

trait DynListener<S>: Attributes + Send {
    fn accept_boxed(&mut self) -> Accepting<'_, S>;
}

impl<L: Listener> DynListener<L::Stream> for L {
    fn accept_boxed(&mut self) -> Accepting<'_, L::Stream> {
        Box::pin(self.accept())
    }
}

#[cfg(test)]
mod trio_highlevel_socket {
    //! What the system says of accepting, which no test can make it say.

    use super::{AcceptError, poll_next};
    use std::io;
    use std::task::Poll;

    /// Accepts what the system is made to say, the last first.
    fn accept(says: &mut Vec<Result<u8, i32>>) -> Poll<Result<u8, AcceptError>> {
        let next = poll_next(|| match says.pop() {
            None => Poll::Pending,
            Some(said) => Poll::Ready(said.map_err(io::Error::from_raw_os_error)),
        });
        next.map_err(AcceptError::from)
    }

    #[test]
    fn socketlistener_accept_errors() {
        let skipped = [
            libc::ECONNABORTED,
            libc::EPERM,
            libc::EPROTO,
            libc::ENETDOWN,
            libc::EHOSTDOWN,
            libc::EHOSTUNREACH,
        ];
        let mut says = vec![Ok(7)];
        says.extend(skipped.map(Err));
        assert!(matches!(accept(&mut says), Poll::Ready(Ok(7))));

        let mut says =
            vec![Ok(8), Err(libc::ENOSPC), Err(libc::ENOBUFS), Err(libc::EMFILE), Err(libc::EFAULT)];
        assert!(matches!(accept(&mut says), Poll::Ready(Err(AcceptError::Broken(_)))));
        assert!(matches!(accept(&mut says), Poll::Ready(Err(AcceptError::Exhausted(_)))));
        assert!(matches!(accept(&mut says), Poll::Ready(Err(AcceptError::Exhausted(_)))));
        assert!(matches!(accept(&mut says), Poll::Ready(Err(AcceptError::Exhausted(_)))));
        assert!(matches!(accept(&mut says), Poll::Ready(Ok(8))));
        assert!(accept(&mut says).is_pending());
    }
}
