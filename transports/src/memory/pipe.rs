//! A byte stream in memory, in both directions.

use super::{BytePipeReceive, BytePipeSend, one_way_pipe};
use crate::{Attributes, Demand};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Makes two connected byte streams in memory, each of which holds so many bytes on their way to the other.
///
/// # Examples
///
/// ```
/// use arbour::transports::{ByteReceiveExt, ByteSendExt, byte_pipe};
///
/// # #[arbour::main]
/// # async fn main() {
/// let (mut here, mut there) = byte_pipe(64);
/// here.send(b"hello").await.unwrap();
/// here.send_eof().await.unwrap();
/// assert_eq!(there.receive(64).await.unwrap().unwrap(), "hello");
/// assert!(there.receive(64).await.unwrap().is_none());
/// # }
/// ```
#[must_use]
pub fn byte_pipe(capacity: usize) -> (BytePipe, BytePipe) {
    let ((there, here), (back, forth)) = (one_way_pipe(capacity), one_way_pipe(capacity));
    (BytePipe { send: there, receive: forth }, BytePipe { send: back, receive: here })
}

/// One end of a [`byte_pipe`].
#[derive(Debug)]
pub struct BytePipe {
    send: BytePipeSend,
    receive: BytePipeReceive,
}

impl BytePipe {
    /// Breaks the stream in both directions, as a connection that is reset: what was on its way is lost.
    pub fn reset(&self) {
        self.send.reset();
        self.receive.reset();
    }

    /// Its two halves.
    #[must_use]
    pub fn into_split(self) -> (BytePipeReceive, BytePipeSend) {
        (self.receive, self.send)
    }
}

impl AsyncRead for BytePipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.receive).poll_read(cx, to)
    }
}

impl AsyncWrite for BytePipe {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.send).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.send).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.send).poll_shutdown(cx)
    }
}

/// Memory has nothing to say of itself.
impl Attributes for BytePipe {
    fn provide(&self, _: &mut Demand<'_>) {}
}
