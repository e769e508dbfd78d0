//! Who is at the other end of a Unix socket, as the system vouches.

use crate::attributes::{Credentials, PeerCredentials};
use crate::{Attributes, AttributesExt, Peer};
use std::io;
use std::os::fd::OwnedFd;

/// The credentials of the peer of a stream.
pub(super) fn peer_credentials(io: &tokio::net::UnixStream) -> io::Result<Credentials> {
    let peer = io.peer_cred()?;
    // A peer that this process cannot see has the number 0.
    let pid = peer.pid().filter(|pid| *pid != 0);
    Ok(Credentials { uid: peer.uid(), gid: peer.gid(), pid })
}

/// The credentials of the peer of a socket that is connected, whatever its type: a stream of tokio asks, for
/// as long as that takes. It must be called in a runtime.
pub(super) fn of_peer(socket: &OwnedFd) -> io::Result<Credentials> {
    peer_credentials(&tokio::net::UnixStream::from_std(socket.try_clone()?.into())?)
}

/// The peer of a stream, as logs tell it.
pub(super) fn peer_of(stream: &impl Attributes) -> Peer {
    let credentials = stream.attribute::<PeerCredentials>();
    credentials.map_or_else(Peer::default, |credentials| Peer::from(credentials.to_string()))
}
