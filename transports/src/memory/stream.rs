//! A byte stream in memory, in both directions.

use super::{PipeReceive, PipeSend, pipe};
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
/// use arbour::transports::{ByteReceiveExt, ByteSendExt, memory};
///
/// # #[arbour::main]
/// # async fn main() {
/// let (mut here, mut there) = memory::stream(64);
/// here.send(b"hello").await.unwrap();
/// here.send_eof().await.unwrap();
/// assert_eq!(there.receive(64).await.unwrap().unwrap(), "hello");
/// assert!(there.receive(64).await.unwrap().is_none());
/// # }
/// ```
#[must_use]
pub fn stream(capacity: usize) -> (MemoryStream, MemoryStream) {
    let ((there, here), (back, forth)) = (pipe(capacity), pipe(capacity));
    (MemoryStream { send: there, receive: forth }, MemoryStream { send: back, receive: here })
}

/// One end of a [`stream`] in memory.
#[derive(Debug)]
pub struct MemoryStream {
    send: PipeSend,
    receive: PipeReceive,
}

impl MemoryStream {
    /// Breaks the stream in both directions, as a connection that is reset: what was on its way is lost.
    pub fn reset(&self) {
        self.send.reset();
        self.receive.reset();
    }

    /// Its two halves.
    #[must_use]
    pub fn into_split(self) -> (PipeReceive, PipeSend) {
        (self.receive, self.send)
    }
}

impl AsyncRead for MemoryStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.receive).poll_read(cx, to)
    }
}

impl AsyncWrite for MemoryStream {
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
impl Attributes for MemoryStream {
    fn provide(&self, _: &mut Demand<'_>) {}
}
