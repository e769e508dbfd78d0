//! Ends of object streams whose type is not told, for lists of different ones.

use super::{ObjectReceive, ObjectSend};
use core::error::Error;
use core::fmt;
use core::pin::Pin;

/// A sending end of which only the object's and the error's type are told.
///
/// # Examples
///
/// ```
/// use arbour_primitives::stream::{BoxObjectSend, ObjectSend, memory_stream};
///
/// # futures::executor::block_on(async {
/// let (tx, rx) = memory_stream(1);
/// let mut tx = BoxObjectSend::new(tx);
/// tx.send("hello").await.unwrap();
/// assert_eq!(rx.recv().await, Ok("hello"));
/// # });
/// ```
pub struct BoxObjectSend<T, E>(Box<dyn DynSend<T, E>>);

/// A receiving end of which only the object's and the error's type are told; the twin of [`BoxObjectSend`].
pub struct BoxObjectReceive<T, E>(Box<dyn DynReceive<T, E>>);

impl<T: Send + 'static, E: Error> BoxObjectSend<T, E> {
    /// Hides the type of a sending end.
    #[must_use]
    pub fn new(end: impl ObjectSend<T, Error = E> + Send + 'static) -> Self {
        Self(Box::new(end))
    }
}

impl<T, E: Error> BoxObjectReceive<T, E> {
    /// Hides the type of a receiving end.
    #[must_use]
    pub fn new(end: impl ObjectReceive<T, Error = E> + Send + 'static) -> Self {
        Self(Box::new(end))
    }
}

impl<T: Send, E: Error> ObjectSend<T> for BoxObjectSend<T, E> {
    type Error = E;

    fn send(&mut self, item: T) -> impl Future<Output = Result<(), E>> + Send {
        self.0.send_boxed(item)
    }
}

impl<T, E: Error> ObjectReceive<T> for BoxObjectReceive<T, E> {
    type Error = E;

    fn recv(&mut self) -> impl Future<Output = Result<Option<T>, E>> + Send {
        self.0.recv_boxed()
    }
}

impl<T, E> fmt::Debug for BoxObjectSend<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxObjectSend")
    }
}

impl<T, E> fmt::Debug for BoxObjectReceive<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxObjectReceive")
    }
}

type Awaited<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

trait DynSend<T, E>: Send {
    fn send_boxed<'a>(&'a mut self, item: T) -> Awaited<'a, Result<(), E>>
    where
        T: 'a;
}

trait DynReceive<T, E>: Send {
    fn recv_boxed<'a>(&'a mut self) -> Awaited<'a, Result<Option<T>, E>>
    where
        T: 'a;
}

impl<T, S: ObjectSend<T> + Send> DynSend<T, S::Error> for S {
    fn send_boxed<'a>(&'a mut self, item: T) -> Awaited<'a, Result<(), S::Error>>
    where
        T: 'a,
    {
        Box::pin(self.send(item))
    }
}

impl<T, R: ObjectReceive<T> + Send> DynReceive<T, R::Error> for R {
    fn recv_boxed<'a>(&'a mut self) -> Awaited<'a, Result<Option<T>, R::Error>>
    where
        T: 'a,
    {
        Box::pin(self.recv())
    }
}
