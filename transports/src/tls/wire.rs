//! What TLS reads from and writes to: the wrapped stream, as TLS is to see it.
//!
//! - It gives TLS one record at a time, and keeps what comes behind (see `records`).
//! - While there is a deadline, waiting ends with it.
//! - A write that finds the peer gone is taken as done, and remembered: a peer that hangs up has usually
//!   said why, and that is read only if the write does not fail first.
//! - It is never ended through TLS, which would end it with each goodbye.

#[cfg(test)]
mod tests;

use super::records::{First, Records};
use crate::ByteStream;
use bytes::Bytes;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How much room there is at first for what comes in: most streams of short messages never need more.
const ROOM: usize = 4 * 1024;
/// The longest record with its head, which one read should be able to bring.
const MOST: usize = 5 + 16 * 1024 + 256;

/// The wrapped stream, as TLS sees it.
#[derive(Debug)]
pub(super) struct Wire<S> {
    stream: S,
    /// What was read and TLS has not taken is in `room[taken..filled]`.
    room: Vec<u8>,
    taken: usize,
    filled: usize,
    records: Records,
    deadline: Option<Deadline>,
    gone: Option<Gone>,
}

#[derive(Debug)]
struct Deadline {
    within: Duration,
    sleep: Pin<Box<Sleep>>,
}

/// The error of a write that found the peer gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gone {
    kind: io::ErrorKind,
    code: Option<i32>,
}

/// The deadline of a handshake has passed; inside an [`io::Error`].
#[derive(Debug, Error)]
#[error("the peer did not finish the handshake within {0:?}")]
pub(super) struct Overdue(pub(super) Duration);

impl<S> Wire<S> {
    /// Around a stream from which this much has been read already.
    pub(super) fn new(stream: S, already_read: &Bytes) -> Self {
        let (room, filled) = (already_read.to_vec(), already_read.len());
        Self { stream, room, taken: 0, filled, records: Records::default(), deadline: None, gone: None }
    }

    /// From now on waiting ends after this time, until [`end_deadline`](Self::end_deadline).
    pub(super) fn begin_deadline(&mut self, within: Duration) {
        self.deadline = Some(Deadline { within, sleep: Box::pin(sleep(within)) });
    }

    pub(super) fn end_deadline(&mut self) {
        self.deadline = None;
    }

    pub(super) fn stream(&self) -> &S {
        &self.stream
    }

    pub(super) fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// The first bytes that ever came in.
    pub(super) fn first(&self) -> First {
        self.records.first()
    }

    /// The write that found the peer gone, if one did.
    pub(super) fn gone(&self) -> Option<Gone> {
        self.gone
    }

    /// The wrapped stream, and what was read of it and is not of TLS.
    pub(super) fn into_parts(self) -> (S, Bytes) {
        (self.stream, Bytes::copy_from_slice(&self.room[self.taken..self.filled]))
    }

    /// Pending, or the error of the deadline.
    fn poll_overdue<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        match &mut self.deadline {
            Some(deadline) => deadline.poll(cx),
            None => Poll::Pending,
        }
    }
}

impl Deadline {
    fn poll<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        ready!(self.sleep.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, Overdue(self.within))))
    }
}

impl<S: ByteStream> Wire<S> {
    /// Reads what there is, in time; 0 bytes are the end of the wrapped stream.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.filled == self.room.len() && self.room.len() < MOST {
            self.room.resize((self.room.len() * 2).clamp(ROOM, MOST), 0);
        }
        let mut buffer = ReadBuf::new(&mut self.room);
        if Pin::new(&mut self.stream).poll_read(cx, &mut buffer)?.is_pending() {
            return self.poll_overdue(cx);
        }
        (self.taken, self.filled) = (0, buffer.filled().len());
        Poll::Ready(Ok(self.filled))
    }

    /// Writes slice after slice to a stream that takes one at a time.
    fn poll_write_each(&mut self, cx: &mut Context<'_>, from: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let mut written = 0;
        for slice in from.iter().filter(|slice| !slice.is_empty()) {
            match Pin::new(&mut self.stream).poll_write(cx, slice) {
                Poll::Ready(Ok(len)) if len == slice.len() => written += len,
                Poll::Ready(Ok(part)) => return Poll::Ready(Ok(written + part)),
                // What went before has gone; the next write tells.
                _ if written > 0 => break,
                first => return first,
            }
        }
        Poll::Ready(Ok(written))
    }

    /// What a write gave, as TLS is to see it: a peer that is gone has taken it all.
    fn sent(
        &mut self,
        len: impl FnOnce() -> usize,
        polled: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match polled {
            Poll::Ready(Ok(sent)) => Poll::Ready(Ok(sent)),
            Poll::Pending => self.poll_overdue(cx),
            Poll::Ready(Err(error)) => Poll::Ready(self.note_gone(error).map(|()| len())),
        }
    }

    /// Remembers that the peer is gone, if that is the error.
    #[cold]
    #[inline(never)]
    fn note_gone(&mut self, error: io::Error) -> io::Result<()> {
        if !says_gone(&error) {
            return Err(error);
        }
        self.gone.get_or_insert(Gone { kind: error.kind(), code: error.raw_os_error() });
        Ok(())
    }
}

impl From<Gone> for io::Error {
    fn from(gone: Gone) -> Self {
        gone.code.map_or_else(|| gone.kind.into(), Self::from_raw_os_error)
    }
}

fn says_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset)
}

impl<S: ByteStream> AsyncRead for Wire<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.taken == this.filled && ready!(this.poll_fill(cx))? == 0 {
            return Poll::Ready(Ok(()));
        }
        let here = &this.room[this.taken..this.filled];
        let taken = this.records.take(&here[..here.len().min(to.remaining())]);
        to.put_slice(&here[..taken]);
        this.taken += taken;
        Poll::Ready(Ok(()))
    }
}

impl<S: ByteStream> AsyncWrite for Wire<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.gone.is_some() {
            return Poll::Ready(Ok(from.len()));
        }
        let polled = Pin::new(&mut this.stream).poll_write(cx, from);
        this.sent(|| from.len(), polled, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let len = || from.iter().map(|slice| slice.len()).sum();
        if this.gone.is_some() {
            return Poll::Ready(Ok(len()));
        }
        let polled = match this.stream.is_write_vectored() {
            true => Pin::new(&mut this.stream).poll_write_vectored(cx, from),
            false => this.poll_write_each(cx, from),
        };
        this.sent(len, polled, cx)
    }

    /// The slices are always wanted: TLS that fails tries one write more, which should take its last word along.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.gone.is_some() {
            return Poll::Ready(Ok(()));
        }
        let polled = Pin::new(&mut this.stream).poll_flush(cx).map_ok(|()| 0);
        this.sent(|| 0, polled, cx).map_ok(|_| ())
    }

    /// The wrapped stream is ended by who knows whether it goes on in plain.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}
