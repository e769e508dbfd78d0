//! Messages over a byte stream: where one ends and the next begins.

mod bad;
mod chunks;
mod length;
mod lines;

pub use bad::BadFrame;
pub use chunks::Chunks;
pub use length::{Head, LengthDelimited};
pub use lines::Lines;

use crate::outgoing::Outgoing;
use crate::{Attributes, Buffered, Demand, StreamError};
use arbour_primitives::scope::Gate;
use arbour_primitives::stream::{ObjectReceive, ObjectSend, ObjectStream, Reliable};
use bytes::{Bytes, BytesMut};
use futures::{Sink, Stream};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};

/// Where one frame ends and the next begins. Pure: it sees buffers, and no stream.
pub trait Framing {
    /// Takes the first frame off the buffer; `None` while more has to come.
    ///
    /// # Errors
    ///
    /// What comes is no frame. The buffer is left as it is, so that the same error comes again.
    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, BadFrame>;

    /// The last frame, after the stream has ended and `decode` found none; `None` for a clean end.
    ///
    /// # Errors
    ///
    /// The stream ended inside a frame.
    fn finish(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, BadFrame>;

    /// Appends a frame.
    ///
    /// # Errors
    ///
    /// It cannot be framed; nothing is appended.
    fn encode(&mut self, frame: &[u8], into: &mut BytesMut) -> Result<(), BadFrame>;
}

/// An object stream of frames over a byte stream.
///
/// It sends by [`ObjectSend`] and receives by [`ObjectReceive`], is a [`Stream`] and a [`Sink`] too, and has
/// the attributes of the byte stream. A receive that is dropped loses nothing; a send that was begun and
/// dropped is finished by whatever is sent next, so that the peer never sees a torn frame.
///
/// # Examples
///
/// ```
/// use arbour::stream::{ObjectReceive, ObjectSend};
/// use arbour::transports::{length_delimited, byte_pipe};
///
/// # #[arbour::main]
/// # async fn main() {
/// let (client, server) = byte_pipe(1024);
/// let (mut client, mut server) = (length_delimited(client), length_delimited(server));
/// client.send("hello".into()).await.unwrap();
/// client.send("".into()).await.unwrap();
/// drop(client);
///
/// assert_eq!(server.recv().await.unwrap().unwrap(), "hello");
/// assert_eq!(server.recv().await.unwrap().unwrap(), "");
/// assert_eq!(server.recv().await.unwrap(), None);
/// # }
/// ```
pub struct Framed<S, F> {
    stream: Buffered<S>,
    framing: F,
    outgoing: Outgoing,
    ended: bool,
    receiving: Gate,
    sending: Gate,
}

/// Frames that begin with their length, with the limits of [`LengthDelimited`].
pub fn length_delimited<S>(stream: S) -> Framed<S, LengthDelimited> {
    Framed::new(stream, LengthDelimited::default())
}

/// Frames that are lines, with the limits of [`Lines`].
pub fn lines<S>(stream: S) -> Framed<S, Lines> {
    Framed::new(stream, Lines::default())
}

/// Pieces of a byte stream as they come: a byte stream where an object stream of bytes is wanted.
pub fn chunks<S>(stream: S) -> Framed<S, Chunks> {
    Framed::new(stream, Chunks)
}

/// Why no frame is received.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// What has come is no frame. There is no telling where the next one begins: the same comes again.
    #[error(transparent)]
    Bad(#[from] BadFrame),
    /// The byte stream refuses to be received from.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

/// Why a frame was not sent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SendFrameError {
    /// It cannot be framed, and is handed back; nothing of it was sent.
    #[error("{why}")]
    Refused {
        /// The frame.
        frame: Bytes,
        /// What is wrong with it.
        why: BadFrame,
    },
    /// The byte stream refuses to be sent into. A part of the frame may have been sent.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

impl From<io::Error> for SendFrameError {
    fn from(error: io::Error) -> Self {
        Self::Stream(error.into())
    }
}

impl<S, F> Framed<S, F> {
    /// Frames over a byte stream.
    pub fn new(stream: S, framing: F) -> Self {
        Self::from_buffered(Buffered::new(stream), framing)
    }

    /// Frames over a byte stream of which something has been received already.
    pub fn from_buffered(stream: Buffered<S>, framing: F) -> Self {
        let (receiving, sending) = (Gate::new(), Gate::new());
        Self { stream, framing, outgoing: Outgoing::default(), ended: false, receiving, sending }
    }

    /// The byte stream, with what was received and is no frame yet; and what of a frame is not written yet.
    #[must_use]
    pub fn into_parts(self) -> (Buffered<S>, Bytes) {
        (self.stream, self.outgoing.bytes.freeze())
    }
}

impl<S: AsyncRead + Unpin, F: Framing> Framed<S, F> {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, FrameError>> {
        loop {
            let (buffer, _) = self.stream.parts();
            if let Some(frame) = self.framing.decode(buffer)? {
                return Poll::Ready(Ok(Some(frame)));
            }
            if self.ended {
                return Poll::Ready(Ok(self.framing.finish(buffer)?));
            }
            self.ended = ready!(self.stream.poll_more(cx)).map_err(StreamError::from)? == 0;
        }
    }
}

impl<S: AsyncWrite + Unpin, F: Framing> Framed<S, F> {
    fn encode(&mut self, frame: Bytes) -> Result<(), SendFrameError> {
        let encoded = self.framing.encode(&frame, &mut self.outgoing.bytes);
        encoded.map_err(|why| SendFrameError::Refused { frame, why })
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.poll_write(self.stream.parts().1, cx)
    }

    fn poll_flush_all(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.poll_flush(self.stream.parts().1, cx)
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.poll_end(self.stream.parts().1, cx)
    }
}

impl<S: AsyncRead + Unpin + Send, F: Framing + Send> ObjectReceive<Bytes> for Framed<S, F> {
    type Error = FrameError;

    async fn recv(&mut self) -> Result<Option<Bytes>, FrameError> {
        let mut gate = Gate::new();
        poll_fn(|cx| {
            ready!(gate.poll_enter(cx));
            self.poll_receive(cx)
        })
        .await
    }
}

impl<S: AsyncWrite + Unpin + Send, F: Framing + Send> ObjectSend<Bytes> for Framed<S, F> {
    type Error = SendFrameError;

    async fn send(&mut self, frame: Bytes) -> Result<(), SendFrameError> {
        let (mut gate, mut frame) = (Gate::new(), Some(frame));
        poll_fn(|cx| {
            ready!(gate.poll_enter(cx));
            // What was left by an earlier send goes first; only then is this one begun.
            ready!(self.poll_write(cx))?;
            if let Some(frame) = frame.take() {
                self.encode(frame)?;
            }
            self.poll_flush_all(cx).map_err(SendFrameError::from)
        })
        .await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send, F: Framing + Send> ObjectStream<Bytes> for Framed<S, F> {
    async fn send_eof(&mut self) -> Result<(), SendFrameError> {
        let mut gate = Gate::new();
        poll_fn(|cx| {
            ready!(gate.poll_enter(cx));
            self.poll_end(cx).map_err(SendFrameError::from)
        })
        .await
    }
}

impl<S, F> Reliable for Framed<S, F> {}

impl<S: AsyncRead + Unpin, F: Framing + Unpin> Stream for Framed<S, F> {
    type Item = Result<Bytes, FrameError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        ready!(self.receiving.poll_enter(cx));
        let received = ready!(self.poll_receive(cx));
        self.receiving = Gate::new();
        Poll::Ready(received.transpose())
    }
}

impl<S: AsyncWrite + Unpin, F: Framing + Unpin> Sink<Bytes> for Framed<S, F> {
    type Error = SendFrameError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendFrameError>> {
        ready!(self.sending.poll_enter(cx));
        if self.outgoing.is_full() {
            ready!(self.poll_write(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Bytes) -> Result<(), SendFrameError> {
        self.encode(frame)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendFrameError>> {
        ready!(self.sending.poll_enter(cx));
        ready!(self.poll_flush_all(cx))?;
        self.sending = Gate::new();
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendFrameError>> {
        ready!(self.sending.poll_enter(cx));
        ready!(self.poll_end(cx))?;
        self.sending = Gate::new();
        Poll::Ready(Ok(()))
    }
}

impl<S: Attributes, F> Attributes for Framed<S, F> {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.stream.provide(demand);
    }
}

impl<S, F: fmt::Debug> fmt::Debug for Framed<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Framed")
            .field("framing", &self.framing)
            .field("received", &self.stream.buffer().len())
            .field("unwritten", &self.outgoing.bytes.len())
            .finish_non_exhaustive()
    }
}
