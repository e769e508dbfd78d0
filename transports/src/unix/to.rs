//! The way to a Unix socket, as a value.

use super::{UnixAddress, UnixAddressError, UnixStream};
use crate::{Connect, ConnectError};
use std::fmt;

/// The way to the Unix socket at an address.
///
/// # Examples
///
/// ```
/// use arbour::transports::unix::UnixConnect;
///
/// let connect = UnixConnect::to("/run/app.sock").unwrap();
/// assert_eq!(connect.to_string(), "unix:/run/app.sock");
/// assert!(UnixConnect::to("").is_err());
/// ```
#[derive(Debug, Clone)]
pub struct UnixConnect {
    address: UnixAddress,
}

impl UnixConnect {
    /// The way to this address.
    ///
    /// # Errors
    ///
    /// [`UnixAddressError`]: this is no address of a Unix socket.
    pub fn to(
        address: impl TryInto<UnixAddress, Error: Into<UnixAddressError>>,
    ) -> Result<Self, UnixAddressError> {
        Ok(Self { address: address.try_into().map_err(Into::into)? })
    }
}

impl Connect for UnixConnect {
    type Stream = UnixStream;

    async fn connect(&self) -> Result<UnixStream, ConnectError> {
        UnixStream::connect(&self.address).await
    }
}

impl fmt::Display for UnixConnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unix:{}", self.address)
    }
}
