//! A connected stream socket that several tasks may share: both directions, and closing.

use crate::byte::poll_receive;
use crate::side::Side;
use crate::{Attribute, Demand, StreamError};
use bytes::Bytes;
use parking_lot::Mutex;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

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

/// What a stream and its halves share.
#[derive(Debug)]
pub(crate) struct Socket<R, W> {
    pub(crate) read: Side<R>,
    pub(crate) write: Side<W>,
    /// Whether "no more from here" was said.
    ended: AtomicBool,
    /// Held while it is closed, so that who closes it second returns when it is closed too.
    closing: Mutex<()>,
}

impl<R: AsyncRead + Unpin, W: SendHalf> Socket<R, W> {
    pub(crate) fn new(read: Side<R>, write: Side<W>) -> Self {
        Self { read, write, ended: AtomicBool::new(false), closing: Mutex::new(()) }
    }

    pub(crate) async fn receive(&self, max: usize) -> Result<Option<Bytes>, StreamError> {
        if max == 0 {
            return Err(StreamError::ZeroMaximum);
        }
        self.read.exclusively(|io, cx| poll_receive(Pin::new(io), cx, max)).await
    }

    pub(crate) async fn send(&self, mut rest: &[u8]) -> Result<(), StreamError> {
        let send = |io: &mut W, cx: &mut Context<'_>| {
            self.refuse_after_the_end()?;
            while !rest.is_empty() {
                let sent = ready!(Pin::new(&mut *io).poll_write(cx, rest))?;
                rest = &rest[sent..];
            }
            Poll::Ready(Ok(()))
        };
        self.write.exclusively(send).await
    }

    pub(crate) async fn send_eof(&self) -> Result<(), StreamError> {
        self.write.exclusively(|io, cx| self.poll_end(io, cx)).await
    }

    pub(crate) fn close(&self) {
        let _closing = self.closing.lock();
        let (_read, write) = (self.read.close(), self.write.close());
        if let Some(write) = write {
            write.forget();
        }
    }

    /// Answers with what can be seen through either direction that is open.
    pub(crate) fn give<S, A: Attribute>(&self, demand: &mut Demand<'_>, value: fn(&S) -> io::Result<A::Value>)
    where
        R: AsRef<S>,
        W: AsRef<S>,
    {
        demand.try_give::<A, _>(|| {
            self.read.look(|io| value(io.as_ref())).or_else(|_| self.write.look(|io| value(io.as_ref())))
        });
    }

    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.read.poll(cx, |io, cx| Pin::new(io).poll_read(cx, to)).map_err(Into::into)
    }

    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let write = |io: &mut W, cx: &mut Context<'_>| {
            self.refuse_after_the_end()?;
            Pin::new(io).poll_write(cx, from)
        };
        self.write.poll(cx, write).map_err(Into::into)
    }

    pub(crate) fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = |io: &mut W, cx: &mut Context<'_>| {
            self.refuse_after_the_end()?;
            Pin::new(io).poll_write_vectored(cx, from)
        };
        self.write.poll(cx, write).map_err(Into::into)
    }

    pub(crate) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write.poll(cx, |io, cx| self.poll_end(io, cx)).map_err(Into::into)
    }

    /// Said twice, the system hears it once.
    fn poll_end(&self, io: &mut W, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.ended.load(Ordering::Relaxed) {
            ready!(Pin::new(io).poll_shutdown(cx))?;
            self.ended.store(true, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }

    fn refuse_after_the_end(&self) -> io::Result<()> {
        // The lock of the side orders it.
        if self.ended.load(Ordering::Relaxed) { Err(StreamError::Ended.into()) } else { Ok(()) }
    }
}

/// Makes types with a field `socket` what they are: a byte stream, its receiving half, its sending half.
/// The socket itself says what its attributes are.
macro_rules! stream_ends {
    ($stream:ty, $receive:ty, $send:ty) => {
        stream_ends!(@attributes $stream, $receive, $send);
        stream_ends!(@reads $stream, $receive);
        stream_ends!(@writes $stream, $send);

        impl Drop for $receive {
            fn drop(&mut self) {
                drop(self.socket.read.close());
            }
        }

        impl Drop for $send {
            fn drop(&mut self) {
                drop(self.socket.write.close());
            }
        }
    };
    (@attributes $($end:ty),+) => {$(
        impl $crate::Attributes for $end {
            fn provide(&self, demand: &mut $crate::Demand<'_>) {
                self.socket.provide(demand);
            }
        }
    )+};
    (@reads $($end:ty),+) => {$(
        impl tokio::io::AsyncRead for $end {
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                to: &mut tokio::io::ReadBuf<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                self.socket.poll_read(cx, to)
            }
        }
    )+};
    (@writes $($end:ty),+) => {$(
        impl tokio::io::AsyncWrite for $end {
            fn poll_write(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                from: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.socket.poll_write(cx, from)
            }

            fn poll_write_vectored(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                from: &[std::io::IoSlice<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.socket.poll_write_vectored(cx, from)
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            /// The system has what was written.
            fn poll_flush(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                std::task::Poll::Ready(Ok(()))
            }

            fn poll_shutdown(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                self.socket.poll_shutdown(cx)
            }
        }
    )+};
}

pub(crate) use stream_ends;
