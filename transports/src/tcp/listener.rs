//! A TCP listener on one address.

use super::TcpStream;
use crate::attributes::{Family, LocalAddress, RawDescriptor};
use crate::side::Side;
use crate::{AcceptError, Accepted, Attributes, Demand, Listener, StreamError};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::task::{Context, Poll, ready};

/// A TCP listener on one address.
///
/// [`accept`](Self::accept) takes `&self`, so that anybody who shares it may close it; two who accept at a
/// time are [`AcceptError::Busy`]. Dropping it closes it.
///
/// # Examples
///
/// See [`TcpStream`].
#[derive(Debug)]
pub struct TcpListener {
    side: Side<tokio::net::TcpListener>,
    address: SocketAddr,
}

impl TcpListener {
    /// Listens on an address; port 0 is one that is free.
    ///
    /// # Cancel safety
    ///
    /// It waits only while a name is resolved; dropped meanwhile, it has bound nothing.
    ///
    /// # Errors
    ///
    /// The address is taken, is not of this machine, or is not allowed.
    pub async fn bind(address: impl tokio::net::ToSocketAddrs) -> io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { side: Side::new(listener, "accepting from this TCP listener"), address })
    }

    /// The address it listens on.
    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for the next connection. Errors of connections that end before they are accepted are skipped.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has accepted nothing.
    ///
    /// # Errors
    ///
    /// [`AcceptError`].
    pub async fn accept(&self) -> Result<TcpStream, AcceptError> {
        self.accept_from().await.map(|(stream, _)| stream)
    }

    async fn accept_from(&self) -> Result<(TcpStream, SocketAddr), AcceptError> {
        let (stream, peer) = self.side.exclusively(|io, cx| poll_accept(io, cx)).await?;
        Ok((TcpStream::new(stream), peer))
    }

    /// Closes it. Whoever accepts from it gets [`AcceptError::Closed`]; the descriptor is free on return.
    pub fn close(&self) {
        drop(self.side.close());
    }
}

fn poll_accept(
    io: &tokio::net::TcpListener,
    cx: &mut Context<'_>,
) -> Poll<io::Result<(tokio::net::TcpStream, SocketAddr)>> {
    loop {
        match ready!(io.poll_accept(cx)) {
            Ok(accepted) => return Poll::Ready(Ok(accepted)),
            Err(error) if crate::listen::concerns_one_connection(&error) => {
                tracing::debug!(%error, "a connection ended before it was accepted");
            }
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> Result<Accepted<TcpStream>, AcceptError> {
        let (stream, peer) = self.accept_from().await?;
        Ok(Accepted::ready(stream).from_peer(peer))
    }
}

impl Attributes for TcpListener {
    fn provide(&self, demand: &mut Demand<'_>) {
        demand
            .give::<LocalAddress>(|| self.address)
            .give::<Family>(|| self.address.into())
            .try_give::<RawDescriptor, StreamError>(|| self.side.look(|io| Ok(io.as_raw_fd())));
    }
}
