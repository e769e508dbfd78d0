//! A Unix listener: at a path or under an abstract name.

use super::accepting::Accepting;
use super::credentials::peer_of;
use super::file::SocketFile;
use super::{BindError, UnixAddress, UnixAddressError, UnixBind, UnixStream};
use crate::descriptor::{RefusedDescriptor, State, UNIX, Wanted, adopt};
use crate::{AcceptError, Accepted, Attributes, Demand, Listener};
use rustix::net::SocketType;
use std::io;
use std::os::fd::OwnedFd;

/// A Unix listener.
///
/// [`accept`](Self::accept) takes `&self`, so that anybody who shares it may close it; two who accept at a
/// time are [`AcceptError::Busy`]. Dropping it closes it, and closing it removes its file, if it is still
/// this listener's.
///
/// # Examples
///
/// See [`UnixStream`].
#[derive(Debug)]
pub struct UnixListener {
    core: Accepting,
}

impl UnixListener {
    /// Listens at an address, as [`UnixBind`] does unless it is told otherwise.
    ///
    /// # Errors
    ///
    /// [`BindError`]; a stale socket is removed, anything else is left alone.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn bind(
        address: impl TryInto<UnixAddress, Error: Into<UnixAddressError>>,
    ) -> Result<Self, BindError> {
        UnixBind::at(address)?.listen()
    }

    /// Takes a socket that listens already, such as one that was inherited. Its file stays when it is closed.
    ///
    /// # Errors
    ///
    /// [`RefusedDescriptor`], with the descriptor: it is no Unix stream socket that listens.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn from_descriptor(descriptor: impl Into<OwnedFd>) -> Result<Self, RefusedDescriptor> {
        let wanted = Wanted {
            name: "a listening Unix stream socket",
            families: UNIX,
            kind: SocketType::STREAM,
            state: State::Listening,
        };
        adopt(descriptor.into(), wanted, |descriptor| Self::new(descriptor, None))
    }

    pub(super) fn new(socket: OwnedFd, file: Option<SocketFile>) -> io::Result<Self> {
        Ok(Self { core: Accepting::new(socket, file, "accepting from this Unix listener")? })
    }

    /// The address at which it listens.
    #[must_use]
    pub fn local_address(&self) -> &UnixAddress {
        self.core.local_address()
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
    pub async fn accept(&self) -> Result<UnixStream, AcceptError> {
        let accepted = self.core.accept().await?;
        Ok(UnixStream::new(tokio::net::UnixStream::from_std(accepted.into())?))
    }

    /// Closes it and removes its file. Whoever accepts from it gets [`AcceptError::Closed`]; the descriptor is
    /// free on return.
    pub fn close(&self) {
        self.core.close();
    }
}

impl Listener for UnixListener {
    type Stream = UnixStream;

    async fn accept(&mut self) -> Result<Accepted<UnixStream>, AcceptError> {
        let stream = Self::accept(self).await?;
        let peer = peer_of(&stream);
        Ok(Accepted::ready(stream).from_peer(peer))
    }
}

impl Attributes for UnixListener {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.core.provide(demand);
    }
}
