//! Where a Unix socket is: at a path, under an abstract name, or nowhere.

use rustix::net::{SocketAddrAny, SocketAddrUnix};
use std::convert::Infallible;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The address of a Unix socket: a path, an abstract name (on Linux), or none.
///
/// Texts, paths and raw bytes become one by `TryFrom`; what begins with a zero byte is an abstract name,
/// which is the rest.
///
/// # Examples
///
/// ```
/// use arbour::transports::unix::UnixAddress;
/// use std::path::Path;
///
/// let address = UnixAddress::try_from("/run/app.sock").unwrap();
/// assert_eq!(address.as_path(), Some(Path::new("/run/app.sock")));
/// # #[cfg(target_os = "linux")]
/// assert_eq!(UnixAddress::try_from("\0app").unwrap().to_string(), "@app");
/// assert!(UnixAddress::try_from("x".repeat(200)).is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UnixAddress(Place);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Place {
    Path(PathBuf),
    Abstract(Vec<u8>),
    Unnamed,
}

/// Why bytes are no address of a Unix socket.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UnixAddressError {
    /// The system keeps addresses in a small field, into which this one does not fit.
    #[error("`{}` has {length} bytes: the address of a Unix socket has at most {most}", .address.display())]
    TooLong {
        /// What was given.
        address: PathBuf,
        /// Its length in bytes.
        length: usize,
        /// How many bytes fit.
        most: usize,
    },
    /// A path ends at its first zero byte.
    #[error("`{}` has a zero byte in it: the path of a Unix socket cannot", .address.display())]
    ZeroByte {
        /// What was given.
        address: PathBuf,
    },
    /// Nothing is no path.
    #[error("the path of a Unix socket is empty")]
    Empty,
    /// Only Linux has abstract names.
    #[error("`{}` is an abstract name, which this system does not have", .address.display())]
    NoAbstractNames {
        /// What was given.
        address: PathBuf,
    },
}

/// The system's field for an address, less the zero byte at the end of a path, or at the beginning of a
/// name.
const MOST: usize = if cfg!(any(target_os = "linux", target_os = "android")) { 107 } else { 103 };

impl UnixAddress {
    /// The path, if it has one.
    #[must_use]
    pub fn as_path(&self) -> Option<&Path> {
        match &self.0 {
            Place::Path(path) => Some(path),
            Place::Abstract(_) | Place::Unnamed => None,
        }
    }

    /// The abstract name, without the zero byte that stands before it, if it has one.
    #[must_use]
    pub fn as_abstract_name(&self) -> Option<&[u8]> {
        match &self.0 {
            Place::Abstract(name) => Some(name),
            Place::Path(_) | Place::Unnamed => None,
        }
    }

    /// Whether it has neither, as the sockets of most clients.
    #[must_use]
    pub fn is_unnamed(&self) -> bool {
        self.0 == Place::Unnamed
    }

    /// Reads what somebody gives as one piece of bytes.
    fn read(bytes: Vec<u8>) -> Result<Self, UnixAddressError> {
        let (text, is_name) = (|bytes| PathBuf::from(OsString::from_vec(bytes)), bytes.starts_with(b"\0"));
        let length = bytes.len() - usize::from(is_name);
        if bytes.is_empty() {
            Err(UnixAddressError::Empty)
        } else if length > MOST {
            Err(UnixAddressError::TooLong { address: text(bytes), length, most: MOST })
        } else if is_name && !cfg!(any(target_os = "linux", target_os = "android")) {
            Err(UnixAddressError::NoAbstractNames { address: text(bytes) })
        } else if is_name {
            Ok(Self(Place::Abstract(bytes[1..].to_vec())))
        } else if bytes.contains(&0) {
            Err(UnixAddressError::ZeroByte { address: text(bytes) })
        } else {
            Ok(Self(Place::Path(text(bytes))))
        }
    }

    /// As the system takes it.
    pub(crate) fn to_system(&self) -> io::Result<SocketAddrUnix> {
        match &self.0 {
            Place::Path(path) => Ok(SocketAddrUnix::new(path.as_path())?),
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Place::Abstract(name) => Ok(SocketAddrUnix::new_abstract_name(name)?),
            #[cfg(not(any(target_os = "linux", target_os = "android")))]
            Place::Abstract(_) => Err(io::ErrorKind::Unsupported.into()),
            Place::Unnamed => Err(io::ErrorKind::AddrNotAvailable.into()),
        }
    }

    /// As the system tells it; what is no Unix address has no name.
    ///
    /// Neither has a path that fills the system's field to its last byte, which no zero byte ends: `rustix`
    /// panics at it, and a peer may have it.
    pub(crate) fn from_system(address: Option<SocketAddrAny>) -> Self {
        let readable = |address: &SocketAddrAny| address.addr_len() as usize <= size_of::<u16>() + MOST + 1;
        let address = address.filter(readable).and_then(|address| SocketAddrUnix::try_from(address).ok());
        address.map_or(Self(Place::Unnamed), |address| {
            #[cfg(any(target_os = "linux", target_os = "android"))]
            if let Some(name) = address.abstract_name().filter(|name| !name.is_empty()) {
                return Self(Place::Abstract(name.to_vec()));
            }
            let path = address.path_bytes().filter(|path| !path.is_empty());
            Self(
                path.map_or(Place::Unnamed, |path| {
                    Place::Path(Path::new(OsStr::from_bytes(path)).to_owned())
                }),
            )
        })
    }
}

impl fmt::Display for UnixAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Path(path) => write!(f, "{}", path.display()),
            Place::Abstract(name) => write!(f, "@{}", name.escape_ascii()),
            Place::Unnamed => f.write_str("(unnamed)"),
        }
    }
}

impl fmt::Debug for UnixAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnixAddress({self})")
    }
}

impl From<Infallible> for UnixAddressError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<&Self> for UnixAddress {
    fn from(address: &Self) -> Self {
        address.clone()
    }
}

/// What may be said for an address, as bytes.
macro_rules! from_bytes {
    ($($given:ty: $to_bytes:expr;)+) => {$(
        impl TryFrom<$given> for UnixAddress {
            type Error = UnixAddressError;

            fn try_from(given: $given) -> Result<Self, UnixAddressError> {
                let to_bytes: fn($given) -> Vec<u8> = $to_bytes;
                Self::read(to_bytes(given))
            }
        }
    )+};
}

from_bytes! {
    &str: |text| text.as_bytes().to_vec();
    String: String::into_bytes;
    &String: |text| text.as_bytes().to_vec();
    &[u8]: <[u8]>::to_vec;
    Vec<u8>: |bytes| bytes;
    &Path: |path| path.as_os_str().as_bytes().to_vec();
    PathBuf: |path| path.into_os_string().into_vec();
    &PathBuf: |path| path.as_os_str().as_bytes().to_vec();
}
