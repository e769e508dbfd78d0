//! A pair of byte streams in memory.

use arbour::transports::{Attributes, Demand};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// One end of the pair. It has no attributes.
#[derive(Debug)]
pub(crate) struct Pipe(pub(crate) DuplexStream);

/// Both ends; each way holds so many bytes that are not read.
pub(crate) fn pipe(room: usize) -> (Pipe, Pipe) {
    let (one, other) = tokio::io::duplex(room);
    (Pipe(one), Pipe(other))
}

impl Attributes for Pipe {
    fn provide(&self, _: &mut Demand<'_>) {}
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, to)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
