//! A Unix socket that listens, whatever becomes of what it accepts.

use super::UnixAddress;
use super::file::SocketFile;
use crate::attributes::{AddressFamily, Family, LocalUnixAddress, RawDescriptor};
use crate::descriptor::FRESH;
use crate::listen::poll_next;
use crate::polled::{poll_readable, watch};
use crate::side::Side;
use crate::{Attributes, Demand, StreamError};
use parking_lot::Mutex;
use rustix::net::{accept_with, getsockname};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::task::{Context, Poll};
use tokio::io::unix::AsyncFd;

#[derive(Debug)]
pub(super) struct Accepting {
    side: Side<AsyncFd<OwnedFd>>,
    address: UnixAddress,
    /// Locked while it is closed, so that who closes it second returns when it is closed too.
    file: Mutex<Option<SocketFile>>,
}

impl Accepting {
    /// Takes a socket that listens. The action completes "somebody else is …".
    pub(super) fn new(socket: OwnedFd, file: Option<SocketFile>, action: &'static str) -> io::Result<Self> {
        let address = UnixAddress::from_system(Some(getsockname(&socket)?));
        Ok(Self { side: Side::new(watch(socket)?, action), address, file: Mutex::new(file) })
    }

    pub(super) fn local_address(&self) -> &UnixAddress {
        &self.address
    }

    pub(super) async fn accept(&self) -> Result<OwnedFd, StreamError> {
        self.side.exclusively(|io, cx| poll_accept(io, cx)).await
    }

    /// Closes it, its file first: as long as the socket is open, no other file has its number.
    pub(super) fn close(&self) {
        let mut file = self.file.lock();
        drop(file.take());
        drop(self.side.close());
    }
}

/// The system is not asked for the peer's address: mio panics at the longest there can be.
fn poll_accept(io: &AsyncFd<OwnedFd>, cx: &mut Context<'_>) -> Poll<io::Result<OwnedFd>> {
    poll_next(|| poll_readable(io, cx, |io| Ok(accept_with(io, FRESH)?)))
}

impl Drop for Accepting {
    fn drop(&mut self) {
        self.close();
    }
}

impl Attributes for Accepting {
    fn provide(&self, demand: &mut Demand<'_>) {
        demand
            .give::<LocalUnixAddress>(|| self.address.clone())
            .give::<Family>(|| AddressFamily::Unix)
            .try_give::<RawDescriptor, StreamError>(|| self.side.look(|io| Ok(io.as_raw_fd())));
    }
}
