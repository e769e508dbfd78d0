//! What can be read as a way to connect.

#[cfg(test)]
mod tests;

use crate::tcp::TcpConnect;
use crate::unix::{UnixAddressError, UnixConnect};
use crate::{Connect, Host, HostError};
use std::convert::Infallible;
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

/// What can be read as a way to connect: every [`Connect`] is one; a host and a port are TCP, a path is Unix.
///
/// # Examples
///
/// ```
/// use arbour::transports::IntoConnect;
///
/// let connect = ("example.org", 443).into_connect().unwrap();
/// assert_eq!(connect.to_string(), "tcp:example.org:443");
/// assert_eq!(connect.attempt_delay(std::time::Duration::ZERO).into_connect().unwrap().port(), 443);
/// ```
pub trait IntoConnect {
    /// The way to connect.
    type Connect: Connect;
    /// Why this is no target.
    type Error: Error;

    /// The way to connect.
    ///
    /// # Errors
    ///
    /// This names no target.
    fn into_connect(self) -> Result<Self::Connect, Self::Error>;
}

impl<C: Connect> IntoConnect for C {
    type Connect = C;
    type Error = Infallible;

    fn into_connect(self) -> Result<C, Infallible> {
        Ok(self)
    }
}

macro_rules! tcp {
    ($($host:ty),+) => {$(
        impl IntoConnect for ($host, u16) {
            type Connect = TcpConnect;
            type Error = HostError;

            fn into_connect(self) -> Result<TcpConnect, HostError> {
                TcpConnect::to(self.0, self.1)
            }
        }
    )+};
}

tcp!(&str, String, IpAddr);

impl IntoConnect for SocketAddr {
    type Connect = TcpConnect;
    type Error = HostError;

    fn into_connect(self) -> Result<TcpConnect, HostError> {
        TcpConnect::to(Host::of(self), self.port())
    }
}

impl IntoConnect for &Path {
    type Connect = UnixConnect;
    type Error = UnixAddressError;

    fn into_connect(self) -> Result<UnixConnect, UnixAddressError> {
        UnixConnect::to(self)
    }
}
