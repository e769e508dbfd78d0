//! A sending end as a sink that sends in batches.

use super::super::turn::Turn;
use super::super::{SendError, SendStream, Shared};
use super::poll_sent;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures::Sink;
use std::collections::VecDeque;

/// The sink of [`SendStream::into_batches`].
///
/// It queues items, up to its limit, and sends all of them as [`send_many`](SendStream::send_many) does:
/// when the limit is reached and one more is to come, with a flush, and with a close. `close` then closes
/// this sending end. What is queued is not in the stream yet: receivers and `statistics` know nothing of it.
///
/// # Cancel safety
///
/// A `feed`, `flush` or `close` that is dropped loses no item that was given to the sink: what did not
/// enter the stream is still queued, and the next call goes on with it. The place in line is kept until
/// then. Dropping the sink drops what is queued: flush or close it before, or take the items back with
/// [`into_parts`](Self::into_parts).
///
/// # Errors
///
/// As for [`send_many`](SendStream::send_many); what was not sent stays queued. An item that is fed to a
/// stream that was closed meanwhile is accepted as long as there is room in the queue.
///
/// # Examples
///
/// ```
/// use arbour_primitives::stream::memory_stream;
/// use futures::{SinkExt, StreamExt, stream};
///
/// # futures::executor::block_on(async {
/// let (tx, rx) = memory_stream(8);
/// let mut batches = tx.into_batches(3);
/// for n in 1..=4 {
///     batches.feed(n).await.unwrap();
/// }
/// assert_eq!(rx.len(), 3);
///
/// batches.close().await.unwrap();
/// assert_eq!(rx.collect::<Vec<_>>().await, [1, 2, 3, 4]);
/// # });
/// ```
#[must_use = "what is queued is dropped with the sink"]
pub struct SendBatches<T> {
    /// Before the stream: a place is given up before its end is.
    seat: Seat<T>,
    stream: SendStream<T>,
    queue: VecDeque<T>,
    limit: usize,
}

/// A place in line that is given up when it is dropped.
struct Seat<T> {
    shared: Shared<T>,
    turn: Turn,
}

impl<T> SendBatches<T> {
    pub(super) fn new(stream: SendStream<T>, limit: usize) -> Self {
        let seat = Seat { shared: stream.parts().0.clone(), turn: Turn::New };
        Self { seat, stream, queue: VecDeque::new(), limit: limit.max(1) }
    }

    /// The sending end, and what is queued, the oldest first.
    #[must_use]
    pub fn into_parts(self) -> (SendStream<T>, VecDeque<T>) {
        (self.stream, self.queue)
    }

    /// Sends what is queued if it is `enough`.
    fn poll_send(&mut self, enough: usize, cx: &mut Context<'_>) -> Poll<Result<(), SendError<()>>> {
        if self.queue.len() >= enough {
            return poll_sent(self.stream.parts(), &mut self.queue, &mut self.seat.turn, cx);
        }
        let begun = self.seat.turn.begins();
        self.seat.turn.poll_enter(begun, cx).map(Ok)
    }
}

impl<T> Sink<T> for SendBatches<T> {
    type Error = SendError<()>;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<()>>> {
        let this = self.get_mut();
        this.poll_send(this.limit, cx)
    }

    /// Queues the item; never refuses it, also beyond the limit when `poll_ready` was not asked.
    fn start_send(self: Pin<&mut Self>, item: T) -> Result<(), SendError<()>> {
        self.get_mut().queue.push_back(item);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<()>>> {
        self.get_mut().poll_send(1, cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<()>>> {
        let this = self.get_mut();
        ready!(this.poll_send(1, cx))?;
        this.stream.close_end();
        Poll::Ready(Ok(()))
    }
}

/// Items are never pinned: they are moved into the stream.
impl<T> Unpin for SendBatches<T> {}

impl<T> fmt::Debug for SendBatches<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendBatches")
            .field("queued", &self.queue.len())
            .field("limit", &self.limit)
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

impl<T> Drop for Seat<T> {
    fn drop(&mut self) {
        self.turn.leave(|key| self.shared.forsake_sender(key));
    }
}
