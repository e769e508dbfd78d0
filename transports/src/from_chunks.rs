//! Bytes over an object stream of bytes.

use crate::{Attributes, Demand};
use bytes::{Buf, Bytes};
use futures::{Sink, Stream};
use std::error::Error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A byte stream over an object stream of [`Bytes`].
///
/// It receives from a [`Stream`] of them, with or without errors, and sends into a [`Sink`] of them: one
/// write is one object. Empty objects are skipped: they are not the end. An end that can only be awaited
/// becomes a stream by [`objects`](arbour_primitives::stream::objects).
///
/// # Examples
///
/// ```
/// use arbour::stream::memory_stream;
/// use arbour::transports::{ByteReceiveExt, ByteSendExt, FromChunks};
/// use bytes::Bytes;
///
/// # #[arbour::main]
/// # async fn main() {
/// let (tx, rx) = memory_stream::<Bytes>(8);
/// let (mut tx, mut rx) = (FromChunks::new(tx), FromChunks::new(rx));
/// tx.send(b"hello").await.unwrap();
/// drop(tx);
/// assert_eq!(rx.receive(3).await.unwrap().unwrap(), "hel");
/// assert_eq!(rx.receive(3).await.unwrap().unwrap(), "lo");
/// assert!(rx.receive(3).await.unwrap().is_none());
/// # }
/// ```
pub struct FromChunks<S> {
    objects: S,
    surplus: Bytes,
}

impl<S> FromChunks<S> {
    /// Makes bytes of objects.
    pub fn new(objects: S) -> Self {
        Self { objects, surplus: Bytes::new() }
    }

    /// The object stream.
    pub fn objects(&self) -> &S {
        &self.objects
    }

    /// The object stream, for its own calls. What is received from it directly is missing from the bytes.
    pub fn objects_mut(&mut self) -> &mut S {
        &mut self.objects
    }

    /// The object stream, and what of its last object nobody has received.
    #[must_use]
    pub fn into_parts(self) -> (S, Bytes) {
        (self.objects, self.surplus)
    }
}

/// What a stream of bytes gives: bytes, or a result.
pub trait Chunk {
    /// The bytes, or why there are none.
    ///
    /// # Errors
    ///
    /// The stream broke.
    fn bytes(self) -> io::Result<Bytes>;
}

impl Chunk for Bytes {
    fn bytes(self) -> io::Result<Bytes> {
        Ok(self)
    }
}

impl<E: Error + Send + Sync + 'static> Chunk for Result<Bytes, E> {
    fn bytes(self) -> io::Result<Bytes> {
        self.map_err(io::Error::other)
    }
}

impl<S: Stream<Item: Chunk> + Unpin> AsyncRead for FromChunks<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.surplus.is_empty() {
            match ready!(Pin::new(&mut self.objects).poll_next(cx)) {
                Some(chunk) => self.surplus = chunk.bytes()?,
                None => return Poll::Ready(Ok(())),
            }
        }
        let count = to.remaining().min(self.surplus.len());
        to.put_slice(&self.surplus[..count]);
        self.surplus.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl<S> AsyncWrite for FromChunks<S>
where
    S: Sink<Bytes, Error: Error + Send + Sync + 'static> + Unpin,
{
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        if from.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(Pin::new(&mut self.objects).poll_ready(cx)).map_err(io::Error::other)?;
        let sent = Pin::new(&mut self.objects).start_send(Bytes::copy_from_slice(from));
        Poll::Ready(sent.map(|()| from.len()).map_err(io::Error::other))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.objects).poll_flush(cx).map_err(io::Error::other)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.objects).poll_close(cx).map_err(io::Error::other)
    }
}

impl<S: Attributes> Attributes for FromChunks<S> {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.objects.provide(demand);
    }
}

impl<S> fmt::Debug for FromChunks<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromChunks").field("surplus", &self.surplus.len()).finish_non_exhaustive()
    }
}
