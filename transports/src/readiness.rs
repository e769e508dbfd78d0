//! Waiting until a descriptor can be read from or written to, whoever made it.

use crate::StreamError;
use crate::polled::{Reading, Watched, poll_writable, watch};
use crate::side::Side;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use thiserror::Error;

/// A descriptor cannot be watched.
#[derive(Debug, Error)]
#[error("this descriptor cannot be watched: {0} (a file on a disk cannot; it is always ready)")]
#[non_exhaustive]
pub struct NotWatched(#[source] pub io::Error);

/// Waits for a descriptor that belongs to somebody else: a socket, a pipe, a device.
///
/// One task at a time may wait for each direction, others are [`StreamError::Busy`]. Whoever closes the
/// descriptor [announces](Self::close) it first, so that nobody waits for what will not come. It is a
/// duplicate that is watched: until this is closed or dropped, what is behind the descriptor stays open.
///
/// # Examples
///
/// ```
/// use arbour::transports::readiness::Readiness;
/// use std::io::{Read, Write};
///
/// # #[arbour::main]
/// # async fn main() {
/// let (mut reader, mut writer) = std::io::pipe().unwrap();
/// let readiness = Readiness::of(&reader).unwrap();
/// writer.write_all(b"x").unwrap();
/// readiness.readable().await.unwrap();
/// assert_eq!(reader.read(&mut [0; 10]).unwrap(), 1);
/// # }
/// ```
#[derive(Debug)]
pub struct Readiness {
    read: Side<Reading>,
    write: Side<Watched>,
}

impl Readiness {
    /// Begins to watch a descriptor.
    ///
    /// # Errors
    ///
    /// [`NotWatched`]: it is of a kind for which the system does not tell, or there is no room for its
    /// duplicate.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn of(descriptor: impl AsFd) -> Result<Self, NotWatched> {
        let duplicate = descriptor.as_fd().try_clone_to_owned().map_err(NotWatched)?;
        let watched = Arc::new(watch(duplicate).map_err(NotWatched)?);
        let read = Side::new(Reading::new(Arc::clone(&watched)), "waiting until this descriptor is readable");
        let write = Side::new(watched, "waiting until this descriptor is writable");
        Ok(Self { read, write })
    }

    /// Waits until reading would not wait: there is something, or the end, or an error.
    ///
    /// # Cancel safety
    ///
    /// Safe: it takes nothing. In a cancelled scope it does not begin.
    ///
    /// # Errors
    ///
    /// [`StreamError`]: `Busy` while another task waits for the same, or `Closed`.
    pub async fn readable(&self) -> Result<(), StreamError> {
        self.read.exclusively(|io, cx| io.poll(cx, |io| look(io, PollFlags::IN))).await
    }

    /// Waits until writing would not wait: there is room, or an error.
    ///
    /// # Cancel safety
    ///
    /// Safe: it takes nothing. In a cancelled scope it does not begin.
    ///
    /// # Errors
    ///
    /// [`StreamError`]: `Busy` while another task waits for the same, or `Closed`.
    pub async fn writable(&self) -> Result<(), StreamError> {
        self.write.exclusively(|io, cx| poll_writable(io, cx, |io| look(io, PollFlags::OUT))).await
    }

    /// Announces that the descriptor is about to be closed: whoever waits gets [`StreamError::Closed`], now and
    /// later.
    pub fn close(&self) {
        drop((self.read.close(), self.write.close()));
    }
}

/// Whether it is ready at this moment: what the runtime has heard may be old, because somebody else may have
/// read or written meanwhile. An error or a hang-up is told by the call that follows.
fn look(descriptor: &OwnedFd, wanted: PollFlags) -> io::Result<()> {
    match poll(&mut [PollFd::new(descriptor, wanted)], Some(&Timespec::default()))? {
        0 => Err(io::ErrorKind::WouldBlock.into()),
        _ => Ok(()),
    }
}
