//! Descriptors that travel with bytes over a Unix socket.

#[cfg(test)]
mod tests;

use crate::StreamError;
use crate::datagrams::{DatagramError, Datagrams, Received};
use bytes::Bytes;
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketAddrUnix, recvmsg, sendmsg, sendmsg_addr,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use thiserror::Error;

/// How many descriptors the system carries with one message.
pub(super) const MOST: usize = 253;

/// What came in with descriptors.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReceivedDescriptors {
    /// The bytes; of a stream at least one.
    pub bytes: Bytes,
    /// The descriptors that came with the first of the bytes, or with the message; no program that is started
    /// inherits them.
    pub descriptors: Vec<OwnedFd>,
    /// How many more came than were asked for. They were closed.
    pub closed: usize,
    /// Whether the system has closed more, uncounted: this process may not have as many.
    pub cut: bool,
}

/// Why descriptors are not sent or received.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DescriptorError {
    /// Descriptors travel with bytes, and there are none.
    #[error("descriptors are to be sent without a byte: at least 1 must go with them")]
    NoBytes,
    /// The call is for descriptors, and there are none.
    #[error("no descriptor is to be sent: at least 1 is needed")]
    NoDescriptors,
    /// More than the system carries with one message.
    #[error("{count} descriptors are asked for: one message carries at most {most}")]
    TooMany {
        /// How many were asked for.
        count: usize,
        /// How many go with one message.
        most: usize,
    },
    /// The stream refuses.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The socket of datagrams or packets refuses.
    #[error(transparent)]
    Datagram(#[from] DatagramError),
}

/// Whether so many can go with a message.
pub(super) fn check_count(count: usize) -> Result<(), DescriptorError> {
    match count {
        0 => Err(DescriptorError::NoDescriptors),
        1..=MOST => Ok(()),
        _ => Err(DescriptorError::TooMany { count, most: MOST }),
    }
}

/// Sends what the system takes of the bytes, and all descriptors with the first of them.
pub(super) fn send(socket: BorrowedFd<'_>, bytes: &[u8], descriptors: &[impl AsFd]) -> io::Result<usize> {
    let bytes = [IoSlice::new(bytes)];
    Ok(with_control(descriptors, |control| sendmsg(socket, &bytes, control, SendFlags::NOSIGNAL))?)
}

/// Sends a datagram, and all descriptors with it, to this address.
pub(super) fn send_to(
    socket: BorrowedFd<'_>,
    bytes: &[u8],
    descriptors: &[impl AsFd],
    to: &SocketAddrUnix,
) -> Result<usize, Errno> {
    let bytes = [IoSlice::new(bytes)];
    with_control(descriptors, |control| sendmsg_addr(socket, to, &bytes, control, SendFlags::NOSIGNAL))
}

fn with_control<R>(
    descriptors: &[impl AsFd],
    send: impl FnOnce(&mut SendAncillaryBuffer<'_, '_, '_>) -> R,
) -> R {
    let descriptors: Vec<BorrowedFd<'_>> = descriptors.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&descriptors));
    send(&mut control)
}

/// Receives bytes into `room`, and all descriptors that come with them; `None` at the end of the stream.
pub(super) fn receive(
    socket: BorrowedFd<'_>,
    room: &mut [u8],
    max: usize,
) -> io::Result<Option<ReceivedDescriptors>> {
    let (received, carried) = receive_with(socket, room, max, RecvFlags::empty())?;
    Ok((!received.bytes.is_empty()).then(|| carried.with(received.bytes)))
}

/// Receives a message, at most as much of it as there is room, and all descriptors that come with it.
fn receive_message(socket: &OwnedFd, room: &mut [u8], max: usize) -> io::Result<(Received, Carried)> {
    // With its whole length, however much of it there is room for.
    receive_with(socket.as_fd(), room, max, RecvFlags::TRUNC)
}

/// Receives a message and at most so many descriptors.
pub(super) async fn receive_fds(
    socket: &Datagrams,
    max: usize,
) -> Result<(Received, Carried), DescriptorError> {
    check_count(max)?;
    let received = socket.receive_by(|socket, room| receive_message(socket, room, max)).await;
    Ok(received.map_err(DatagramError::from)?)
}

/// Sends a message, and descriptors with it, to the peer.
pub(super) async fn send_fds(
    socket: &Datagrams,
    bytes: &[u8],
    descriptors: &[impl AsFd],
) -> Result<(), DescriptorError> {
    check_count(descriptors.len())?;
    let sent = socket.send(|socket| send(socket.as_fd(), bytes, descriptors)).await;
    Ok(sent.map_err(|error| DatagramError::of_sending(error, bytes.len()))?)
}

/// The descriptors of a message.
pub(super) struct Carried {
    descriptors: Vec<OwnedFd>,
    closed: usize,
    cut: bool,
}

impl Carried {
    pub(super) fn with(self, bytes: Bytes) -> ReceivedDescriptors {
        let Self { descriptors, closed, cut } = self;
        ReceivedDescriptors { bytes, descriptors, closed, cut }
    }
}

/// There is room for as many descriptors as a message can carry, so that those which nobody asked for are
/// seen, counted and closed here. The bytes are a copy: who keeps them keeps no more than was received.
fn receive_with(
    socket: BorrowedFd<'_>,
    room: &mut [u8],
    max: usize,
    flags: RecvFlags,
) -> io::Result<(Received, Carried)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC | flags;
    let message = recvmsg(socket, &mut [IoSliceMut::new(room)], &mut control, flags)?;
    let mut descriptors: Vec<OwnedFd> = control.drain().flat_map(rights).flatten().collect();
    let closed = descriptors.drain(max.min(descriptors.len())..).count();
    let cut = message.flags.contains(ReturnFlags::CTRUNC);
    let bytes = Bytes::copy_from_slice(&room[..message.bytes.min(room.len())]);
    let received = Received { bytes, length: message.bytes, from: message.address };
    Ok((received, Carried { descriptors, closed, cut }))
}

fn rights(message: RecvAncillaryMessage<'_>) -> Option<impl Iterator<Item = OwnedFd>> {
    match message {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    }
}
