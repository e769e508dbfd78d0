//! Why a stream of bytes or of datagrams refuses.

use crate::TooSlow;
use arbour_primitives::sync::BusyResource;
use std::io;
use thiserror::Error;

/// Why a stream refuses to send or to receive.
///
/// Where bytes go through tokio's traits, it travels inside an [`io::Error`] and comes out of it again by
/// [`From`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StreamError {
    /// It was closed on this side, before or while it was used.
    #[error("the stream was closed on this side")]
    Closed,
    /// The sending side was ended on this side; receiving goes on.
    #[error("the sending side of the stream was ended: nothing more can be sent")]
    Ended,
    /// It broke: the peer is gone, or the system reports a fault.
    #[error("the stream broke: {0}")]
    Broken(#[source] io::Error),
    /// The peer's bytes ended without its saying so: there may have been more, which somebody cut off.
    #[error("the peer's bytes ended without its goodbye: what it sent may have been cut short")]
    Truncated,
    /// Somebody else does the same at this moment.
    #[error(transparent)]
    Busy(#[from] BusyResource),
    /// The peer exceeded a limit of time.
    #[error(transparent)]
    TooSlow(#[from] TooSlow),
    /// The call asks for at most nothing.
    #[error("a receive of at most 0 bytes is asked for: at least 1 is needed")]
    ZeroMaximum,
}

impl From<io::Error> for StreamError {
    fn from(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(ours) => ours,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Self::Truncated,
            Err(error) => Self::Broken(error),
        }
    }
}

impl From<StreamError> for io::Error {
    fn from(error: StreamError) -> Self {
        let kind = match error {
            StreamError::Broken(error) => return error,
            StreamError::Closed => io::ErrorKind::NotConnected,
            StreamError::Ended => io::ErrorKind::BrokenPipe,
            StreamError::Truncated => io::ErrorKind::UnexpectedEof,
            StreamError::TooSlow(_) => io::ErrorKind::TimedOut,
            StreamError::Busy(_) => io::ErrorKind::ResourceBusy,
            StreamError::ZeroMaximum => io::ErrorKind::InvalidInput,
        };
        Self::new(kind, error)
    }
}
