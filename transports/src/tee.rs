//! A byte stream whose received bytes go to somebody else, too.

#[cfg(test)]
mod tests;

use crate::forward::forward_writes;
use crate::outgoing::Outgoing;
use crate::{Attributes, Demand};
use bytes::Bytes;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A byte stream that copies what it receives into another: for records and for looking on.
///
/// More is received only when the copy of what came before is written, so that a slow copy slows the
/// receiver and holds no more than one receive in memory. A copy that fails is over: it is reported once,
/// and the stream goes on without. Sending goes straight through. The last copy is written by the receive
/// after it, at the latest by the one that finds the end.
///
/// # Examples
///
/// ```
/// use arbour::transports::{ByteReceiveExt, ByteSendExt, Tee, byte_pipe, one_way_pipe};
///
/// # #[arbour::main]
/// # async fn main() {
/// let (mut client, server) = byte_pipe(64);
/// let (copy, mut record) = one_way_pipe(64);
/// let mut server = Tee::new(server, copy);
/// client.send(b"hello").await.unwrap();
/// drop(client);
/// assert_eq!(server.receive(64).await.unwrap().unwrap(), "hello");
/// assert!(server.receive(64).await.unwrap().is_none());
/// assert_eq!(record.receive(64).await.unwrap().unwrap(), "hello");
/// # }
/// ```
pub struct Tee<S, C> {
    stream: S,
    /// `None` after it failed.
    copy: Option<C>,
    outgoing: Outgoing,
    /// Whether the copy may hold something that it has not passed on.
    unflushed: bool,
}

impl<S, C> Tee<S, C> {
    /// Copies what is received from `stream` into `copy`.
    pub fn new(stream: S, copy: C) -> Self {
        Self { stream, copy: Some(copy), outgoing: Outgoing::default(), unflushed: false }
    }

    /// The stream.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// The stream, for its own calls. What is received from it directly is not copied.
    pub fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Where the copy goes, unless that failed.
    pub fn copy(&self) -> Option<&C> {
        self.copy.as_ref()
    }

    /// The stream; the copy unless that failed, which may have to be flushed; and what was received and is not
    /// written into the copy yet.
    #[must_use]
    pub fn into_parts(self) -> (S, Option<C>, Bytes) {
        (self.stream, self.copy, self.outgoing.bytes.freeze())
    }
}

impl<S, C: AsyncWrite + Unpin> Tee<S, C> {
    fn poll_copy(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(copy) = self.copy.as_mut().filter(|_| self.unflushed) else { return Poll::Ready(()) };
        if let Err(error) = ready!(self.outgoing.poll_flush(copy, cx)) {
            tracing::warn!(%error, "the copy of a stream failed; the stream goes on without");
            (self.copy, self.outgoing) = (None, Outgoing::default());
        }
        self.unflushed = false;
        Poll::Ready(())
    }
}

impl<S: AsyncRead + Unpin, C: AsyncWrite + Unpin> AsyncRead for Tee<S, C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_copy(cx));
        let before = to.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, to))?;
        if self.copy.is_some() {
            self.outgoing.bytes.extend_from_slice(&to.filled()[before..]);
            self.unflushed |= to.filled().len() > before;
            // What cannot be written now is written before the next receive, which then has the waker.
            let _ = self.poll_copy(cx);
        }
        Poll::Ready(Ok(()))
    }
}

forward_writes!([S: AsyncWrite + Unpin, C: Unpin] Tee<S, C>, stream);

impl<S: Attributes, C> Attributes for Tee<S, C> {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.stream.provide(demand);
    }
}

impl<S, C> fmt::Debug for Tee<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tee").field("copies", &self.copy.is_some()).finish_non_exhaustive()
    }
}
