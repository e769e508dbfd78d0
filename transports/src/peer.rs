//! Who is at the other end of a connection, as logs tell it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

/// Who is at the other end of a connection, as logs tell it; known before any handshake.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Peer(Who);

#[derive(Clone, Default, PartialEq, Eq)]
enum Who {
    #[default]
    Unknown,
    Address(SocketAddr),
    Named(Arc<str>),
}

impl Peer {
    /// Whether nothing is known of it.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.0 == Who::Unknown
    }
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self(Who::Address(address))
    }
}

impl From<String> for Peer {
    fn from(name: String) -> Self {
        Self(Who::Named(name.into()))
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Who::Unknown => f.write_str("an unknown peer"),
            Who::Address(address) => address.fmt(f),
            Who::Named(name) => f.write_str(name),
        }
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Peer({self})")
    }
}
