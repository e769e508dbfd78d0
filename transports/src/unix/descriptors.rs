//! Descriptors that travel with bytes over a Unix stream.

use crate::StreamError;
use bytes::Bytes;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
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
    /// The bytes, at least one.
    pub bytes: Bytes,
    /// The descriptors that came with the first of the bytes; no program that is started inherits them.
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
    let descriptors: Vec<BorrowedFd<'_>> = descriptors.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&descriptors));
    Ok(sendmsg(socket, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL)?)
}

/// Receives bytes into `room`, and all descriptors that come with them; `None` at the end of the stream.
///
/// There is room for as many descriptors as a message can carry, so that those which nobody asked for are
/// seen, counted and closed here.
pub(super) fn receive(
    socket: BorrowedFd<'_>,
    room: &mut [u8],
    max: usize,
) -> io::Result<Option<ReceivedDescriptors>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(socket, &mut [IoSliceMut::new(room)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut descriptors: Vec<OwnedFd> = control.drain().flat_map(rights).flatten().collect();
    let closed = descriptors.drain(max.min(descriptors.len())..).count();
    let cut = received.flags.contains(ReturnFlags::CTRUNC);
    // A copy: who keeps it keeps no more than was received.
    let bytes = Bytes::copy_from_slice(&room[..received.bytes]);
    Ok((!bytes.is_empty()).then_some(ReceivedDescriptors { bytes, descriptors, closed, cut }))
}

fn rights(message: RecvAncillaryMessage<'_>) -> Option<impl Iterator<Item = OwnedFd>> {
    match message {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    }
}
