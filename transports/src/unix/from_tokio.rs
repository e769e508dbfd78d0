//! tokio's own sockets as ours.

use super::{UnixListener, UnixStream};
use std::io;

impl From<tokio::net::UnixStream> for UnixStream {
    fn from(stream: tokio::net::UnixStream) -> Self {
        Self::new(stream)
    }
}

/// The runtime that is current watches it from then on; outside a runtime this panics. Its file stays when it
/// is closed.
///
/// # Errors
///
/// The system refuses to tell its address, or to watch it. It is closed.
impl TryFrom<tokio::net::UnixListener> for UnixListener {
    type Error = io::Error;

    fn try_from(listener: tokio::net::UnixListener) -> io::Result<Self> {
        Self::new(listener.into_std()?.into(), None)
    }
}
