//! The sending half of a socket of tokio: nothing goes out after its end, and the end is said once.

use crate::StreamError;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;

/// A sending half, and whether "no more from here" was said.
pub(crate) struct Sending<W> {
    half: W,
    ended: bool,
}

/// The sending half of a socket of tokio.
pub(crate) trait SendHalf: AsyncWrite + Unpin {
    /// Drops it without the half-close that its drop would make: a call that tells the peer nothing new
    /// where the other half goes too.
    fn forget(self);
}

impl SendHalf for tokio::net::tcp::OwnedWriteHalf {
    fn forget(self) {
        self.forget();
    }
}

impl SendHalf for tokio::net::unix::OwnedWriteHalf {
    fn forget(self) {
        self.forget();
    }
}

impl<W: SendHalf> Sending<W> {
    pub(crate) fn new(half: W) -> Self {
        Self { half, ended: false }
    }

    /// The half, if something may still be sent.
    pub(crate) fn open(&mut self) -> io::Result<&mut W> {
        if self.ended { Err(ended()) } else { Ok(&mut self.half) }
    }

    pub(crate) fn forget(self) {
        self.half.forget();
    }
}

#[cold]
#[inline(never)]
fn ended() -> io::Error {
    StreamError::Ended.into()
}

impl<S, W: AsRef<S>> AsRef<S> for Sending<W> {
    fn as_ref(&self) -> &S {
        self.half.as_ref()
    }
}

impl<W: SendHalf> AsyncWrite for Sending<W> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(self.get_mut().open()?).poll_write(cx, from)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.get_mut().open()?).poll_write_vectored(cx, from)
    }

    fn is_write_vectored(&self) -> bool {
        self.half.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().half).poll_flush(cx)
    }

    /// Said twice, the system hears it once.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.ended {
            ready!(Pin::new(&mut this.half).poll_shutdown(cx))?;
            this.ended = true;
        }
        Poll::Ready(Ok(()))
    }
}
