//! The watch: one-to-many, the latest value to every receiver; making one, and what it promises.

mod error;
mod recv;
mod send;
mod state;

#[cfg(test)]
mod models;
#[cfg(all(test, not(arbour_loom)))]
mod tests;

pub use error::WatchClosed;
pub use recv::{Changed, WaitFor, WatchReceiver};
pub use send::WatchSender;
pub use state::WatchStatistics;

use crate::loom::{Arc, Mutex, MutexGuard};
use crate::waiting::Wakes;
use core::fmt;
use state::State;

/// Makes a watch, which shows every receiver the latest value: a sending and a receiving end, both of which
/// clone.
///
/// The receiver has seen the initial value, and [`changed`](WatchReceiver::changed) waits for the next one.
///
/// The watch promises:
///
/// - A receiver sees the latest value, always. Values that were replaced before it looked it never sees.
/// - Values are seen in the order in which they were sent, each at most once as a change.
/// - The last value stays when all senders are gone: receivers see it first, then [`WatchClosed`].
/// - A value is stored once and handed out as a counted reference, so that a receiver may keep it as long as
///   it likes and holds up nobody. No code of yours (closures, clones, drops, wakers) runs under the
///   watch's lock, and a closure that panics has changed nothing.
///
/// # Examples
///
/// ```
/// use arbour_primitives::stream::watch;
///
/// # futures::executor::block_on(async {
/// let (tx, mut rx) = watch(1);
/// tx.send(2);
/// tx.send(3);
/// assert_eq!(rx.changed().await.as_deref(), Ok(&3));
///
/// tx.send_modify(|value| *value += 1);
/// drop(tx);
/// assert_eq!(rx.changed().await.as_deref(), Ok(&4));
/// assert!(rx.changed().await.is_err());
/// assert_eq!(*rx.latest(), 4);
/// # });
/// ```
pub fn watch<T>(initial: T) -> (WatchSender<T>, WatchReceiver<T>) {
    let shared = Shared(Arc::new(Mutex::new(State::new(initial))));
    (WatchSender::new(shared.clone()), WatchReceiver::new(shared, 0))
}

/// What all ends and futures of one watch hold on to.
struct Shared<T>(Arc<Mutex<State<T>>>);

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock()
    }

    /// Changes the state, then wakes.
    fn change<R>(&self, change: impl FnOnce(&mut State<T>, &mut Wakes) -> R) -> R {
        let mut wakes = Wakes::default();
        let result = change(&mut self.lock(), &mut wakes);
        wakes.wake();
        result
    }

    fn statistics(&self) -> WatchStatistics {
        self.lock().statistics()
    }

    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// What somebody wants of this watch, in words.
    #[cold]
    fn wanted(&self, what: &str) -> String {
        let WatchStatistics { open_senders, open_receivers, .. } = self.statistics();
        let name = core::any::type_name::<T>();
        format!("{what} of a watch of {name} (senders: {open_senders}, receivers: {open_receivers})")
    }

    /// Writes an end of this watch for `Debug`.
    fn describe(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name).field("statistics", &self.statistics()).finish_non_exhaustive()
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
