//! Descriptors that others made: whether one is the socket that is needed.

#[cfg(test)]
mod tests;

use crate::unix::UnixAddress;
use rustix::io::{Errno, FdFlags, fcntl_setfd, ioctl_fionbio};
use rustix::net::{AddressFamily, SocketFlags, SocketType, getpeername, getsockname, socket_with, sockopt};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use thiserror::Error;

/// A descriptor that is not what was needed; it is given back.
#[derive(Debug, Error)]
#[error("{why}")]
#[non_exhaustive]
pub struct RefusedDescriptor {
    /// What was handed in, open as before.
    pub descriptor: OwnedFd,
    /// What is wrong with it.
    #[source]
    pub why: UnfitDescriptor,
}

/// Why a descriptor does not do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UnfitDescriptor {
    /// It is a file, a pipe or whatever else.
    #[error("{wanted} is needed, and this descriptor is no socket")]
    NoSocket {
        /// What was needed.
        wanted: &'static str,
    },
    /// It is a socket of another type or of another family of addresses.
    #[error("{wanted} is needed, and this is {found}")]
    OtherSocket {
        /// What was needed.
        wanted: &'static str,
        /// What it is.
        found: String,
    },
    /// It is the right kind of socket, in the wrong state.
    #[error("{wanted} is needed, and this one is {found}")]
    OtherState {
        /// What was needed.
        wanted: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// The system did not tell what it is, or did not take it.
    #[error("the system refused the descriptor: {0}")]
    System(#[source] io::Error),
}

/// How sockets are made: non-blocking, and inherited by no program that is started.
pub(crate) const FRESH: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);

/// A fresh socket.
pub(crate) fn open(family: AddressFamily, kind: SocketType) -> io::Result<OwnedFd> {
    Ok(socket_with(family, kind, FRESH, None)?)
}

/// The kind of socket that is needed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// As in "a connected TCP socket".
    pub(crate) name: &'static str,
    pub(crate) families: &'static [AddressFamily],
    pub(crate) kind: SocketType,
    pub(crate) state: State,
}

/// The state in which a socket is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Connected,
    Listening,
    /// Bound, and connected to nobody.
    Bound,
    Unconnected,
}

/// The families of TCP and UDP.
pub(crate) const INTERNET: &[AddressFamily] = &[AddressFamily::INET, AddressFamily::INET6];
/// The family of Unix sockets.
pub(crate) const UNIX: &[AddressFamily] = &[AddressFamily::UNIX];

/// Takes a descriptor that is the socket wanted, makes it non-blocking and inherited by no program that is
/// started, and makes of it what it shall be.
///
/// What fails to be made has closed its descriptor: a copy is there to be given back.
pub(crate) fn adopt<S>(
    descriptor: OwnedFd,
    wanted: Wanted,
    make: impl FnOnce(OwnedFd) -> io::Result<S>,
) -> Result<S, RefusedDescriptor> {
    let refused = |descriptor, why| RefusedDescriptor { descriptor, why };
    if let Err(why) = check(&descriptor, wanted) {
        return Err(refused(descriptor, why));
    }
    match descriptor.try_clone() {
        Ok(copy) => make(descriptor).map_err(|error| refused(copy, UnfitDescriptor::System(error))),
        Err(error) => Err(refused(descriptor, UnfitDescriptor::System(error))),
    }
}

fn check(descriptor: &OwnedFd, wanted: Wanted) -> Result<(), UnfitDescriptor> {
    let kind = sockopt::socket_type(descriptor).map_err(|error| match error {
        Errno::NOTSOCK => UnfitDescriptor::NoSocket { wanted: wanted.name },
        error => error.into(),
    })?;
    let family = getsockname(descriptor)?.address_family();
    if kind != wanted.kind || !wanted.families.contains(&family) {
        let found = Found { family, kind }.to_string();
        return Err(UnfitDescriptor::OtherSocket { wanted: wanted.name, found });
    }
    let found = state(descriptor)?;
    if let Some(found) = found.fails(wanted.state) {
        return Err(UnfitDescriptor::OtherState { wanted: wanted.name, found });
    }
    fcntl_setfd(descriptor, FdFlags::CLOEXEC)?;
    Ok(ioctl_fionbio(descriptor, true)?)
}

/// What a socket is at this moment.
struct Now {
    connected: bool,
    listening: bool,
    bound: bool,
}

fn state(descriptor: &OwnedFd) -> Result<Now, Errno> {
    let connected = match getpeername(descriptor) {
        Ok(_) => true,
        // A peer that is gone already was there.
        Err(Errno::INVAL) => true,
        Err(Errno::NOTCONN) => false,
        Err(error) => return Err(error),
    };
    let listening = sockopt::socket_acceptconn(descriptor)?;
    let local = getsockname(descriptor)?;
    let bound = match SocketAddr::try_from(local.clone()) {
        Ok(address) => address.port() != 0,
        Err(_) => !UnixAddress::from_system(Some(local)).is_unnamed(),
    };
    Ok(Now { connected, listening, bound })
}

impl Now {
    /// What it is instead of what is wanted.
    fn fails(&self, wanted: State) -> Option<&'static str> {
        match wanted {
            State::Connected => (!self.connected).then_some("not connected"),
            State::Listening if !self.bound => Some("not bound"),
            State::Listening => (!self.listening).then_some("not listening"),
            State::Bound | State::Unconnected if self.connected => Some("connected"),
            State::Unconnected => None,
            State::Bound => (!self.bound).then_some("not bound"),
        }
    }
}

/// What a socket is, as "a datagram socket of the Unix family".
struct Found {
    family: AddressFamily,
    kind: SocketType,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            SocketType::STREAM => f.write_str("a stream socket")?,
            SocketType::DGRAM => f.write_str("a datagram socket")?,
            SocketType::SEQPACKET => f.write_str("a sequenced-packet socket")?,
            kind => write!(f, "a socket of type {}", kind.as_raw())?,
        }
        match self.family {
            AddressFamily::INET => f.write_str(" of the IPv4 family"),
            AddressFamily::INET6 => f.write_str(" of the IPv6 family"),
            AddressFamily::UNIX => f.write_str(" of the Unix family"),
            family => write!(f, " of the address family {}", family.as_raw()),
        }
    }
}

impl From<Errno> for UnfitDescriptor {
    fn from(error: Errno) -> Self {
        Self::System(error.into())
    }
}
