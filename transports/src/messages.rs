//! Messages in both directions over a byte stream, whatever a message is: bytes that are not decoded yet,
//! bytes that are not written yet, and the end.

use crate::outgoing::Outgoing;
use crate::{Buffered, StreamError};
use arbour_primitives::scope::Gate;
use bytes::{Bytes, BytesMut};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite};

/// What [`Framed`](crate::Framed) and [`Text`](crate::Text) have in common.
///
/// A decoder takes a message off the front of a buffer, knows whether the stream has ended, and is `None`
/// while more has to come. State is here and not in the futures: one that is dropped loses nothing.
pub(crate) struct Messages<S> {
    stream: Buffered<S>,
    outgoing: Outgoing,
    ended: bool,
    receiving: Gate,
    sending: Gate,
}

impl<S> Messages<S> {
    pub(crate) fn new(stream: Buffered<S>) -> Self {
        let (receiving, sending) = (Gate::new(), Gate::new());
        Self { stream, outgoing: Outgoing::default(), ended: false, receiving, sending }
    }

    pub(crate) fn stream(&self) -> &Buffered<S> {
        &self.stream
    }

    pub(crate) fn stream_mut(&mut self) -> &mut Buffered<S> {
        &mut self.stream
    }

    /// What was encoded and is not written yet.
    pub(crate) fn outgoing(&mut self) -> &mut BytesMut {
        &mut self.outgoing.bytes
    }

    pub(crate) fn into_parts(self) -> (Buffered<S>, Bytes) {
        (self.stream, self.outgoing.bytes.freeze())
    }

    /// Shows how much there is of either direction.
    pub(crate) fn show(&self, shown: &mut fmt::DebugStruct<'_, '_>) -> fmt::Result {
        shown
            .field("received", &self.stream.buffer().len())
            .field("unwritten", &self.outgoing.bytes.len())
            .finish_non_exhaustive()
    }
}

impl<S: AsyncRead + Unpin> Messages<S> {
    fn poll_receive<T, E: From<StreamError>>(
        &mut self,
        cx: &mut Context<'_>,
        mut decode: impl FnMut(&mut BytesMut, bool) -> Result<Option<T>, E>,
    ) -> Poll<Result<Option<T>, E>> {
        loop {
            let message = decode(self.stream.parts().0, self.ended)?;
            if message.is_some() || self.ended {
                return Poll::Ready(Ok(message));
            }
            self.ended = ready!(self.stream.poll_more(cx)).map_err(StreamError::from)? == 0;
        }
    }

    /// The next message; `None` at the end.
    pub(crate) async fn recv<T, E: From<StreamError>>(
        &mut self,
        mut decode: impl FnMut(&mut BytesMut, bool) -> Result<Option<T>, E>,
    ) -> Result<Option<T>, E> {
        let mut gate = Gate::new();
        poll_fn(|cx| {
            ready!(gate.poll_enter(cx));
            self.poll_receive(cx, &mut decode)
        })
        .await
    }

    /// The same, as a stream of futures has it.
    pub(crate) fn poll_next<T, E: From<StreamError>>(
        &mut self,
        cx: &mut Context<'_>,
        decode: impl FnMut(&mut BytesMut, bool) -> Result<Option<T>, E>,
    ) -> Poll<Option<Result<T, E>>> {
        ready!(self.receiving.poll_enter(cx));
        let received = ready!(self.poll_receive(cx, decode));
        self.receiving = Gate::new();
        Poll::Ready(received.transpose())
    }
}

impl<S: AsyncWrite + Unpin> Messages<S> {
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.poll_write(self.stream.parts().1, cx)
    }

    fn poll_flush_all(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.poll_flush(self.stream.parts().1, cx)
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.poll_end(self.stream.parts().1, cx)
    }

    /// Sends what is encoded, after what was left by an earlier send: only then is it begun.
    pub(crate) async fn send<E: From<StreamError>>(
        &mut self,
        encode: impl FnOnce(&mut BytesMut) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut gate, mut encode) = (Gate::new(), Some(encode));
        poll_fn(|cx| {
            ready!(gate.poll_enter(cx));
            ready!(self.poll_write(cx)).map_err(StreamError::from)?;
            if let Some(encode) = encode.take() {
                encode(&mut self.outgoing.bytes)?;
            }
            self.poll_flush_all(cx).map_err(|error| StreamError::from(error).into())
        })
        .await
    }

    /// Writes what is left, then says "no more from here".
    pub(crate) async fn send_eof(&mut self) -> Result<(), StreamError> {
        let mut gate = Gate::new();
        poll_fn(|cx| {
            ready!(gate.poll_enter(cx));
            self.poll_end(cx).map_err(StreamError::from)
        })
        .await
    }

    /// Ready for another message, as a sink is.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamError>> {
        ready!(self.sending.poll_enter(cx));
        if self.outgoing.is_full() {
            ready!(self.poll_write(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Written and flushed, as a sink has it.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamError>> {
        ready!(self.sending.poll_enter(cx));
        ready!(self.poll_flush_all(cx))?;
        self.sending = Gate::new();
        Poll::Ready(Ok(()))
    }

    /// Written and ended, as a sink has it.
    pub(crate) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamError>> {
        ready!(self.sending.poll_enter(cx));
        ready!(self.poll_end(cx))?;
        self.sending = Gate::new();
        Poll::Ready(Ok(()))
    }
}
