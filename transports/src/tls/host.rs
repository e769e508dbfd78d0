//! Host names as certificates write them.

use super::error::TlsError;
use tokio_rustls::rustls::pki_types::ServerName;

/// A name or an address by which a server proves itself.
pub(super) fn server_name(host: &str) -> Result<ServerName<'static>, TlsError> {
    let plain = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(plain)
        .map(|name| name.to_owned())
        .map_err(|_| TlsError::BadHostName { name: host.to_owned() })
}
