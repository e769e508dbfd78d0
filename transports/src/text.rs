//! Text over a byte stream.

mod encoding;
#[cfg(test)]
mod tests;

pub use encoding::{BadBytes, Encoding, OnBadBytes};

use crate::messages::Messages;
use crate::{Attributes, Buffered, Demand, StreamError};
use arbour_primitives::stream::{ObjectReceive, ObjectSend, ObjectStream, Reliable};
use bytes::{Bytes, BytesMut};
use encoding::Coder;
use futures::{Sink, Stream};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};

/// Text over a byte stream, in pieces as they come: a character that is cut is held back until it is whole.
///
/// UTF-8 unless told otherwise, and bytes that are no text are refused. It sends and receives [`String`]s by
/// [`ObjectSend`] and [`ObjectReceive`], is a [`Stream`] and a [`Sink`] too, and has the attributes of the byte
/// stream. A send that was begun and dropped is finished by whatever is sent next.
///
/// # Examples
///
/// ```
/// use arbour::stream::{ObjectReceive, ObjectSend};
/// use arbour::transports::{ByteSendExt, Text, byte_pipe};
///
/// # #[arbour::main]
/// # async fn main() {
/// let (mut client, server) = byte_pipe(1024);
/// let mut server = Text::new(server);
/// client.send(b"na\xc3").await.unwrap();
/// assert_eq!(server.recv().await.unwrap().unwrap(), "na");
/// client.send(b"\xafve").await.unwrap();
/// assert_eq!(server.recv().await.unwrap().unwrap(), "ïve");
/// # }
/// ```
pub struct Text<S> {
    messages: Messages<S>,
    decoder: Coder,
    encoder: Coder,
}

/// Why no text is received.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TextError {
    /// What has come is no text.
    #[error(transparent)]
    Bad(#[from] BadBytes),
    /// The byte stream refuses to be received from.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

impl<S> Text<S> {
    /// Text in UTF-8; bytes that are no text are refused.
    pub fn new(stream: S) -> Self {
        Self::with_encoding(stream, Encoding::Utf8, OnBadBytes::Refuse)
    }

    /// Text in this encoding.
    pub fn with_encoding(stream: S, encoding: Encoding, on_bad: OnBadBytes) -> Self {
        let (decoder, encoder) = (Coder::new(encoding, on_bad), Coder::new(encoding, on_bad));
        Self { messages: Messages::new(Buffered::new(stream)), decoder, encoder }
    }

    /// The byte stream.
    pub fn stream(&self) -> &S {
        self.messages.stream().stream()
    }

    /// The byte stream, for its own calls. What is received from it directly is missing from the text, and
    /// what is sent into it directly may come inside what a dropped send has left.
    pub fn stream_mut(&mut self) -> &mut S {
        self.messages.stream_mut().stream_mut()
    }

    /// The byte stream, with what was received and is no whole character yet; and what of a text is not
    /// written yet.
    #[must_use]
    pub fn into_parts(self) -> (Buffered<S>, Bytes) {
        self.messages.into_parts()
    }
}

/// How text is taken off a buffer; none is no text.
fn decode(decoder: &mut Coder) -> impl FnMut(&mut BytesMut, bool) -> Result<Option<String>, TextError> + '_ {
    |buffer, has_ended| {
        let text = decoder.decode(buffer, has_ended)?;
        Ok((!text.is_empty()).then_some(text))
    }
}

impl<S: AsyncRead + Unpin + Send> ObjectReceive<String> for Text<S> {
    type Error = TextError;

    async fn recv(&mut self) -> Result<Option<String>, TextError> {
        self.messages.recv(decode(&mut self.decoder)).await
    }
}

impl<S: AsyncWrite + Unpin + Send, T: AsRef<str> + Send> ObjectSend<T> for Text<S> {
    type Error = StreamError;

    async fn send(&mut self, text: T) -> Result<(), StreamError> {
        let encoder = &mut self.encoder;
        let encode = move |outgoing: &mut BytesMut| {
            encoder.encode(text.as_ref(), outgoing);
            Ok(())
        };
        self.messages.send(encode).await
    }
}

impl<S, T> ObjectStream<T, String> for Text<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    T: AsRef<str> + Send,
{
    async fn send_eof(&mut self) -> Result<(), StreamError> {
        self.messages.send_eof().await
    }
}

impl<S> Reliable for Text<S> {}

impl<S: AsyncRead + Unpin> Stream for Text<S> {
    type Item = Result<String, TextError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        this.messages.poll_next(cx, decode(&mut this.decoder))
    }
}

impl<S: AsyncWrite + Unpin, T: AsRef<str>> Sink<T> for Text<S> {
    type Error = StreamError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), StreamError>> {
        self.messages.poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, text: T) -> Result<(), StreamError> {
        let this = &mut *self;
        this.encoder.encode(text.as_ref(), this.messages.outgoing());
        Ok(())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), StreamError>> {
        self.messages.poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), StreamError>> {
        self.messages.poll_close(cx)
    }
}

impl<S: Attributes> Attributes for Text<S> {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.messages.stream().provide(demand);
    }
}

impl<S> fmt::Debug for Text<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.messages.show(f.debug_struct("Text").field("decoder", &self.decoder))
    }
}
