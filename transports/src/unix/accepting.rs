//! A Unix socket that listens, whatever becomes of what it accepts.

use super::UnixAddress;
use super::file::SocketFile;
use crate::attributes::{AddressFamily, Family, LocalUnixAddress, RawDescriptor};
use crate::descriptor::FRESH;
use crate::listen::poll_next;
use crate::polled::{Reading, watch};
use crate::side::{Closing, Side};
use crate::{Attributes, Demand, StreamError};
use rustix::net::{accept_with, getsockname};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::task::{Context, Poll};

#[derive(Debug)]
pub(super) struct Accepting {
    side: Side<Reading>,
    address: UnixAddress,
    file: Closing<Option<SocketFile>>,
}

impl Accepting {
    /// Takes a socket that listens. The action completes "somebody else is …".
    pub(super) fn new(socket: OwnedFd, file: Option<SocketFile>, action: &'static str) -> io::Result<Self> {
        let address = UnixAddress::from_system(Some(getsockname(&socket)?));
        let socket = Reading::new(Arc::new(watch(socket)?));
        Ok(Self { side: Side::new(socket, action), address, file: Closing::new(file) })
    }

    pub(super) fn local_address(&self) -> &UnixAddress {
        &self.address
    }

    pub(super) async fn accept(&self) -> Result<OwnedFd, StreamError> {
        self.side.exclusively(poll_accept).await
    }

    /// Closes it, its file first: as long as the socket is open, no other file has its number.
    pub(super) fn close(&self) {
        let mut file = self.file.lock();
        drop(file.take());
        drop(self.side.close());
    }
}

/// The system is not asked for the peer's address: mio panics at the longest there can be.
fn poll_accept(socket: &mut Reading, cx: &mut Context<'_>) -> Poll<io::Result<OwnedFd>> {
    poll_next(|| socket.poll(cx, |socket| Ok(accept_with(socket, FRESH)?)))
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
