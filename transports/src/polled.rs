//! Descriptors that are watched, and operations of the system that would block: tried again when the
//! descriptor is ready.

use arbour_primitives::scope::BoxFuture;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

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

/// Receives, or accepts, as soon as there is something.
pub(crate) fn poll_readable<R>(
    io: &AsyncFd<OwnedFd>,
    cx: &mut Context<'_>,
    mut attempt: impl FnMut(&OwnedFd) -> io::Result<R>,
) -> Poll<io::Result<R>> {
    loop {
        let mut readable = ready!(io.poll_read_ready(cx))?;
        if let Ok(done) = readable.try_io(|io| attempt(io.get_ref())) {
            return Poll::Ready(done);
        }
    }
}

/// A descriptor from which one reads, and the wait for it.
///
/// An error that comes without anything to read, as when a datagram was refused, wakes it too: tokio tells
/// it only to the future of a wait, not to a poll.
pub(crate) struct Reading {
    io: Arc<AsyncFd<OwnedFd>>,
    wait: Option<BoxFuture<io::Result<()>>>,
}

impl Reading {
    pub(crate) fn new(io: Arc<AsyncFd<OwnedFd>>) -> Self {
        Self { io, wait: None }
    }

    pub(crate) fn poll<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut attempt: impl FnMut(&OwnedFd) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        loop {
            if let Some(wait) = &mut self.wait {
                ready!(wait.as_mut().poll(cx))?;
                self.wait = None;
            }
            for ready in [Interest::READABLE, Interest::ERROR] {
                match self.io.try_io(ready, &mut attempt) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    done => return Poll::Ready(done),
                }
            }
            self.wait = Some(Box::pin(until_readable(Arc::clone(&self.io))));
        }
    }
}

async fn until_readable(io: Arc<AsyncFd<OwnedFd>>) -> io::Result<()> {
    io.ready(Interest::READABLE | Interest::ERROR).await.map(drop)
}

/// Sends as soon as there is room.
pub(crate) fn poll_writable<R>(
    io: &AsyncFd<OwnedFd>,
    cx: &mut Context<'_>,
    mut attempt: impl FnMut(&OwnedFd) -> io::Result<R>,
) -> Poll<io::Result<R>> {
    loop {
        let mut writable = ready!(io.poll_write_ready(cx))?;
        if let Ok(done) = writable.try_io(|io| attempt(io.get_ref())) {
            return Poll::Ready(done);
        }
    }
}
