//! What a host is called: an address, or a name that has to be looked up.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use thiserror::Error;

/// A host: an address, or a name that has to be looked up.
///
/// A name in other letters than ASCII is looked up as IDNA 2008 spells it, with the feature `names`.
///
/// # Examples
///
/// ```
/// use arbour::transports::Host;
///
/// let host: Host = "[::1]".parse().unwrap();
/// assert_eq!(host.address(), Some("::1".parse().unwrap()));
/// assert_eq!("example.org".parse::<Host>().unwrap().address(), None);
/// assert_eq!("".parse::<Host>().unwrap_err().to_string(), "a host is needed, and the name is empty");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Host {
    /// As it was given.
    given: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Kind {
    /// With its scope, if it has one; its port says nothing.
    Address(SocketAddr),
    /// As resolvers take it.
    Name(String),
}

/// What was given names no host.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HostError {
    /// There is nothing.
    #[error("a host is needed, and the name is empty")]
    Empty,
    /// No name can be spelt like this.
    #[error("`{name}` is no host name: {why}")]
    Unspeakable {
        /// What was given.
        name: String,
        /// Why no resolver takes it.
        why: String,
    },
}

impl Host {
    /// As it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.given
    }

    /// The address, if it is one and no name.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match &self.kind {
            Kind::Address(address) => Some(address.ip()),
            Kind::Name(_) => None,
        }
    }

    /// The name in ASCII, as resolvers take it and certificates write it, if it is one and no address.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Address(_) => None,
            Kind::Name(name) => Some(name),
        }
    }

    /// The host of an address, without its port.
    pub(crate) fn of(address: SocketAddr) -> Self {
        Self { given: address.ip().to_string(), kind: Kind::Address(address) }
    }

    /// The address with this port, and with its scope, if it is one and no name.
    pub(crate) fn socket_address(&self, port: u16) -> Option<SocketAddr> {
        match &self.kind {
            Kind::Address(address) => {
                let mut address = *address;
                address.set_port(port);
                Some(address)
            }
            Kind::Name(_) => None,
        }
    }

    /// Reads an address, or a name.
    fn read(given: String) -> Result<Self, HostError> {
        let kind = match read_address(&given) {
            Some(address) => Kind::Address(address),
            None => Kind::Name(spelt(&given)?),
        };
        Ok(Self { given, kind })
    }
}

/// Reads an address; one of IPv6 may stand in brackets, and may have a scope in numbers.
fn read_address(given: &str) -> Option<SocketAddr> {
    let bare = given.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let of_v6 = format!("[{}]:0", bare.unwrap_or(given)).parse().ok();
    of_v6.or_else(|| given.parse::<Ipv4Addr>().ok().map(|address| SocketAddr::from((address, 0))))
}

fn spelt(name: &str) -> Result<String, HostError> {
    let unspeakable = |why: &str| HostError::Unspeakable { name: name.to_owned(), why: why.to_owned() };
    if name.is_empty() {
        return Err(HostError::Empty);
    }
    if let Some(stray) = name.chars().find(|char| char.is_whitespace() || char.is_control()) {
        return Err(unspeakable(&format!("it contains {stray:?}")));
    }
    if name.is_ascii() { Ok(name.to_owned()) } else { in_ascii(name).map_err(|why| unspeakable(&why)) }
}

#[cfg(feature = "names")]
fn in_ascii(name: &str) -> Result<String, String> {
    idna::domain_to_ascii(name).map_err(|error| format!("IDNA 2008 does not allow it ({error})"))
}

#[cfg(not(feature = "names"))]
fn in_ascii(_: &str) -> Result<String, String> {
    Err("it is not in ASCII, and the feature `names` is off".to_owned())
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.given)
    }
}

impl std::str::FromStr for Host {
    type Err = HostError;

    fn from_str(given: &str) -> Result<Self, HostError> {
        Self::read(given.to_owned())
    }
}

impl TryFrom<&str> for Host {
    type Error = HostError;

    fn try_from(given: &str) -> Result<Self, HostError> {
        given.parse()
    }
}

impl TryFrom<String> for Host {
    type Error = HostError;

    fn try_from(given: String) -> Result<Self, HostError> {
        Self::read(given)
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        Self::of(SocketAddr::new(address, 0))
    }
}

impl From<std::convert::Infallible> for HostError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
