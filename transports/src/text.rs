//! Text over a byte stream.

mod encoding;

pub use encoding::{BadBytes, Encoding, OnBadBytes};

use crate::outgoing::Outgoing;
use crate::{Attributes, Buffered, Demand, StreamError};
use arbour_primitives::scope::Gate;
use arbour_primitives::stream::{ObjectReceive, ObjectSend, ObjectStream, Reliable};
use encoding::Coder;
use futures::{Sink, Stream};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
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
    stream: Buffered<S>,
    decoder: Coder,
    encoder: Coder,
    outgoing: Outgoing,
    ended: bool,
    receiving: Gate,
    sending: Gate,
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
        Self {
            stream: Buffered::new(stream),
            decoder: Coder::new(encoding, on_bad),
            encoder: Coder::new(encoding, on_bad),
            outgoing: Outgoing::default(),
            ended: false,
            receiving: Gate::new(),
            sending: Gate::new(),
        }
    }

    /// The byte stream, with what was received and is no whole character yet.
    #[must_use]
    pub fn into_inner(self) -> Buffered<S> {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> Text<S> {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<String>, TextError>> {
        loop {
            let text = self.decoder.decode(self.stream.parts().0, self.ended)?;
            if !text.is_empty() {
                return Poll::Ready(Ok(Some(text)));
            }
            if self.ended {
                return Poll::Ready(Ok(None));
            }
            self.ended = ready!(self.stream.poll_more(cx)).map_err(StreamError::from)? == 0;
        }
    }
}

impl<S: AsyncWrite + Unpin> Text<S> {
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

impl<S: AsyncRead + Unpin + Send> ObjectReceive<String> for Text<S> {
    type Error = TextError;

    async fn recv(&mut self) -> Result<Option<String>, TextError> {
        let mut gate = Gate::new();
        poll_fn(|cx| {
            ready!(gate.poll_enter(cx));
            self.poll_receive(cx)
        })
        .await
    }
}

impl<S: AsyncWrite + Unpin + Send, T: AsRef<str> + Send> ObjectSend<T> for Text<S> {
    type Error = StreamError;

    async fn send(&mut self, text: T) -> Result<(), StreamError> {
        let (mut gate, mut text) = (Gate::new(), Some(text));
        poll_fn(|cx| {
            ready!(gate.poll_enter(cx));
            // What was left by an earlier send goes first; only then is this one begun.
            ready!(self.poll_write(cx))?;
            if let Some(text) = text.take() {
                self.encoder.encode(text.as_ref(), &mut self.outgoing.bytes);
            }
            self.poll_flush_all(cx).map_err(StreamError::from)
        })
        .await
    }
}

impl<S, T> ObjectStream<T, String> for Text<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    T: AsRef<str> + Send,
{
    async fn send_eof(&mut self) -> Result<(), StreamError> {
        let mut gate = Gate::new();
        poll_fn(|cx| {
            ready!(gate.poll_enter(cx));
            self.poll_end(cx).map_err(StreamError::from)
        })
        .await
    }
}

impl<S> Reliable for Text<S> {}

impl<S: AsyncRead + Unpin> Stream for Text<S> {
    type Item = Result<String, TextError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        ready!(self.receiving.poll_enter(cx));
        let received = ready!(self.poll_receive(cx));
        self.receiving = Gate::new();
        Poll::Ready(received.transpose())
    }
}

impl<S: AsyncWrite + Unpin, T: AsRef<str>> Sink<T> for Text<S> {
    type Error = StreamError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), StreamError>> {
        ready!(self.sending.poll_enter(cx));
        if self.outgoing.is_full() {
            ready!(self.poll_write(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    fn start_send(mut self: Pin<&mut Self>, text: T) -> Result<(), StreamError> {
        let this = &mut *self;
        this.encoder.encode(text.as_ref(), &mut this.outgoing.bytes);
        Ok(())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), StreamError>> {
        ready!(self.sending.poll_enter(cx));
        ready!(self.poll_flush_all(cx))?;
        self.sending = Gate::new();
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), StreamError>> {
        ready!(self.sending.poll_enter(cx));
        ready!(self.poll_end(cx))?;
        self.sending = Gate::new();
        Poll::Ready(Ok(()))
    }
}

impl<S: Attributes> Attributes for Text<S> {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.stream.provide(demand);
    }
}

impl<S> fmt::Debug for Text<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text")
            .field("decoder", &self.decoder)
            .field("received", &self.stream.buffer().len())
            .field("unwritten", &self.outgoing.bytes.len())
            .finish_non_exhaustive()
    }
}
