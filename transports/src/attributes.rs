//! The attributes of this crate's streams and listeners.
//!
//! Ask for them with [`AttributesExt::attribute`](crate::AttributesExt::attribute).

use crate::unix::UnixAddress;
use arbour_primitives::attribute::Attribute;
use std::fmt;
use std::net::SocketAddr;

/// Attributes by name, type of value, and what they say.
macro_rules! attributes {
    ($($(#[$doc:meta])+ $key:ident: $value:ty = $name:literal;)+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $key;

        impl Attribute for $key {
            type Value = $value;
            const NAME: &'static str = $name;
        }
    )+};
}

#[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
pub(crate) use attributes;

attributes! {
    /// The address of this side of a TCP or UDP socket.
    LocalAddress: SocketAddr = "local address";
    /// The address of the peer of a TCP or connected UDP socket.
    RemoteAddress: SocketAddr = "remote address";
    /// The address of this side of a Unix socket.
    LocalUnixAddress: UnixAddress = "local Unix address";
    /// The address of the peer of a Unix socket; the sockets of most clients have no name.
    RemoteUnixAddress: UnixAddress = "remote Unix address";
    /// Who was at the other end of a Unix socket when it was connected, as the system vouches.
    PeerCredentials: Credentials = "peer credentials";
    /// Which kind of address a socket has.
    Family: AddressFamily = "family";
    /// The number of the descriptor, for looking at it; it is closed with its socket.
    RawDescriptor: std::os::fd::RawFd = "descriptor";
}

/// A process and in whose name it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Credentials {
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// The process, where the system tells it; by the time it is looked at it may be another's number.
    pub pid: Option<i32>,
}

/// As in "process 12 of user 1000".
impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(pid) = self.pid {
            write!(f, "process {pid} of ")?;
        }
        write!(f, "user {}", self.uid)
    }
}

/// A kind of address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AddressFamily {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
    /// A path, or an abstract name, on this machine.
    Unix,
}

impl From<SocketAddr> for AddressFamily {
    fn from(address: SocketAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }
}
