//! Why a datagram is not sent or not received.

use super::Received;
use crate::StreamError;
use arbour_primitives::sync::BusyResource;
use bytes::Bytes;
use rustix::io::Errno;
use std::fmt;
use std::io;
use thiserror::Error;

/// Why a datagram is not sent, or not received whole.
///
/// After all but [`Closed`](Self::Closed) a socket of datagrams can be used on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DatagramError {
    /// It was closed on this side, before or while it was used.
    #[error("the socket was closed on this side")]
    Closed,
    /// Somebody else does the same at this moment.
    #[error(transparent)]
    Busy(#[from] BusyResource),
    /// The datagram is larger than what the socket can send.
    #[error("a datagram of {length} bytes is too large for this socket: nothing of it was sent")]
    TooLarge {
        /// How large it is.
        length: usize,
        /// What the system says.
        source: io::Error,
    },
    /// An empty packet is to be sent, in a stream of packets.
    #[error("an empty packet cannot be told from the end of the stream: nothing was sent")]
    Empty,
    /// A datagram came in that is larger than what the socket receives; the rest of it is lost.
    #[error("a datagram of {length} bytes was cut short: this socket receives at most {}", .bytes.len())]
    Truncated {
        /// Its beginning.
        bytes: Bytes,
        /// How large it was.
        length: usize,
    },
    /// Nobody receives at the other end: a datagram that was sent before, or this one, was refused there.
    #[error("nobody receives at the other end: {0}")]
    Refused(#[source] io::Error),
    /// The system refuses for another reason.
    #[error("the system refused: {0}")]
    System(#[source] io::Error),
}

impl DatagramError {
    /// Of a send of so many bytes.
    pub(crate) fn of_sending(error: StreamError, length: usize) -> Self {
        match Self::from(error) {
            Self::System(source) if source.raw_os_error() == Some(Errno::MSGSIZE.raw_os_error()) => {
                Self::TooLarge { length, source }
            }
            other => other,
        }
    }
}

impl From<StreamError> for DatagramError {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Closed => Self::Closed,
            StreamError::Busy(busy) => Self::Busy(busy),
            other => match io::Error::from(other) {
                error if error.kind() == io::ErrorKind::ConnectionRefused => Self::Refused(error),
                error => Self::System(error),
            },
        }
    }
}

impl Received {
    /// The whole message, or an error with what there is of it.
    pub(crate) fn whole(self) -> Result<Self, DatagramError> {
        if self.length > self.bytes.len() {
            return Err(DatagramError::Truncated { bytes: self.bytes, length: self.length });
        }
        Ok(self)
    }
}

/// An object that was not sent, which is given back.
#[derive(Error)]
#[error("{error}")]
#[non_exhaustive]
pub struct Unsent<T> {
    /// What was to be sent.
    pub item: T,
    /// Why it was not.
    #[source]
    pub error: DatagramError,
}

impl<T> fmt::Debug for Unsent<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsent").field("error", &self.error).finish_non_exhaustive()
    }
}
