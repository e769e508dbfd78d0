//! The broadcast stream: one-to-many, every item to every receiver; making one, and what it promises.

mod error;
mod recv;
mod send;
mod slow;
mod state;
mod statistics;
mod store;

#[cfg(test)]
mod models;
#[cfg(all(test, not(arbour_loom)))]
mod tests;

pub use error::{BroadcastRecvError, BroadcastTryRecvError};
pub use recv::{BroadcastReceiver, BroadcastRecv};
pub use send::{BroadcastSend, BroadcastSender};
pub use slow::{SlowReceiver, ZeroCapacity};
pub use statistics::BroadcastStatistics;

use super::{SendError, TrySendError};
use crate::loom::{Arc, Mutex, MutexGuard};
use crate::waiting::{Step, Visit};
use core::fmt;
use core::task::{Context, Poll};
use state::{Luggage, State};

/// Makes a broadcast stream, which brings every item to every receiver.
///
/// The sending end clones; receivers are made by [`subscribe`](BroadcastSender::subscribe), for what is sent
/// from then on, and by cloning one. `capacity` is how many items a receiver may be behind, at least 1, and
/// `slow` says what becomes of one that would be more behind.
///
/// The stream promises:
///
/// - A receiver gets each item that is sent while it is subscribed once, in the order in which they entered,
///   the same for all receivers. Where it was too slow, the gap stands in its place in the order.
/// - Senders that wait go in the order of waiting, and nobody overtakes, not even a `try_send`.
/// - A receive that is dropped has taken nothing.
/// - The end is announced after the last item was taken: when no sending end is left, or the stream was
///   closed.
/// - Without receivers, senders get their items back.
/// - An item is stored once. Each receiver clones it, and the last one gets the item itself, unless another
///   is cloning it at this moment. No code of yours (clones, drops, wakers) runs under the stream's lock.
///
/// Receivers clone one item side by side, without a lock, so the ends are `Send` where `T` is `Send + Sync`.
///
/// # Errors
///
/// [`ZeroCapacity`] when the capacity is 0.
///
/// # Examples
///
/// ```
/// use arbour_primitives::stream::{BroadcastRecvError, SlowReceiver, broadcast};
///
/// # futures::executor::block_on(async {
/// let tx = broadcast(2, SlowReceiver::Lag).unwrap();
/// let (mut quick, mut slow) = (tx.subscribe(), tx.subscribe());
/// for tree in ["ash", "birch", "cedar"] {
///     tx.send(tree).await.unwrap();
///     assert_eq!(quick.recv().await, Ok(tree));
/// }
/// drop(tx);
/// assert_eq!(quick.recv().await, Err(BroadcastRecvError::EndOfStream));
///
/// assert_eq!(slow.recv().await, Err(BroadcastRecvError::Lagged { missed: 1 }));
/// assert_eq!(slow.recv().await, Ok("birch"));
/// assert_eq!(slow.recv().await, Ok("cedar"));
/// # });
/// ```
pub fn broadcast<T: Clone>(capacity: usize, slow: SlowReceiver) -> Result<BroadcastSender<T>, ZeroCapacity> {
    if capacity == 0 {
        return Err(ZeroCapacity);
    }
    let state = Mutex::new(State::new(capacity, slow));
    Ok(BroadcastSender::new(Shared(Arc::new(Inner { capacity, slow, state }))))
}

/// What all ends and futures of one stream hold on to.
struct Shared<T>(Arc<Inner<T>>);

struct Inner<T> {
    capacity: usize,
    slow: SlowReceiver,
    state: Mutex<State<T>>,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.state.lock()
    }

    /// Changes the state; then wakes, and drops what nobody will take.
    fn change<R>(&self, change: impl FnOnce(&mut State<T>, &mut Luggage<T>) -> R) -> R {
        let mut luggage = Luggage::default();
        let result = change(&mut self.lock(), &mut luggage);
        luggage.wakes.wake();
        result
    }

    /// One poll of a future: the same, with a waker to leave behind.
    fn visit<R>(
        &self,
        cx: &Context<'_>,
        mut step: impl FnMut(&mut State<T>, &mut Visit<'_>, &mut Luggage<T>) -> Step<R>,
    ) -> Poll<R> {
        let mut luggage = Luggage::default();
        let step = |state: &mut State<T>, visit: &mut Visit<'_>| step(state, visit, &mut luggage);
        let outcome = crate::waiting::visit(&self.0.state, cx, false, step);
        luggage.wakes.wake();
        outcome
    }

    fn close(&self) {
        self.change(|state, luggage| state.close(&mut luggage.wakes));
    }

    fn statistics(&self) -> BroadcastStatistics {
        self.lock().statistics(self.0.capacity, self.0.slow)
    }

    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// What somebody wants of this stream, in words.
    #[cold]
    fn wanted(&self, what: &str) -> String {
        let BroadcastStatistics { queued, capacity, slow_receiver, open_senders, open_receivers, .. } =
            self.statistics();
        format!(
            "{what} of a broadcast stream of {} (capacity {capacity}, a slow receiver: {slow_receiver:?}, \
             {queued} queued, senders: {open_senders}, receivers: {open_receivers})",
            core::any::type_name::<T>(),
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
