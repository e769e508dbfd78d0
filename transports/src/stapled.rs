//! Two halves as one stream: for bytes and for objects.

#[cfg(test)]
mod tests;

use crate::{Attributes, Demand, StreamError};
use arbour_primitives::stream::{ObjectReceive, ObjectSend, ObjectStream, Reliable, TrySend};
use futures::{Sink, Stream};
use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A byte stream whose bytes go out by one half and come in by another.
///
/// It has the attributes of both; where both have one, that of the receiving half counts.
///
/// # Examples
///
/// ```
/// use arbour::transports::{ByteReceiveExt, ByteSendExt, Stapled, StreamError, one_way_pipe};
///
/// # #[arbour::main]
/// # async fn main() {
/// let (tx, rx) = one_way_pipe(64);
/// let mut echo = Stapled::new(tx, rx);
/// echo.send(b"hello").await.unwrap();
/// assert_eq!(echo.receive(64).await.unwrap().unwrap(), "hello");
/// echo.close();
/// assert!(matches!(echo.send(b"?").await, Err(StreamError::Closed)));
/// # }
/// ```
pub struct Stapled<S, R> {
    halves: Option<(S, R)>,
}

impl<S, R> Stapled<S, R> {
    /// Makes one stream of a sending and a receiving half.
    pub fn new(send: S, receive: R) -> Self {
        Self { halves: Some((send, receive)) }
    }

    /// Closes both halves. What is sent or received after that is [`StreamError::Closed`].
    pub fn close(&mut self) {
        drop(self.halves.take());
    }

    /// The sending and the receiving half, unless it is closed.
    pub fn halves(&self) -> Option<(&S, &R)> {
        self.halves.as_ref().map(|(send, receive)| (send, receive))
    }

    /// The sending and the receiving half, for their own calls, unless it is closed.
    pub fn halves_mut(&mut self) -> Option<(&mut S, &mut R)> {
        self.halves.as_mut().map(|(send, receive)| (send, receive))
    }

    /// The sending and the receiving half, unless it is closed.
    #[must_use]
    pub fn into_parts(self) -> Option<(S, R)> {
        self.halves
    }

    fn send_half(&mut self) -> io::Result<&mut S> {
        self.halves.as_mut().map(|(send, _)| send).ok_or_else(|| StreamError::Closed.into())
    }

    fn receive_half(&mut self) -> io::Result<&mut R> {
        self.halves.as_mut().map(|(_, receive)| receive).ok_or_else(|| StreamError::Closed.into())
    }
}

impl<S: Unpin, R: AsyncRead + Unpin> AsyncRead for Stapled<S, R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(self.receive_half()?).poll_read(cx, to)
    }
}

impl<S: AsyncWrite + Unpin, R: Unpin> AsyncWrite for Stapled<S, R> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(self.send_half()?).poll_write(cx, from)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.send_half()?).poll_write_vectored(cx, from)
    }

    fn is_write_vectored(&self) -> bool {
        self.halves.as_ref().is_some_and(|(send, _)| send.is_write_vectored())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.send_half()?).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.send_half()?).poll_shutdown(cx)
    }
}

impl<S: Attributes, R: Attributes> Attributes for Stapled<S, R> {
    fn provide(&self, demand: &mut Demand<'_>) {
        if let Some((send, receive)) = &self.halves {
            receive.provide(demand);
            send.provide(demand);
        }
    }
}

/// An object stream whose objects go out by one half and come in by another; the twin of [`Stapled`].
///
/// It is a [`Stream`] where the receiving half is one, and a [`Sink`] where the sending half is.
///
/// # Examples
///
/// ```
/// use arbour::stream::{ObjectReceive, ObjectSend, ObjectStream, memory_stream};
/// use arbour::transports::{StapledError, StapledObjects};
///
/// # #[arbour::main]
/// # async fn main() {
/// let (tx, rx) = memory_stream(1);
/// let mut echo = StapledObjects::new(tx, rx);
/// echo.send("hello").await.unwrap();
/// echo.send_eof().await.unwrap();
/// assert_eq!(echo.recv().await.unwrap(), Some("hello"));
/// assert_eq!(echo.recv().await.unwrap(), None);
/// assert!(matches!(echo.send("more").await, Err(StapledError::Ended { item: "more" })));
/// # }
/// ```
pub struct StapledObjects<S, R> {
    send: Option<S>,
    receive: Option<R>,
}

/// Why an object stream made of two halves did not take an object.
#[derive(Error)]
#[non_exhaustive]
pub enum StapledError<T, E> {
    /// The sending half is ended or closed; the object comes back.
    #[error("the sending half was ended on this side: nothing more can be sent")]
    Ended {
        /// What was not sent.
        item: T,
    },
    /// The sending half refuses it.
    #[error("{0}")]
    Half(#[source] E),
}

/// The receiving half was closed on this side, or has failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StapledReceiveError<E> {
    /// It was closed on this side.
    #[error("the receiving half was closed on this side")]
    Closed,
    /// The receiving half refuses.
    #[error("{0}")]
    Half(#[source] E),
}

impl<S, R> StapledObjects<S, R> {
    /// Makes one stream of a sending and a receiving half.
    pub fn new(send: S, receive: R) -> Self {
        Self { send: Some(send), receive: Some(receive) }
    }

    /// Closes both halves.
    pub fn close(&mut self) {
        (self.send, self.receive) = (None, None);
    }

    /// The sending half unless it is ended or closed, and the receiving half unless it is closed.
    pub fn halves(&self) -> (Option<&S>, Option<&R>) {
        (self.send.as_ref(), self.receive.as_ref())
    }

    /// Both halves, for their own calls: the sending one unless it is ended or closed, the receiving one unless
    /// it is closed.
    pub fn halves_mut(&mut self) -> (Option<&mut S>, Option<&mut R>) {
        (self.send.as_mut(), self.receive.as_mut())
    }

    /// The sending half unless it is ended or closed, and the receiving half unless it is closed.
    #[must_use]
    pub fn into_parts(self) -> (Option<S>, Option<R>) {
        (self.send, self.receive)
    }
}

impl<T, S, R> ObjectSend<T> for StapledObjects<S, R>
where
    T: Send,
    S: ObjectSend<T, Error: Error + 'static> + Send,
    R: Send,
{
    type Error = StapledError<T, S::Error>;

    async fn send(&mut self, item: T) -> Result<(), Self::Error> {
        match &mut self.send {
            Some(send) => send.send(item).await.map_err(StapledError::Half),
            None => Err(StapledError::Ended { item }),
        }
    }
}

impl<T, S, R> ObjectReceive<T> for StapledObjects<S, R>
where
    S: Send,
    R: ObjectReceive<T, Error: Error + 'static> + Send,
{
    type Error = StapledReceiveError<R::Error>;

    async fn recv(&mut self) -> Result<Option<T>, Self::Error> {
        match &mut self.receive {
            Some(receive) => receive.recv().await.map_err(StapledReceiveError::Half),
            None => Err(StapledReceiveError::Closed),
        }
    }
}

/// Ends the sending half by dropping it, which is how object streams say that there is no more.
impl<T, U, S, R> ObjectStream<T, U> for StapledObjects<S, R>
where
    T: Send,
    S: ObjectSend<T, Error: Error + 'static> + Send,
    R: ObjectReceive<U, Error: Error + 'static> + Send,
{
    async fn send_eof(&mut self) -> Result<(), StapledError<T, S::Error>> {
        self.send = None;
        Ok(())
    }
}

impl<S: Reliable, R: Reliable> Reliable for StapledObjects<S, R> {}

/// What the receiving half gives; nothing after it was closed on this side.
impl<S: Unpin, R: Stream + Unpin> Stream for StapledObjects<S, R> {
    type Item = R::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<R::Item>> {
        match &mut self.receive {
            Some(receive) => Pin::new(receive).poll_next(cx),
            None => Poll::Ready(None),
        }
    }
}

/// Closing it closes the sending half, and drops it.
impl<T, S: Sink<T> + Unpin, R: Unpin> Sink<T> for StapledObjects<S, R> {
    type Error = StapledError<T, S::Error>;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        match &mut self.send {
            Some(send) => Pin::new(send).poll_ready(cx).map_err(StapledError::Half),
            // The object is refused, and comes back.
            None => Poll::Ready(Ok(())),
        }
    }

    fn start_send(mut self: Pin<&mut Self>, item: T) -> Result<(), Self::Error> {
        match &mut self.send {
            Some(send) => Pin::new(send).start_send(item).map_err(StapledError::Half),
            None => Err(StapledError::Ended { item }),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        match &mut self.send {
            Some(send) => Pin::new(send).poll_flush(cx).map_err(StapledError::Half),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if let Some(send) = &mut self.send {
            ready!(Pin::new(send).poll_close(cx)).map_err(StapledError::Half)?;
        }
        self.send = None;
        Poll::Ready(Ok(()))
    }
}

/// Where the sending half can.
impl<T, S, R> TrySend<T> for StapledObjects<S, R>
where
    T: Send,
    S: TrySend<T, Error: Error + 'static, Refused: Error + 'static> + Send,
    R: Send,
{
    type Refused = StapledError<T, S::Refused>;

    fn try_send(&mut self, item: T) -> Result<(), Self::Refused> {
        match &mut self.send {
            Some(send) => send.try_send(item).map_err(StapledError::Half),
            None => Err(StapledError::Ended { item }),
        }
    }
}

impl<S: Attributes, R: Attributes> Attributes for StapledObjects<S, R> {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.receive.iter().for_each(|half| half.provide(demand));
        self.send.iter().for_each(|half| half.provide(demand));
    }
}

impl<S, R> fmt::Debug for Stapled<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stapled").field("open", &self.halves.is_some()).finish()
    }
}

impl<S, R> fmt::Debug for StapledObjects<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StapledObjects")
            .field("sends", &self.send.is_some())
            .field("receives", &self.receive.is_some())
            .finish()
    }
}

impl<T, E: fmt::Debug> fmt::Debug for StapledError<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended { .. } => f.write_str("Ended { .. }"),
            Self::Half(error) => f.debug_tuple("Half").field(error).finish(),
        }
    }
}
