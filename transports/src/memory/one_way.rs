//! Bytes from one end to the other, in memory.
//!
//! **Invariants**, under the one lock:
//!
//! 1. Who is pending has left its waker: the reader while the buffer is empty and more may come, the
//!    writer while the buffer is full and somebody may read it.
//! 2. Whoever changes what the other end waits for takes its waker in the same step, and wakes it after
//!    the lock is released.

use crate::{Attributes, Demand, StreamError};
use bytes::{Buf, BytesMut};
use parking_lot::Mutex;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Makes a pipe in memory that holds so many bytes, at least one.
///
/// When the sending end is dropped, or says so, the receiving end reads what is there and then the end.
/// When the receiving end is dropped, sending breaks.
#[must_use]
pub fn one_way_pipe(capacity: usize) -> (BytePipeSend, BytePipeReceive) {
    let state = State { capacity: capacity.max(1), ..State::default() };
    let shared = Arc::new(Mutex::new(state));
    (BytePipeSend { shared: Arc::clone(&shared) }, BytePipeReceive { shared })
}

/// The sending end of a [`one_way_pipe`].
pub struct BytePipeSend {
    shared: Arc<Mutex<State>>,
}

/// The receiving end of a [`one_way_pipe`].
pub struct BytePipeReceive {
    shared: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    buffer: BytesMut,
    capacity: usize,
    /// The sender has said that there is no more.
    ended: bool,
    /// Nobody will read what is written.
    unread: bool,
    reset: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl State {
    fn poll_write(&mut self, cx: &Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        if self.ended {
            return Poll::Ready(Err(StreamError::Ended.into()));
        }
        self.check_reset()?;
        if self.unread {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let count = from.len().min(self.capacity - self.buffer.len());
        if count == 0 && !from.is_empty() {
            self.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        self.buffer.extend_from_slice(&from[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_read(&mut self, cx: &Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check_reset()?;
        let count = to.remaining().min(self.buffer.len());
        if count == 0 && to.remaining() > 0 && !self.ended {
            self.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        to.put_slice(&self.buffer[..count]);
        self.buffer.advance(count);
        Poll::Ready(Ok(()))
    }

    fn check_reset(&self) -> io::Result<()> {
        if self.reset { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

/// Changes the state, then wakes whom `whom` takes out of it.
fn change<T>(
    shared: &Mutex<State>,
    change: impl FnOnce(&mut State) -> T,
    whom: impl FnOnce(&mut State) -> Option<Waker>,
) -> T {
    let (changed, waker) = {
        let mut state = shared.lock();
        (change(&mut state), whom(&mut state))
    };
    if let Some(waker) = waker {
        waker.wake();
    }
    changed
}

fn reader(state: &mut State) -> Option<Waker> {
    state.reader.take()
}

fn writer(state: &mut State) -> Option<Waker> {
    state.writer.take()
}

/// Breaks a pipe as a connection that is reset does: what was in it is lost, and both ends are told.
fn reset(shared: &Mutex<State>) {
    let lose = |state: &mut State| {
        state.reset = true;
        state.buffer.clear();
    };
    change(shared, lose, reader);
    change(shared, |_| (), writer);
}

impl BytePipeSend {
    /// Breaks the pipe as a connection that is reset does: what was in it is lost, and both ends are told.
    pub fn reset(&self) {
        reset(&self.shared);
    }
}

impl BytePipeReceive {
    /// Breaks the pipe as a connection that is reset does: what was in it is lost, and both ends are told.
    pub fn reset(&self) {
        reset(&self.shared);
    }
}

impl AsyncWrite for BytePipeSend {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        change(&self.shared, |state| state.poll_write(cx, from), reader)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        change(&self.shared, |state| state.ended = true, reader);
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for BytePipeReceive {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        change(&self.shared, |state| state.poll_read(cx, to), writer)
    }
}

impl Drop for BytePipeSend {
    fn drop(&mut self) {
        change(&self.shared, |state| state.ended = true, reader);
    }
}

impl Drop for BytePipeReceive {
    fn drop(&mut self) {
        change(&self.shared, |state| state.unread = true, writer);
    }
}

/// Memory has nothing to say of itself.
impl Attributes for BytePipeSend {
    fn provide(&self, _: &mut Demand<'_>) {}
}

/// Memory has nothing to say of itself.
impl Attributes for BytePipeReceive {
    fn provide(&self, _: &mut Demand<'_>) {}
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("buffered", &self.buffer.len())
            .field("capacity", &self.capacity)
            .field("ended", &self.ended)
            .field("unread", &self.unread)
            .field("reset", &self.reset)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for BytePipeSend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BytePipeSend").field(&*self.shared.lock()).finish()
    }
}

impl fmt::Debug for BytePipeReceive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BytePipeReceive").field(&*self.shared.lock()).finish()
    }
}
