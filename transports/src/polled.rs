//! Descriptors that are watched, and operations of the system that would block: tried again when the
//! descriptor is ready.
//!
//! The runtime never forgets an end that it has heard of, and calls such a descriptor ready for ever. Yet a
//! pipe may get another writer, or another reader, after its last one has gone. So where an end was told and
//! the operation would block all the same, the descriptor is watched afresh, through a duplicate.

#[cfg(test)]
mod tests;

use arbour_primitives::scope::BoxFuture;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::unix::AsyncFd;
use tokio::io::{Interest, Ready};

/// A descriptor that is watched.
pub(crate) type Watched = Arc<AsyncFd<OwnedFd>>;

/// Watches a descriptor, which must not block.
///
/// # Panics
///
/// Outside a runtime.
#[expect(
    deprecated,
    reason = "what took its place asks for `unsafe`, because of types that own no descriptor; this one does"
)]
pub(crate) fn watch(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(descriptor)
}

/// Watches what is behind a descriptor as if nothing had ever been heard of it.
fn afresh(watched: &Watched) -> io::Result<Watched> {
    Ok(Arc::new(watch(watched.get_ref().try_clone()?)?))
}

/// A descriptor from which one reads or accepts, and the wait for it.
///
/// An error that comes without anything to read, as when a datagram was refused, wakes it too: tokio tells
/// it only to the future of a wait, not to a poll.
pub(crate) struct Reading {
    io: Watched,
    wait: Option<BoxFuture<io::Result<Ready>>>,
}

impl Reading {
    pub(crate) fn new(io: Watched) -> Self {
        Self { io, wait: None }
    }

    /// Reads, or accepts, as soon as there is something.
    ///
    /// # Errors
    ///
    /// Those of the attempt; `NotConnected` where nothing can come any more and the system does not call
    /// that an end: a holder of a duplicate has shut the socket down.
    pub(crate) fn poll<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut attempt: impl FnMut(&OwnedFd) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        loop {
            let mut has_ended = false;
            if let Some(wait) = &mut self.wait {
                has_ended = ready!(wait.as_mut().poll(cx))?.is_read_closed();
                self.wait = None;
            }
            if let Some(done) = self.attempt(&mut attempt) {
                return Poll::Ready(done);
            }
            if has_ended && is_shut_down(self.io.get_ref())? {
                // Something may have come between the attempt and the end.
                return Poll::Ready(self.attempt(attempt).unwrap_or_else(|| Err(shut_down())));
            }
            if has_ended {
                self.io = afresh(&self.io)?;
            }
            self.wait = Some(Box::pin(until_readable(Arc::clone(&self.io))));
        }
    }

    /// Tries it, where there may be something; `None` if it would block.
    fn attempt<R>(&self, mut attempt: impl FnMut(&OwnedFd) -> io::Result<R>) -> Option<io::Result<R>> {
        let both = [Interest::READABLE, Interest::ERROR].into_iter();
        both.map(|ready| self.io.try_io(ready, &mut attempt)).find(|tried| !would_block(tried))
    }
}

impl AsRawFd for Reading {
    fn as_raw_fd(&self) -> RawFd {
        self.io.as_raw_fd()
    }
}

fn would_block<R>(tried: &io::Result<R>) -> bool {
    tried.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

async fn until_readable(io: Watched) -> io::Result<Ready> {
    Ok(io.ready(Interest::READABLE | Interest::ERROR).await?.ready())
}

/// Whether it is a socket that will receive nothing any more, which is for ever.
fn is_shut_down(io: &OwnedFd) -> io::Result<bool> {
    let mut watched = [PollFd::new(io, PollFlags::RDHUP)];
    poll(&mut watched, Some(&Timespec::default()))?;
    Ok(watched[0].revents().contains(PollFlags::RDHUP))
}

fn shut_down() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "somebody has shut the socket down for reading")
}

/// Writes as soon as there is room.
pub(crate) fn poll_writable<R>(
    io: &mut Watched,
    cx: &mut Context<'_>,
    mut attempt: impl FnMut(&OwnedFd) -> io::Result<R>,
) -> Poll<io::Result<R>> {
    loop {
        let mut writable = ready!(io.poll_write_ready(cx))?;
        let has_ended = writable.ready().is_write_closed();
        if let Ok(done) = writable.try_io(|io| attempt(io.get_ref())) {
            return Poll::Ready(done);
        }
        if has_ended {
            *io = afresh(io)?;
        }
    }
}
