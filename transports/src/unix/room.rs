//! Sending a datagram to whom the socket is not connected, whose queue may be full.
//!
//! Linux tells a socket that its peer's queue has room again only if the two are connected. So a second
//! socket is connected to the receiver, sends nothing, and is watched until it could.

use crate::descriptor::open;
use crate::polled::watch;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, connect};
use std::io;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll};
use tokio::io::unix::AsyncFd;

/// The wait for room for one datagram.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// What tells when the receiver has room, if it had none.
    beside: Option<AsyncFd<OwnedFd>>,
}

impl Room {
    /// Sends as soon as neither this socket nor the receiver is full.
    pub(super) fn poll(
        &mut self,
        socket: &AsyncFd<OwnedFd>,
        cx: &mut Context<'_>,
        to: &SocketAddrUnix,
        mut send: impl FnMut(&OwnedFd) -> Result<usize, Errno>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let own = socket.poll_write_ready(cx)?;
            let receiver_has_room = match &self.beside {
                Some(beside) => beside.poll_write_ready(cx)?.is_ready(),
                None => false,
            };
            if own.is_pending() && !receiver_has_room {
                return Poll::Pending;
            }
            match send(socket.get_ref()) {
                Err(Errno::AGAIN) => {}
                sent => return Poll::Ready(sent.map_err(Into::into)),
            }
            if let Poll::Ready(mut own) = own {
                own.clear_ready();
            }
            self.beside = if receiver_has_room && !is_writable(socket.get_ref())? {
                // It is this socket that is full; the system tells when it is not.
                None
            } else {
                // A fresh one, because what is said once is not said again.
                Some(connected(to)?)
            };
        }
    }
}

fn connected(to: &SocketAddrUnix) -> io::Result<AsyncFd<OwnedFd>> {
    let socket = open(AddressFamily::UNIX, SocketType::DGRAM)?;
    connect(&socket, to)?;
    watch(socket)
}

fn is_writable(socket: &OwnedFd) -> io::Result<bool> {
    let now = Timespec::default();
    Ok(poll(&mut [PollFd::new(socket, PollFlags::OUT)], Some(&now))? > 0)
}
