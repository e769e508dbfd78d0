//! What was encoded for a stream and is not written yet.
//!
//! A send that is dropped half-way leaves the rest here, and whatever is sent next writes it first: the
//! peer never sees a torn message.

use bytes::{Buf, BytesMut};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;

/// So much may be left unwritten before a sink wants it written: as much as one write usually takes.
const HIGH: usize = 64 * 1024;

#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    pub(crate) bytes: BytesMut,
}

impl Outgoing {
    /// Whether a sink should write first.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() >= HIGH
    }

    /// Writes what is left, without flushing.
    pub(crate) fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.bytes.has_remaining() {
            let written = ready!(Pin::new(&mut *stream).poll_write(cx, &self.bytes))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.bytes.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    /// Writes what is left, and has the stream flushed.
    pub(crate) fn poll_flush<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_write(stream, cx))?;
        Pin::new(stream).poll_flush(cx)
    }

    /// Writes what is left, then says "no more from here".
    pub(crate) fn poll_end<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_write(stream, cx))?;
        Pin::new(stream).poll_shutdown(cx)
    }
}
