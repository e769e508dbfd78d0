//! What every byte stream is: tokio's reading and writing, half-close, and attributes.

use crate::StreamError;
use arbour_primitives::attribute::Attributes;
use arbour_primitives::scope::Gate;
use bytes::Bytes;
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The receiving side of a byte stream.
///
/// Everything that reads by tokio's [`AsyncRead`] and has [`Attributes`] is one, boxes too. What users call
/// is in [`ByteReceiveExt`].
pub trait ByteReceive: AsyncRead + Attributes + Send + Unpin {}
impl<S: AsyncRead + Attributes + Send + Unpin + ?Sized> ByteReceive for S {}

/// The sending side of a byte stream.
///
/// Everything that writes by tokio's [`AsyncWrite`] and has [`Attributes`] is one, boxes too. Its
/// `poll_shutdown` is the half-close: it says "no more from here", and receiving goes on. What users call
/// is in [`ByteSendExt`].
pub trait ByteSend: AsyncWrite + Attributes + Send + Unpin {}
impl<S: AsyncWrite + Attributes + Send + Unpin + ?Sized> ByteSend for S {}

/// A byte stream in both directions, reliable and in order.
///
/// `hyper`, `tokio-util`'s codecs and rustls take it as it is; so does everything in this crate that wraps
/// a stream. `Box<dyn ByteStream>` is one too.
pub trait ByteStream: ByteReceive + ByteSend {}
impl<S: ByteReceive + ByteSend + ?Sized> ByteStream for S {}

/// How much room one receive makes at once: no peer makes this side hold what it has not sent.
pub(crate) const ROOM: usize = 16 * 1024;

/// Receiving from any byte stream.
pub trait ByteReceiveExt: ByteReceive {
    /// Receives what is there, at least one byte and at most `max`; `None` at the end of the stream.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has received nothing. In a cancelled scope it does not begin.
    ///
    /// # Errors
    ///
    /// [`StreamError::ZeroMaximum`] if `max` is 0; else the stream is closed, broken, or ended without
    /// goodbye.
    fn receive(&mut self, max: usize) -> impl Future<Output = Result<Option<Bytes>, StreamError>> + Send {
        let mut gate = Gate::new();
        poll_fn(move |cx| {
            if max == 0 {
                return Poll::Ready(Err(StreamError::ZeroMaximum));
            }
            ready!(gate.poll_enter(cx));
            poll_receive(Pin::new(&mut *self), cx, max).map_err(StreamError::from)
        })
    }
}

impl<S: ByteReceive + ?Sized> ByteReceiveExt for S {}

/// Sending into any byte stream.
pub trait ByteSendExt: ByteSend {
    /// Sends all bytes: returns when the transport has taken them.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it may have sent a part, from the front; how much is not told. In a
    /// cancelled scope it does not begin: nothing of it is sent.
    ///
    /// # Errors
    ///
    /// The stream is closed, ended or broken. A part may have been sent.
    fn send(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), StreamError>> + Send {
        let (mut gate, mut rest) = (Gate::new(), bytes);
        poll_fn(move |cx| {
            ready!(gate.poll_enter(cx));
            while !rest.is_empty() {
                let sent = ready!(Pin::new(&mut *self).poll_write(cx, rest))?;
                if sent == 0 {
                    return Poll::Ready(Err(io::Error::from(io::ErrorKind::WriteZero).into()));
                }
                rest = &rest[sent..];
            }
            Pin::new(&mut *self).poll_flush(cx).map_err(StreamError::from)
        })
    }

    /// Says "no more from here"; receiving goes on. Said twice, it is said once.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it may not have been said; call it again. In a cancelled scope it does
    /// not begin.
    ///
    /// # Errors
    ///
    /// The stream is closed or broken.
    fn send_eof(&mut self) -> impl Future<Output = Result<(), StreamError>> + Send {
        let mut gate = Gate::new();
        poll_fn(move |cx| {
            ready!(gate.poll_enter(cx));
            Pin::new(&mut *self).poll_shutdown(cx).map_err(StreamError::from)
        })
    }
}

impl<S: ByteSend + ?Sized> ByteSendExt for S {}

/// One receive of at most `max` bytes.
pub(crate) fn poll_receive<S: AsyncRead + ?Sized>(
    stream: Pin<&mut S>,
    cx: &mut Context<'_>,
    max: usize,
) -> Poll<io::Result<Option<Bytes>>> {
    // On the stack and not zeroed: a receive that finds nothing costs nothing, and who keeps what was received
    // keeps no more than that.
    let mut room = [const { MaybeUninit::uninit() }; ROOM];
    let mut buffer = ReadBuf::uninit(&mut room[..max.min(ROOM)]);
    ready!(stream.poll_read(cx, &mut buffer))?;
    let received = buffer.filled();
    Poll::Ready(Ok((!received.is_empty()).then(|| Bytes::copy_from_slice(received))))
}
