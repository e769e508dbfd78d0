//! The attributes of this crate's streams and listeners.
//!
//! Ask for them with [`AttributesExt::attribute`](crate::AttributesExt::attribute).

use arbour_primitives::attribute::Attribute;
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
    /// Which kind of address a socket has.
    Family: AddressFamily = "family";
    /// The number of the descriptor, for looking at it; it is closed with its socket.
    RawDescriptor: std::os::fd::RawFd = "descriptor";
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
