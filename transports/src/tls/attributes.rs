//! What a stream of TLS can say of itself, beside the attributes of what it wraps.

use super::error::TlsSide;
use super::names::SubjectNames;
use crate::attributes::attributes;
use arbour_primitives::attribute::Attribute;
use bytes::Bytes;
use rustls::pki_types::CertificateDer;
use std::fmt;
use tokio_rustls::rustls;

attributes! {
    /// The certificates that the peer presented, in DER, its own first. They were verified.
    PeerCertificates: Vec<CertificateDer<'static>> = "peer certificates";
    /// The names in the peer's own certificate.
    PeerNames: SubjectNames = "peer names";
    /// The application protocol that both sides agreed on (ALPN).
    AlpnProtocol: Bytes = "application protocol";
    /// The version of TLS.
    Version: TlsVersion = "TLS version";
    /// The cipher suite, by its name with IANA.
    CipherSuite: String = "cipher suite";
    /// The name or address by which the client asked for the server. A server does not hear of addresses.
    ServerName: String = "server name";
    /// Which end of the connection this side is.
    Side: TlsSide = "TLS side";
    /// Whether the peer must say goodbye before its bytes end, as the standard asks.
    StandardCompatible: bool = "standard compatible";
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl TlsVersion {
    pub(super) fn known(version: rustls::ProtocolVersion) -> Option<Self> {
        match version {
            rustls::ProtocolVersion::TLSv1_2 => Some(Self::Tls12),
            rustls::ProtocolVersion::TLSv1_3 => Some(Self::Tls13),
            _ => None,
        }
    }
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
        })
    }
}
