//! Descriptors that are watched, and operations of the system that would block: tried again when the
//! descriptor is ready.

use std::io;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll, ready};
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
