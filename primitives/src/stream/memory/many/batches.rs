//! A receiving end as a stream of batches.

use super::super::ReceiveStream;
use super::super::turn::Turn;
use super::poll_many;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures::Stream;

/// The stream of [`ReceiveStream::batches`].
///
/// # Cancel safety
///
/// A batch is taken from the memory stream in the poll that gives it out: dropping the stream of batches
/// loses nothing.
///
/// # Examples
///
/// ```
/// use arbour_primitives::stream::memory_stream;
/// use futures::StreamExt;
///
/// # futures::executor::block_on(async {
/// let (tx, rx) = memory_stream(8);
/// tx.send_many(&mut [1, 2, 3].into()).await.unwrap();
/// drop(tx);
/// assert_eq!(rx.batches(2).collect::<Vec<_>>().await, [vec![1, 2], vec![3]]);
/// # });
/// ```
#[must_use = "streams do nothing unless polled"]
pub struct Batches<'a, T> {
    stream: &'a ReceiveStream<T>,
    limit: usize,
    turn: Turn,
}

impl<'a, T> Batches<'a, T> {
    pub(super) fn new(stream: &'a ReceiveStream<T>, limit: usize) -> Self {
        Self { stream, limit: limit.max(1), turn: Turn::New }
    }
}

impl<T> Stream for Batches<'_, T> {
    type Item = Vec<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Vec<T>>> {
        let this = self.get_mut();
        let mut batch = Vec::new();
        let received = ready!(poll_many(this.stream, &mut this.turn, (&mut batch, this.limit), cx));
        Poll::Ready(received.ok().map(|_count| batch))
    }
}

impl<T> Drop for Batches<'_, T> {
    fn drop(&mut self) {
        self.turn.leave(|key| self.stream.parts().0.forsake_receiver(key));
    }
}

impl<T> fmt::Debug for Batches<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").field("limit", &self.limit).finish_non_exhaustive()
    }
}
