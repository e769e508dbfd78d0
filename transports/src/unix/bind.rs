//! How Unix sockets get their addresses.

use super::file::{Manner, SocketFile, bind_to};
use super::{
    BindError, ConnectedUnixDatagram, UnixAddress, UnixAddressError, UnixDatagram, UnixListener,
    UnixPacketListener,
};
use crate::descriptor::open;
use crate::{ConnectError, NotConnected};
use rustix::net::{AddressFamily, SocketType, listen};
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;

/// How to bind to the address of a Unix socket: a path, or, on Linux, an abstract name.
///
/// A socket file that nobody uses any more is removed first. A socket that somebody still uses is left alone,
/// and so is a file that is no socket; asked to [`replace`](Self::replace), it removes a living socket too,
/// whose owner keeps its connections and gets no new ones. Whether a socket lives is found out without
/// disturbing it. Of two processes that start over one stale file at the same time one wins, and the other
/// hears of it: whoever removes a file has locked its folder (`flock`), which its user must be able to read.
///
/// # Examples
///
/// ```
/// use arbour::transports::unix::UnixBind;
/// use std::os::unix::fs::PermissionsExt;
///
/// # #[arbour::main]
/// # async fn main() {
/// # let folder = std::env::temp_dir().join(format!("arbour-bind-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// let path = folder.join("app.sock");
/// let listener = UnixBind::at(&path).unwrap().mode(0o600).listen().unwrap();
/// assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
/// let refused = UnixBind::at(&path).unwrap().listen().unwrap_err();
/// assert!(refused.to_string().ends_with("there is a socket that somebody uses: nothing is bound"));
///
/// drop(listener);
/// assert!(!path.exists());
/// # std::fs::remove_dir_all(folder).unwrap();
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "it binds nothing by itself"]
pub struct UnixBind {
    address: UnixAddress,
    manner: Manner,
    backlog: i32,
}

impl UnixBind {
    /// At this address.
    ///
    /// # Errors
    ///
    /// [`UnixAddressError`]: this is no address of a Unix socket.
    pub fn at(
        address: impl TryInto<UnixAddress, Error: Into<UnixAddressError>>,
    ) -> Result<Self, UnixAddressError> {
        let address = address.try_into().map_err(Into::into)?;
        Ok(Self { address, manner: Manner::default(), backlog: 1024 })
    }

    /// The permissions of the file, as in `0o600`; without, what the process's mask leaves of `0o777`. They
    /// are set before anybody can connect or send. Who connects or sends must be allowed to write.
    pub fn mode(mut self, mode: u32) -> Self {
        self.manner.mode = Some(mode & 0o7777);
        self
    }

    /// How many connections wait to be accepted before those who connect must wait; 1024 unless said.
    pub fn backlog(mut self, backlog: u16) -> Self {
        self.backlog = backlog.into();
        self
    }

    /// Takes the path over from a socket that somebody still uses.
    pub fn replace(mut self) -> Self {
        self.manner.replace = true;
        self
    }

    /// Listens for streams.
    ///
    /// # Errors
    ///
    /// [`BindError`].
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn listen(&self) -> Result<UnixListener, BindError> {
        let (socket, file) = self.listening(SocketType::STREAM)?;
        UnixListener::new(socket, file).map_err(|source| self.failed(source))
    }

    /// Listens for streams of packets.
    ///
    /// # Errors
    ///
    /// [`BindError`].
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn listen_for_packets(&self) -> Result<UnixPacketListener, BindError> {
        let (socket, file) = self.listening(SocketType::SEQPACKET)?;
        UnixPacketListener::new(socket, file).map_err(|source| self.failed(source))
    }

    /// A socket for datagrams from and to anybody.
    ///
    /// # Errors
    ///
    /// [`BindError`].
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn datagrams(&self) -> Result<UnixDatagram, BindError> {
        let (socket, file) = self.bound(SocketType::DGRAM)?;
        UnixDatagram::new(socket, file).map_err(|source| self.failed(source))
    }

    /// A socket for datagrams to one peer and from it, which answers to this address.
    ///
    /// # Errors
    ///
    /// [`ConnectError`], which names both addresses.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn connect_datagrams(
        &self,
        remote: impl TryInto<UnixAddress, Error: Into<UnixAddressError>>,
    ) -> Result<ConnectedUnixDatagram, ConnectError> {
        let target = |remote: &dyn fmt::Display| format!("unix:{remote} from {}", self.address);
        let remote = remote.try_into().map_err(|error| ConnectError::new(target(&"?"), error.into()))?;
        let failed = |error| ConnectError::new(target(&remote), NotConnected::Refused(error));
        let (socket, file) =
            self.bound(SocketType::DGRAM).map_err(|error| failed(io::Error::other(error)))?;
        ConnectedUnixDatagram::connected(socket, file, &remote).map_err(failed)
    }

    fn listening(&self, kind: SocketType) -> Result<(OwnedFd, Option<SocketFile>), BindError> {
        let (socket, file) = self.bound(kind)?;
        listen(&socket, self.backlog).map_err(|error| self.failed(error.into()))?;
        Ok((socket, file))
    }

    fn bound(&self, kind: SocketType) -> Result<(OwnedFd, Option<SocketFile>), BindError> {
        let socket = open(AddressFamily::UNIX, kind).map_err(|source| self.failed(source))?;
        bind_to(socket, &self.address, self.manner)
    }

    fn failed(&self, source: io::Error) -> BindError {
        BindError::System { address: self.address.clone(), source }
    }
}
