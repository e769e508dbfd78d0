//! tokio's own sockets as ours.

use super::{TcpListener, TcpStream};
use std::io;

/// Small sends go out at once from then on; other options stay as they are.
impl From<tokio::net::TcpStream> for TcpStream {
    fn from(stream: tokio::net::TcpStream) -> Self {
        Self::new(stream)
    }
}

/// The runtime that is current watches it from then on; outside a runtime this panics.
///
/// # Errors
///
/// The system refuses to tell its address, or to watch it. It is closed.
impl TryFrom<tokio::net::TcpListener> for TcpListener {
    type Error = io::Error;

    fn try_from(listener: tokio::net::TcpListener) -> io::Result<Self> {
        Self::adopted(listener.into_std()?.into())
    }
}
