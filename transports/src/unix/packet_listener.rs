//! A Unix listener for streams of packets.

use super::accepting::Accepting;
use super::credentials::peer_of;
use super::file::SocketFile;
use super::{BindError, UnixAddress, UnixAddressError, UnixBind, UnixPackets};
use crate::{AcceptError, Accepted, Attributes, Demand, Listener};
use std::io;
use std::os::fd::OwnedFd;

/// A Unix listener for streams of packets; else it is what [`UnixListener`](super::UnixListener) is.
#[derive(Debug)]
pub struct UnixPacketListener {
    core: Accepting,
}

impl UnixPacketListener {
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
        UnixBind::at(address)?.listen_for_packets()
    }

    pub(super) fn new(socket: OwnedFd, file: Option<SocketFile>) -> io::Result<Self> {
        Ok(Self { core: Accepting::new(socket, file, "accepting from this Unix listener for packets")? })
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
    pub async fn accept(&self) -> Result<UnixPackets, AcceptError> {
        Ok(UnixPackets::new(self.core.accept().await?)?)
    }

    /// Closes it and removes its file. Whoever accepts from it gets [`AcceptError::Closed`]; the descriptor is
    /// free on return.
    pub fn close(&self) {
        self.core.close();
    }
}

impl Listener for UnixPacketListener {
    type Stream = UnixPackets;

    async fn accept(&mut self) -> Result<Accepted<UnixPackets>, AcceptError> {
        let stream = Self::accept(self).await?;
        let peer = peer_of(&stream);
        Ok(Accepted::ready(stream).from_peer(peer))
    }
}

impl Attributes for UnixPacketListener {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.core.provide(demand);
    }
}
