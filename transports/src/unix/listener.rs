//! A Unix listener: at a path or under an abstract name.

use super::file::{Manner, SocketFile, bind_to};
use super::{BindError, UnixAddress, UnixAddressError, UnixStream};
use crate::attributes::{AddressFamily, Family, LocalUnixAddress, PeerCredentials, RawDescriptor};
use crate::descriptor::{FRESH, RefusedDescriptor, State, UNIX, Wanted, adopt, open};
use crate::listen::poll_next;
use crate::polled::{poll_readable, watch};
use crate::side::Side;
use crate::{AcceptError, Accepted, Attributes, AttributesExt, Demand, Listener, Peer, StreamError};
use parking_lot::Mutex;
use rustix::net::{AddressFamily as SystemFamily, SocketType, accept_with, listen};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::task::{Context, Poll};
use tokio::io::unix::AsyncFd;

/// A Unix listener.
///
/// [`accept`](Self::accept) takes `&self`, so that anybody who shares it may close it; two who accept at a
/// time are [`AcceptError::Busy`]. Dropping it closes it, and closing it removes its file, if it is still
/// this listener's.
///
/// # Examples
///
/// See [`UnixStream`].
#[derive(Debug)]
pub struct UnixListener {
    side: Side<AsyncFd<OwnedFd>>,
    address: UnixAddress,
    file: Mutex<Option<SocketFile>>,
}

impl UnixListener {
    /// Listens at an address, as [`UnixListen`] does unless it is told otherwise.
    ///
    /// # Errors
    ///
    /// [`BindError`]; a stale socket is removed, anything else is left alone.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn bind(
        address: impl TryInto<UnixAddress, Error: Into<UnixAddressError>>,
    ) -> Result<Self, BindError> {
        UnixListen::at(address)?.bind()
    }

    /// Takes a socket that listens already, such as one that was inherited. Its file stays when it is closed.
    ///
    /// # Errors
    ///
    /// [`RefusedDescriptor`], with the descriptor: it is no Unix stream socket that listens.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn from_descriptor(descriptor: impl Into<OwnedFd>) -> Result<Self, RefusedDescriptor> {
        let wanted = Wanted {
            name: "a listening Unix stream socket",
            families: UNIX,
            kind: SocketType::STREAM,
            state: State::Listening,
        };
        adopt(descriptor.into(), wanted, |descriptor| Self::new(descriptor, None))
    }

    fn new(socket: OwnedFd, file: Option<SocketFile>) -> io::Result<Self> {
        let address = UnixAddress::from_system(Some(rustix::net::getsockname(&socket)?));
        let side = Side::new(watch(socket)?, "accepting from this Unix listener");
        Ok(Self { side, address, file: Mutex::new(file) })
    }

    /// The address at which it listens.
    #[must_use]
    pub fn local_address(&self) -> &UnixAddress {
        &self.address
    }

    /// Waits for the next connection. Errors of connections that end before they are accepted are skipped.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has accepted nothing.
    ///
    /// # Errors
    ///
    /// [`AcceptError`].
    pub async fn accept(&self) -> Result<UnixStream, AcceptError> {
        let accepted = self.side.exclusively(|io, cx| poll_accept(io, cx)).await?;
        Ok(UnixStream::new(tokio::net::UnixStream::from_std(accepted.into())?))
    }

    /// Closes it and removes its file. Whoever accepts from it gets [`AcceptError::Closed`]; the descriptor is
    /// free on return.
    pub fn close(&self) {
        // The file first, and held until the socket is closed: who closes it second waits here.
        let mut file = self.file.lock();
        drop(file.take());
        drop(self.side.close());
    }
}

impl Drop for UnixListener {
    fn drop(&mut self) {
        self.close();
    }
}

/// The system is not asked for the peer's address: mio panics at the longest there can be.
fn poll_accept(io: &AsyncFd<OwnedFd>, cx: &mut Context<'_>) -> Poll<io::Result<OwnedFd>> {
    poll_next(|| poll_readable(io, cx, |io| Ok(accept_with(io, FRESH)?)))
}

impl Listener for UnixListener {
    type Stream = UnixStream;

    async fn accept(&mut self) -> Result<Accepted<UnixStream>, AcceptError> {
        let stream = Self::accept(self).await?;
        let peer = stream
            .attribute::<PeerCredentials>()
            .map_or_else(Peer::default, |peer| Peer::from(peer.to_string()));
        Ok(Accepted::ready(stream).from_peer(peer))
    }
}

impl Attributes for UnixListener {
    fn provide(&self, demand: &mut Demand<'_>) {
        demand
            .give::<LocalUnixAddress>(|| self.address.clone())
            .give::<Family>(|| AddressFamily::Unix)
            .try_give::<RawDescriptor, StreamError>(|| self.side.look(|io| Ok(io.as_raw_fd())));
    }
}

/// How to listen at the address of a Unix socket.
///
/// A socket file that nobody uses any more is removed first. A socket that somebody still uses is left alone,
/// and so is a file that is no socket; asked to [`replace`](Self::replace), it removes a living socket too,
/// whose owner keeps its connections and gets no new ones. Whether a socket lives is found out without
/// disturbing it. Of two processes that start over one stale file at the same time one wins, and the other
/// hears of it.
///
/// # Examples
///
/// ```
/// use arbour::transports::unix::UnixListen;
/// use std::os::unix::fs::PermissionsExt;
///
/// # #[arbour::main]
/// # async fn main() {
/// # let folder = std::env::temp_dir().join(format!("arbour-listen-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// let path = folder.join("app.sock");
/// let listener = UnixListen::at(&path).unwrap().mode(0o600).bind().unwrap();
/// assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
/// let refused = UnixListen::at(&path).unwrap().bind().unwrap_err();
/// assert!(refused.to_string().ends_with("there is a socket that somebody uses: nothing is bound"));
///
/// drop(listener);
/// assert!(!path.exists());
/// # std::fs::remove_dir_all(folder).unwrap();
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "it binds nothing before `bind`"]
pub struct UnixListen {
    address: UnixAddress,
    manner: Manner,
    backlog: i32,
}

impl UnixListen {
    /// A listener at this address, which is a path, or, on Linux, an abstract name.
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
    /// are set before anybody can connect. Who may connect must be allowed to write.
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

    /// Begins to listen for streams.
    ///
    /// # Errors
    ///
    /// [`BindError`].
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn bind(&self) -> Result<UnixListener, BindError> {
        let (socket, file) = self.listening(SocketType::STREAM)?;
        UnixListener::new(socket, file).map_err(|source| self.failed(source))
    }

    /// A socket of this type that listens.
    pub(super) fn listening(&self, kind: SocketType) -> Result<(OwnedFd, Option<SocketFile>), BindError> {
        let socket = open(SystemFamily::UNIX, kind).map_err(|source| self.failed(source))?;
        let (socket, file) = bind_to(socket, &self.address, self.manner)?;
        listen(socket.as_fd(), self.backlog).map_err(|error| self.failed(error.into()))?;
        Ok((socket, file))
    }

    pub(super) fn failed(&self, source: io::Error) -> BindError {
        BindError::System { address: self.address.clone(), source }
    }
}
