//! Bytes with a buffer before them: so many exactly, or until a delimiter.

mod search;
#[cfg(test)]
pub(crate) mod tests;

use crate::forward::forward_writes;
use crate::{Attributes, ByteReceive, Demand, StreamError};
use arbour_primitives::scope::Gate;
use bytes::{Buf, Bytes, BytesMut};
use search::{Search, Seen};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use thiserror::Error;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// How much room one read is given: what is asked for may be more, and room for it is made as it arrives.
const ROOM: usize = 8 * 1024;

/// With less room than this a read is given new.
const LEAST_ROOM: usize = 512;

/// A byte stream that is received from by exact numbers of bytes or up to a delimiter.
///
/// What is received beyond what was asked for stays in the buffer, and whatever receives next gets that
/// first. It reads and writes by tokio's traits, [`AsyncBufRead`] among them; sending goes straight
/// through, and the attributes are those of the stream.
///
/// An object stream of bytes is buffered after [`FromChunks`](crate::FromChunks) has made bytes of it.
///
/// # Examples
///
/// ```
/// use arbour::transports::{Buffered, ByteSendExt, byte_pipe};
///
/// # #[arbour::main]
/// # async fn main() {
/// let (mut client, server) = byte_pipe(1024);
/// client.send(b"GET /\r\n5:hello").await.unwrap();
///
/// let mut server = Buffered::new(server);
/// assert_eq!(server.receive_until(b"\r\n", 100).await.unwrap(), "GET /");
/// assert_eq!(server.receive_until(b":", 3).await.unwrap(), "5");
/// assert_eq!(server.receive_exactly(5).await.unwrap(), "hello");
/// # }
/// ```
pub struct Buffered<S> {
    stream: S,
    buffer: BytesMut,
    search: Search,
}

/// Why a buffered stream does not give what was asked for. What it has received stays in its buffer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// The stream ended before.
    #[error("the stream ended after {received} bytes, before {wanted} had come")]
    Incomplete {
        /// How many bytes are in the buffer.
        received: usize,
        /// What was wanted.
        wanted: Wanted,
    },
    /// The delimiter is not there within the limit.
    #[error("the delimiter does not come within the limit of {max} bytes")]
    TooLong {
        /// The limit.
        max: usize,
    },
    /// A delimiter of no bytes was asked for.
    #[error("an empty delimiter is asked for: it would be found everywhere")]
    EmptyDelimiter,
    /// The stream refuses to be received from.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

/// What somebody wanted to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wanted {
    /// So many bytes.
    Bytes(usize),
    /// A delimiter.
    Delimiter,
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(count) => write!(f, "{count} bytes"),
            Self::Delimiter => f.write_str("the delimiter"),
        }
    }
}

impl<S> Buffered<S> {
    /// Puts an empty buffer before a stream.
    pub fn new(stream: S) -> Self {
        Self { stream, buffer: BytesMut::new(), search: Search::default() }
    }

    /// What was received and nobody has asked for yet.
    #[must_use]
    pub fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    /// Appends to the buffer, as if it had been received: bytes that came before the stream was wrapped.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Puts bytes back, before all others: they are received next.
    pub fn push_back(&mut self, bytes: &[u8]) {
        let behind = std::mem::take(&mut self.buffer);
        self.buffer.extend_from_slice(bytes);
        self.buffer.unsplit(behind);
        self.search.forget();
    }

    /// The stream, which is ahead of the buffer.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// The stream, for sending and for its own calls. What is received from it directly is missing from
    /// the buffer.
    pub fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// The stream, and what was received from it and not asked for.
    #[must_use]
    pub fn into_parts(self) -> (S, Bytes) {
        (self.stream, self.buffer.freeze())
    }

    /// The buffer and the stream's sending side, for who decodes the one and encodes into the other.
    pub(crate) fn parts(&mut self) -> (&mut BytesMut, &mut S) {
        (&mut self.buffer, &mut self.stream)
    }

    fn take(&mut self, count: usize) -> Bytes {
        self.search.forget();
        self.buffer.split_to(count).freeze()
    }
}

impl<S: AsyncRead + Unpin> Buffered<S> {
    /// Receives more into the buffer; how much it was, 0 at the end of the stream.
    pub(crate) fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        // Whoever keeps what was taken off keeps the whole block: a new one only where the last is used up.
        if self.buffer.capacity() - self.buffer.len() < LEAST_ROOM {
            self.buffer.reserve(ROOM);
        }
        let more = self.stream.read_buf(&mut self.buffer);
        pin!(more).poll(cx)
    }
}

impl<S: ByteReceive> Buffered<S> {
    /// Receives `count` bytes, however many pieces they come in.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, what has come stays in the buffer. In a cancelled scope it does not begin.
    ///
    /// # Errors
    ///
    /// [`ReceiveError::Incomplete`] if the stream ends before, or the stream is closed or broken; what has
    /// come stays in the buffer.
    pub async fn receive_exactly(&mut self, count: usize) -> Result<Bytes, ReceiveError> {
        let mut gate = Gate::new();
        poll_fn(|cx| {
            ready!(gate.poll_enter(cx));
            while self.buffer.len() < count {
                if ready!(self.poll_more(cx)).map_err(StreamError::from)? == 0 {
                    return Poll::Ready(Err(self.incomplete(Wanted::Bytes(count))));
                }
            }
            Poll::Ready(Ok(self.take(count)))
        })
        .await
    }

    /// Receives up to a delimiter, at most `max` bytes without it. The delimiter is taken off the stream
    /// and not given.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, what has come stays in the buffer, and is not searched again for the
    /// same delimiter. In a cancelled scope it does not begin.
    ///
    /// # Errors
    ///
    /// [`ReceiveError::TooLong`] if the delimiter is not there within the limit,
    /// [`ReceiveError::Incomplete`] if the stream ends before, [`ReceiveError::EmptyDelimiter`], or the stream is
    /// closed or broken; what has come stays in the buffer.
    pub async fn receive_until(&mut self, delimiter: &[u8], max: usize) -> Result<Bytes, ReceiveError> {
        if delimiter.is_empty() {
            return Err(ReceiveError::EmptyDelimiter);
        }
        let mut gate = Gate::new();
        poll_fn(|cx| {
            ready!(gate.poll_enter(cx));
            loop {
                match self.search.look(&self.buffer, delimiter, max) {
                    Seen::At(at) => {
                        let before = self.take(at);
                        self.buffer.advance(delimiter.len());
                        return Poll::Ready(Ok(before));
                    }
                    Seen::TooFar => return Poll::Ready(Err(ReceiveError::TooLong { max })),
                    Seen::NotYet => {}
                }
                if ready!(self.poll_more(cx)).map_err(StreamError::from)? == 0 {
                    return Poll::Ready(Err(self.incomplete(Wanted::Delimiter)));
                }
            }
        })
        .await
    }

    fn incomplete(&self, wanted: Wanted) -> ReceiveError {
        ReceiveError::Incomplete { received: self.buffer.len(), wanted }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Buffered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.buffer.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, to);
        }
        let count = to.remaining().min(self.buffer.len());
        to.put_slice(&self.buffer[..count]);
        self.consume(count);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncBufRead for Buffered<S> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.buffer.is_empty() {
            ready!(this.poll_more(cx))?;
        }
        Poll::Ready(Ok(&this.buffer))
    }

    fn consume(mut self: Pin<&mut Self>, count: usize) {
        self.buffer.advance(count);
        self.search.forget();
    }
}

forward_writes!([S: AsyncWrite + Unpin] Buffered<S>, stream);

impl<S: Attributes> Attributes for Buffered<S> {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.stream.provide(demand);
    }
}

impl<S> fmt::Debug for Buffered<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffered").field("buffered", &self.buffer.len()).finish_non_exhaustive()
    }
}
