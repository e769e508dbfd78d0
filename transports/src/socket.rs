//! A connected stream socket that several tasks may share: both directions, and closing.

#[cfg(test)]
mod tests;

use crate::byte::poll_receive;
use crate::sending::{SendHalf, Sending};
use crate::side::{Closing, Side};
use crate::{Attribute, Demand, StreamError};
use bytes::Bytes;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Both directions of a stream, which may be taken apart.
#[derive(Debug)]
pub(crate) struct Socket<R, W> {
    pub(crate) read: Side<R>,
    pub(crate) write: Side<Sending<W>>,
    closing: Closing,
}

impl<R: AsyncRead + Unpin, W: SendHalf> Socket<R, W> {
    /// What is done in each direction completes "somebody else is …".
    pub(crate) fn new((read, reading): (R, &'static str), (write, writing): (W, &'static str)) -> Self {
        Self {
            read: Side::new(read, reading),
            write: Side::new(Sending::new(write), writing),
            closing: Closing::new(()),
        }
    }

    pub(crate) async fn receive(&self, max: usize) -> Result<Option<Bytes>, StreamError> {
        if max == 0 {
            return Err(StreamError::ZeroMaximum);
        }
        self.read.exclusively(|io, cx| poll_receive(Pin::new(io), cx, max)).await
    }

    pub(crate) async fn send(&self, mut rest: &[u8]) -> Result<(), StreamError> {
        let send = |io: &mut Sending<W>, cx: &mut Context<'_>| {
            let io = io.open()?;
            while !rest.is_empty() {
                let sent = ready!(Pin::new(&mut *io).poll_write(cx, rest))?;
                rest = &rest[sent..];
            }
            Poll::Ready(Ok(()))
        };
        self.write.exclusively(send).await
    }

    pub(crate) async fn send_eof(&self) -> Result<(), StreamError> {
        self.write.exclusively(|io, cx| Pin::new(io).poll_shutdown(cx)).await
    }

    pub(crate) fn close(&self) {
        let _closing = self.closing.lock();
        let (_read, write) = (self.read.close(), self.write.close());
        if let Some(write) = write {
            write.forget();
        }
    }
}

impl<T> Side<T> {
    /// Answers with what can be seen of the socket while this side is open.
    pub(crate) fn give<S, A: Attribute>(&self, demand: &mut Demand<'_>, value: fn(&S) -> io::Result<A::Value>)
    where
        T: AsRef<S>,
    {
        demand.try_give::<A, _>(|| self.look(|io| value(io.as_ref())));
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Side<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_mut(cx, |io, cx| Pin::new(io).poll_read(cx, to))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Side<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().poll_mut(cx, |io, cx| Pin::new(io).poll_write(cx, from))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().poll_mut(cx, |io, cx| Pin::new(io).poll_write_vectored(cx, from))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// The system has what was written.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_mut(cx, |io, cx| Pin::new(io).poll_shutdown(cx))
    }
}

/// Makes types what they are: a byte stream with a field `socket`, its receiving and its sending half with a
/// field `side`. The function, if there is one, says what the attributes are that one side knows.
macro_rules! stream_ends {
    ($stream:ty, $receive:ty, $send:ty, $provide:ident) => {
        stream_ends!(@attributes $stream, socket.read, $provide);
        stream_ends!(@attributes $receive, side, $provide);
        stream_ends!(@attributes $send, side, $provide);
        stream_ends!($stream, $receive, $send);
    };
    ($stream:ty, $receive:ty, $send:ty) => {
        $crate::forward::forward_reads!([] $stream, socket.read);
        $crate::forward::forward_reads!([] $receive, side);
        $crate::forward::forward_writes!([] $stream, socket.write);
        $crate::forward::forward_writes!([] $send, side);
    };
    (@attributes $end:ty, $($side:ident).+, $provide:ident) => {
        impl $crate::Attributes for $end {
            fn provide(&self, demand: &mut $crate::Demand<'_>) {
                $provide(&self.$($side).+, demand);
            }
        }
    };
}

pub(crate) use stream_ends;
