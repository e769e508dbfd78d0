//! What it takes to be an object stream: the traits that every transport of objects shares.

use super::{ReceiveStream, RecvError, SendError, SendStream, TrySendError};
use crate::attribute::{Attributes, Demand};
use core::error::Error;

/// A sending end of a stream of objects.
///
/// # Examples
///
/// ```
/// use arbour_primitives::stream::{ObjectSend, memory_stream};
///
/// async fn greet<S: ObjectSend<String>>(to: &mut S) -> Result<(), S::Error> {
///     to.send("hello".to_owned()).await
/// }
///
/// # futures::executor::block_on(async {
/// let (mut tx, rx) = memory_stream(1);
/// greet(&mut tx).await.unwrap();
/// assert_eq!(rx.recv().await, Ok("hello".to_owned()));
/// # });
/// ```
pub trait ObjectSend<T> {
    /// Why an object was not sent.
    type Error: Error;

    /// Sends one object, waiting until the stream accepts it.
    ///
    /// # Errors
    ///
    /// The stream cannot carry the object, now or ever; the error says which.
    fn send(&mut self, item: T) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// A receiving end of a stream of objects.
///
/// # Examples
///
/// ```
/// use arbour_primitives::stream::{ObjectReceive, memory_stream};
///
/// async fn sum<R: ObjectReceive<u64>>(from: &mut R) -> Result<u64, R::Error> {
///     let mut sum = 0;
///     while let Some(n) = from.recv().await? {
///         sum += n;
///     }
///     Ok(sum)
/// }
///
/// # futures::executor::block_on(async {
/// let (tx, mut rx) = memory_stream(2);
/// tx.send(1).await.unwrap();
/// tx.send(2).await.unwrap();
/// drop(tx);
/// assert_eq!(sum(&mut rx).await, Ok(3));
/// # });
/// ```
pub trait ObjectReceive<T> {
    /// Why an object was not received, other than the end of the stream.
    type Error: Error;

    /// Receives the next object, waiting until there is one; `None` at the end of the stream.
    ///
    /// # Errors
    ///
    /// The stream broke or was closed under the receiver; the error says which.
    fn recv(&mut self) -> impl Future<Output = Result<Option<T>, Self::Error>> + Send;
}

/// An object stream in both directions, which may carry other objects this way (`T`) than that (`R`).
pub trait ObjectStream<T, R = T>: ObjectSend<T> + ObjectReceive<R> {
    /// Says "no more from here"; receiving goes on. Said twice, it is said once.
    ///
    /// # Errors
    ///
    /// It could not be said: the stream is closed or broken.
    fn send_eof(&mut self) -> impl Future<Output = Result<(), <Self as ObjectSend<T>>::Error>> + Send;
}

/// A sending end that can say at once whether it takes an object.
pub trait TrySend<T>: ObjectSend<T> {
    /// Why an object is not taken now, with the object.
    type Refused: Error;

    /// Sends one object if the stream accepts it now.
    ///
    /// # Errors
    ///
    /// There is no room, or the stream can carry nothing any more; the object comes back.
    fn try_send(&mut self, item: T) -> Result<(), Self::Refused>;
}

/// The mark of an object stream that delivers in order, each object once, until it ends or breaks.
///
/// Datagrams lack it: they may be lost, doubled or reordered.
pub trait Reliable {}

impl<T: Send> ObjectSend<T> for SendStream<T> {
    type Error = SendError<T>;

    fn send(&mut self, item: T) -> impl Future<Output = Result<(), SendError<T>>> + Send {
        Self::send(self, item)
    }
}

impl<T: Send> TrySend<T> for SendStream<T> {
    type Refused = TrySendError<T>;

    fn try_send(&mut self, item: T) -> Result<(), TrySendError<T>> {
        Self::try_send(self, item)
    }
}

impl<T: Send> ObjectReceive<T> for ReceiveStream<T> {
    type Error = RecvError;

    async fn recv(&mut self) -> Result<Option<T>, RecvError> {
        match Self::recv(self).await {
            Ok(item) => Ok(Some(item)),
            Err(RecvError::EndOfStream) => Ok(None),
            Err(closed) => Err(closed),
        }
    }
}

impl<T> Reliable for SendStream<T> {}
impl<T> Reliable for ReceiveStream<T> {}

/// Memory has nothing to say of itself.
impl<T> Attributes for SendStream<T> {
    fn provide(&self, _: &mut Demand<'_>) {}
}

/// Memory has nothing to say of itself.
impl<T> Attributes for ReceiveStream<T> {
    fn provide(&self, _: &mut Demand<'_>) {}
}
