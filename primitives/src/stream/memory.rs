//! The memory object stream: making a pair of ends, and what the stream promises.

mod ahead;
mod capacity;
mod error;
mod many;
mod permit;
mod reader;
mod receiving;
mod recv;
mod send;
mod standing;
mod state;
mod statistics;
mod turn;
mod weak;

#[cfg(test)]
mod models;
#[cfg(test)]
mod tests;

pub use ahead::{ReadAhead, RecvAhead};
pub use capacity::Capacity;
pub use error::{RecvError, SendError, TryRecvError, TrySendError};
pub use many::{Batches, RecvMany, SendBatches, SendMany};
pub use permit::{Permit, Reserve};
pub use reader::{Reader, memory_stream_for_one};
pub use recv::{ReceiveStream, Recv};
pub use send::{Closed, Send, SendStream};
pub use statistics::Statistics;
pub use weak::{WeakReceiveStream, WeakSendStream};

use crate::loom::atomic::{AtomicUsize, Ordering};
use crate::loom::{Arc, Mutex, MutexGuard};
use crate::waiting::{Key, Step, Visit, Wakes, wake};
use core::fmt;
use core::task::{Context, Poll};
use state::{End, State};

/// Makes a memory object stream: a sending and a receiving end, both of which clone.
///
/// The capacity is the number of items the stream holds for receivers that have not come yet. With 0
/// it is a *rendezvous*: a send completes when a receiver takes the item. [`Capacity::Unbounded`] never
/// makes a sender wait.
///
/// The stream promises:
///
/// - Items leave in the order in which they entered, each to exactly one receiver.
/// - Who waits is served in the order of waiting, and nobody overtakes: not a `try_send`, not a
///   `try_recv`, not a new future, and not in the time between a waiter's wake-up and its run. With
///   several receivers awake, the first to run takes the oldest item.
/// - An item stays in the stream until a receiver polls it out. A receive that is dropped, even after
///   it was woken, loses nothing: the next receiver is woken in its stead.
/// - The end is announced after the last item was taken, never before: when no sending end is open, or
///   the stream was closed, and no [`Permit`] is left.
/// - Without receivers, senders get their items back, and what was queued is dropped.
/// - No code of yours (wakers, drops) runs under the stream's lock, and a waker that panics costs
///   nobody else an item or a wake-up.
///
/// A future that was polled and then *leaked* (`mem::forget`), or is never polled again, keeps its
/// place: what it was called for waits for it.
///
/// # Examples
///
/// ```
/// use arbour_primitives::stream::{RecvError, memory_stream};
///
/// # futures::executor::block_on(async {
/// let (tx, rx) = memory_stream(2);
/// tx.send("ash").await.unwrap();
/// tx.send("birch").await.unwrap();
/// drop(tx);
///
/// assert_eq!(rx.recv().await, Ok("ash"));
/// assert_eq!(rx.recv().await, Ok("birch"));
/// assert_eq!(rx.recv().await, Err(RecvError::EndOfStream));
/// # });
/// ```
pub fn memory_stream<T>(capacity: impl Into<Capacity>) -> (SendStream<T>, ReceiveStream<T>) {
    let (sender, shared, end) = open(capacity.into());
    (sender, ReceiveStream::new(shared, end))
}

/// A new stream: its sending end, and what its receiving end is made of.
fn open<T>(capacity: Capacity) -> (SendStream<T>, Shared<T>, End) {
    let (state, send_end, receive_end) = State::new(capacity);
    let inner = Inner { capacity, held: AtomicUsize::new(0), state: Mutex::new(state) };
    let shared = Shared(Arc::new(inner));
    (SendStream::new(shared.clone(), send_end), shared, receive_end)
}

/// What all ends, permits and futures of one stream hold on to.
struct Shared<T>(Arc<Inner<T>>);

struct Inner<T> {
    capacity: Capacity,
    /// How many items the [`Reader`] has in its hands. It raises the number under the lock and lowers it without, so
    /// that whoever has the lock finds no less than there are.
    held: AtomicUsize,
    state: Mutex<State<T>>,
}

impl<T> Inner<T> {
    /// Whether an item may enter though nobody waits for it: it is no rendezvous.
    #[inline]
    fn stores(&self) -> bool {
        self.capacity != Capacity::Bounded(0)
    }
}

impl<T> Shared<T> {
    #[inline]
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        let mut state = self.0.state.lock();
        state.note_held(self.held());
        state
    }

    /// ORDERING: a count, which orders nothing: the items themselves are the reader's alone.
    #[inline]
    fn held(&self) -> usize {
        self.0.held.load(Ordering::Relaxed)
    }

    #[inline]
    fn visit<R>(
        &self,
        cx: &Context<'_>,
        will_wait: bool,
        mut step: impl FnMut(&mut State<T>, &mut Visit<'_>) -> Step<R>,
    ) -> Poll<R> {
        crate::waiting::visit(&self.0.state, cx, will_wait, |state, visit| {
            state.note_held(self.held());
            step(state, visit)
        })
    }

    /// Sends where nothing stands in the way, and says whether it did. The way that most items take.
    #[inline]
    fn send_at_once(&self, end: &End, item: &mut Option<T>) -> bool {
        if !self.0.stores() {
            return false;
        }
        let mut state = self.lock();
        if !state.flows_in(end) {
            return false;
        }
        let called = item.take().and_then(|item| state.flow_in(item));
        drop(state);
        wake(called);
        true
    }

    /// Receives where nothing stands in the way. The way that most items take.
    #[inline]
    fn recv_at_once(&self, end: &End) -> Option<T> {
        if !self.0.stores() {
            return None;
        }
        let mut state = self.lock();
        let item = state.flow_out(end)?;
        let admitted = state.let_next_in();
        drop(state);
        wake(admitted);
        Some(item)
    }

    /// Gives up the place of a sender that goes without its outcome.
    fn forsake_sender(&self, key: Key) {
        let mut wakes = Wakes::default();
        let remains = self.lock().forsake_sender(key, &mut wakes);
        wakes.wake();
        drop(remains);
    }

    /// Gives up the place of a receiver that goes without its item.
    fn forsake_receiver(&self, key: Key) {
        let mut wakes = Wakes::default();
        let remains = self.lock().forsake_receiver(key, &mut wakes);
        wakes.wake();
        drop(remains);
    }

    fn capacity(&self) -> Capacity {
        self.0.capacity
    }

    fn len(&self) -> usize {
        let state = self.lock();
        state.len() + self.held()
    }

    fn statistics(&self) -> Statistics {
        let state = self.lock();
        state.statistics(self.0.capacity, self.held())
    }

    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// What somebody wants of this stream, in words.
    #[cold]
    fn wanted(&self, what: &str) -> String {
        let Statistics { queued, capacity, open_senders, open_receivers, .. } = self.statistics();
        format!(
            "{what} of a memory stream of {} (capacity {capacity}, {queued} queued, {}, {})",
            core::any::type_name::<T>(),
            count(open_senders, "sender"),
            count(open_receivers, "receiver"),
        )
    }

    /// Writes an end of this stream for `Debug`.
    fn describe(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name).field("statistics", &self.statistics()).finish_non_exhaustive()
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

fn count(number: usize, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}
