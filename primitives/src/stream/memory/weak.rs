//! Weak ends: they keep nothing open, and become real ends while their side of the stream is open.

use super::{ReceiveStream, SendStream, Shared};
use core::fmt;

/// A sending end that keeps nothing open; see [`SendStream::downgrade`].
///
/// It stands for the sending side of its stream, not for the end it was made of. It counts in nothing:
/// receivers find the end of the stream however many weak ends there are. It keeps the stream's own
/// memory, but no item.
///
/// # Examples
///
/// ```
/// use arbour_primitives::stream::{RecvError, memory_stream};
///
/// # futures::executor::block_on(async {
/// let (tx, rx) = memory_stream(1);
/// let weak = tx.downgrade();
/// weak.upgrade().unwrap().send("by a weak end").await.unwrap();
///
/// drop(tx);
/// assert!(weak.upgrade().is_none());
/// assert_eq!(rx.recv().await, Ok("by a weak end"));
/// assert_eq!(rx.recv().await, Err(RecvError::EndOfStream));
/// # });
/// ```
pub struct WeakSendStream<T> {
    shared: Shared<T>,
}

/// A receiving end that keeps nothing open; see [`ReceiveStream::downgrade`].
///
/// It stands for the receiving side of its stream, not for the end it was made of. It counts in nothing:
/// senders get their items back when the last real receiving end is gone. It keeps the stream's own
/// memory, but no item.
///
/// # Examples
///
/// ```
/// use arbour_primitives::stream::{TrySendError, memory_stream};
///
/// let (tx, rx) = memory_stream(1);
/// let weak = rx.downgrade();
/// tx.try_send(1).unwrap();
/// assert_eq!(weak.upgrade().unwrap().try_recv(), Ok(1));
///
/// drop(rx);
/// assert!(weak.upgrade().is_none());
/// assert_eq!(tx.try_send(2), Err(TrySendError::Broken(2)));
/// ```
pub struct WeakReceiveStream<T> {
    shared: Shared<T>,
}

impl<T> SendStream<T> {
    /// A weak end of this side: it does not keep the stream open for receivers.
    pub fn downgrade(&self) -> WeakSendStream<T> {
        WeakSendStream { shared: self.parts().0.clone() }
    }
}

impl<T> ReceiveStream<T> {
    /// A weak end of this side: it does not keep the stream open for senders.
    pub fn downgrade(&self) -> WeakReceiveStream<T> {
        WeakReceiveStream { shared: self.parts().0.clone() }
    }
}

impl<T> WeakSendStream<T> {
    /// An open sending end, if there is one already; `None` when the last was dropped or closed.
    ///
    /// `None` is final. It is decided in one step with the drop of the last end, so an end of the stream
    /// that was announced is never taken back: a [`Permit`](super::Permit) that is left, or an item on its
    /// way, makes no sender. On a stream that was [closed](SendStream::close) as a whole an upgrade
    /// gives an end all the same, which is refused like the others until the stream is
    /// [reopened](ReceiveStream::reopen).
    #[must_use]
    pub fn upgrade(&self) -> Option<SendStream<T>> {
        let end = self.shared.lock().upgrade_send_end()?;
        Some(SendStream::new(self.shared.clone(), end))
    }
}

impl<T> WeakReceiveStream<T> {
    /// An open receiving end, if there is one already; `None` when the last was dropped or closed.
    ///
    /// `None` is final. It is decided in one step with the drop of the last end, so a sender that was told
    /// that the stream is broken is never contradicted. Nothing the senders do matters here: when they
    /// have gone, or the stream was [closed](ReceiveStream::close), the upgraded end takes what is
    /// queued and then finds the end.
    #[must_use]
    pub fn upgrade(&self) -> Option<ReceiveStream<T>> {
        let end = self.shared.lock().upgrade_receive_end()?;
        Some(ReceiveStream::new(self.shared.clone(), end))
    }
}

impl<T> Clone for WeakSendStream<T> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<T> Clone for WeakReceiveStream<T> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<T> fmt::Debug for WeakSendStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.describe("WeakSendStream", f)
    }
}

impl<T> fmt::Debug for WeakReceiveStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.describe("WeakReceiveStream", f)
    }
}
