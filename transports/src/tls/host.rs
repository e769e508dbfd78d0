//! Host names as certificates write them.

use super::error::TlsError;
use crate::Host;
use tokio_rustls::rustls::pki_types::ServerName;

/// A name or an address by which a server proves itself: certificates write names as resolvers take them.
pub(super) fn server_name(host: &str) -> Result<ServerName<'static>, TlsError> {
    let bad = || TlsError::BadHostName { name: host.to_owned() };
    let host: Host = host.parse().map_err(|_| bad())?;
    match (host.address(), host.name()) {
        (Some(address), _) => Ok(address.into()),
        (None, name) => {
            ServerName::try_from(name.unwrap_or_default()).map(|name| name.to_owned()).map_err(|_| bad())
        }
    }
}
