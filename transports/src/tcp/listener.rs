//! A TCP listener on one address.

use super::{TcpBindError, TcpListen, TcpStream};
use crate::attributes::{Family, LocalAddress, RawDescriptor};
use crate::descriptor::{INTERNET, RefusedDescriptor, State, Wanted, adopt};
use crate::listen::poll_next;
use crate::side::{Closing, Side};
use crate::{AcceptError, Accepted, Attributes, Demand, Listener, StreamError};
use arbour_primitives::scope::Gate;
use rustix::net::SocketType;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};

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
    closing: Closing,
}

impl TcpListener {
    /// Listens on an address; port 0 is one that is free. Of several addresses that a name has, on the first
    /// that can be bound. [`TcpListen`](super::TcpListen) has options, and listens on all of them.
    ///
    /// # Cancel safety
    ///
    /// It waits only while a name is resolved; dropped meanwhile, it has bound nothing. In a cancelled scope
    /// it does not begin.
    ///
    /// # Errors
    ///
    /// The address is taken, is not of this machine, or is not allowed.
    pub async fn bind(address: impl tokio::net::ToSocketAddrs) -> io::Result<Self> {
        let mut gate = Gate::new();
        poll_fn(|cx| gate.poll_enter(cx)).await;
        let mut last = io::Error::new(io::ErrorKind::InvalidInput, TcpBindError::NoAddress);
        for address in tokio::net::lookup_host(address).await? {
            match TcpListen::new().bind(address) {
                Ok(listener) => return Ok(listener),
                Err(error) => last = error.into(),
            }
        }
        Err(last)
    }

    /// Takes a socket that listens already, such as one that was inherited.
    ///
    /// # Errors
    ///
    /// [`RefusedDescriptor`], with the descriptor: it is no TCP socket that listens.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn from_descriptor(descriptor: impl Into<OwnedFd>) -> Result<Self, RefusedDescriptor> {
        let wanted = Wanted {
            name: "a listening TCP stream socket",
            families: INTERNET,
            kind: SocketType::STREAM,
            state: State::Listening,
        };
        adopt(descriptor.into(), wanted, Self::adopted)
    }

    /// Of a socket that listens and does not block.
    pub(super) fn adopted(socket: OwnedFd) -> io::Result<Self> {
        let listener = tokio::net::TcpListener::from_std(socket.into())?;
        let address = listener.local_addr()?;
        let side = Side::new(listener, "accepting from this TCP listener");
        Ok(Self { side, address, closing: Closing::new(()) })
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
        let (stream, peer) = self.side.exclusively(|io, cx| poll_next(|| io.poll_accept(cx))).await?;
        Ok((TcpStream::accepted(stream, peer), peer))
    }

    /// Closes it. Whoever accepts from it gets [`AcceptError::Closed`]; the descriptor is free on return.
    pub fn close(&self) {
        let _closing = self.closing.lock();
        drop(self.side.close());
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
