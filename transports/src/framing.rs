//! Messages over a byte stream: where one ends and the next begins.

mod bad;
mod chunks;
mod length;
mod lines;
#[cfg(test)]
mod tests;

pub use bad::BadFrame;
pub use chunks::Chunks;
pub use length::{Head, LengthDelimited};
pub use lines::Lines;

use crate::messages::Messages;
use crate::{Attributes, Buffered, Demand, StreamError};
use arbour_primitives::stream::{ObjectReceive, ObjectSend, ObjectStream, Reliable};
use bytes::{Bytes, BytesMut};
use futures::{Sink, Stream};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
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
    messages: Messages<S>,
    framing: F,
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

impl<S, F> Framed<S, F> {
    /// Frames over a byte stream.
    pub fn new(stream: S, framing: F) -> Self {
        Self::from_buffered(Buffered::new(stream), framing)
    }

    /// Frames over a byte stream of which something has been received already.
    pub fn from_buffered(stream: Buffered<S>, framing: F) -> Self {
        Self { messages: Messages::new(stream), framing }
    }

    /// The byte stream.
    pub fn stream(&self) -> &S {
        self.messages.stream().stream()
    }

    /// The byte stream, for its own calls. What is received from it directly is missing from the frames, and
    /// what is sent into it directly may come inside one that a dropped send has left.
    pub fn stream_mut(&mut self) -> &mut S {
        self.messages.stream_mut().stream_mut()
    }

    /// The byte stream, with what was received and is no frame yet; and what of a frame is not written yet.
    #[must_use]
    pub fn into_parts(self) -> (Buffered<S>, Bytes) {
        self.messages.into_parts()
    }
}

/// How a frame is taken off a buffer, of which more comes unless it has ended.
fn decode<F: Framing>(
    framing: &mut F,
) -> impl FnMut(&mut BytesMut, bool) -> Result<Option<Bytes>, FrameError> + '_ {
    |buffer, has_ended| match framing.decode(buffer)? {
        None if has_ended => Ok(framing.finish(buffer)?),
        frame => Ok(frame),
    }
}

fn encode<F: Framing>(framing: &mut F, frame: Bytes, into: &mut BytesMut) -> Result<(), SendFrameError> {
    let encoded = framing.encode(&frame, into);
    encoded.map_err(|why| SendFrameError::Refused { frame, why })
}

impl<S: AsyncRead + Unpin + Send, F: Framing + Send> ObjectReceive<Bytes> for Framed<S, F> {
    type Error = FrameError;

    async fn recv(&mut self) -> Result<Option<Bytes>, FrameError> {
        self.messages.recv(decode(&mut self.framing)).await
    }
}

impl<S: AsyncWrite + Unpin + Send, F: Framing + Send> ObjectSend<Bytes> for Framed<S, F> {
    type Error = SendFrameError;

    async fn send(&mut self, frame: Bytes) -> Result<(), SendFrameError> {
        self.messages.send(|outgoing| encode(&mut self.framing, frame, outgoing)).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send, F: Framing + Send> ObjectStream<Bytes> for Framed<S, F> {
    async fn send_eof(&mut self) -> Result<(), SendFrameError> {
        Ok(self.messages.send_eof().await?)
    }
}

impl<S, F> Reliable for Framed<S, F> {}

impl<S: AsyncRead + Unpin, F: Framing + Unpin> Stream for Framed<S, F> {
    type Item = Result<Bytes, FrameError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        this.messages.poll_next(cx, decode(&mut this.framing))
    }
}

impl<S: AsyncWrite + Unpin, F: Framing + Unpin> Sink<Bytes> for Framed<S, F> {
    type Error = SendFrameError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendFrameError>> {
        self.messages.poll_ready(cx).map_err(SendFrameError::from)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Bytes) -> Result<(), SendFrameError> {
        let this = &mut *self;
        encode(&mut this.framing, frame, this.messages.outgoing())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendFrameError>> {
        self.messages.poll_flush(cx).map_err(SendFrameError::from)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendFrameError>> {
        self.messages.poll_close(cx).map_err(SendFrameError::from)
    }
}

impl<S: Attributes, F> Attributes for Framed<S, F> {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.messages.stream().provide(demand);
    }
}

impl<S, F: fmt::Debug> fmt::Debug for Framed<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.messages.show(f.debug_struct("Framed").field("framing", &self.framing))
    }
}
