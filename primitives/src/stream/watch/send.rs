//! The sending end of a watch.

use super::{Shared, WatchReceiver, WatchStatistics};
use crate::loom::Arc;
use core::fmt;

/// The sending end of a watch; see [`watch`](super::watch).
///
/// Clones change the same value. Nothing here ever waits, and a value is kept also while nobody receives.
/// When the last sending end is dropped, receivers see the last value and then
/// [`WatchClosed`](super::WatchClosed).
pub struct WatchSender<T> {
    shared: Shared<T>,
}

impl<T> WatchSender<T> {
    pub(super) const fn new(shared: Shared<T>) -> Self {
        Self { shared }
    }

    /// Replaces the value.
    pub fn send(&self, value: T) {
        let _replaced = self.replace(value);
    }

    /// Replaces the value and gives back the one before it, which receivers may hold as well.
    pub fn replace(&self, value: T) -> Arc<T> {
        let value = Arc::new(value);
        self.shared.change(|state, wakes| state.replace(value, wakes))
    }

    /// Changes the value in place, as far as others can tell: `change` gets a copy, which replaces the
    /// value. Should another sender be faster, it is called again, with a copy of that one's value, so that
    /// no change is lost.
    ///
    /// # Panics
    ///
    /// When `change` or the value's `clone` does; then nothing has changed.
    pub fn send_modify(&self, mut change: impl FnMut(&mut T))
    where
        T: Clone,
    {
        self.send_if_modified(|value| {
            change(value);
            true
        });
    }

    /// The same where `change` says whether it changed anything. If not, the value stays and nobody hears
    /// of it. Returns what `change` said.
    ///
    /// # Panics
    ///
    /// As for [`send_modify`](Self::send_modify).
    pub fn send_if_modified(&self, mut change: impl FnMut(&mut T) -> bool) -> bool
    where
        T: Clone,
    {
        loop {
            let (latest, version) = self.shared.lock().latest();
            let mut copy = T::clone(&latest);
            if !change(&mut copy) {
                return false;
            }
            let copy = Arc::new(copy);
            let replaced = self.shared.change(|state, wakes| state.replace_if(version, copy, wakes));
            if replaced.is_ok() {
                return true;
            }
        }
    }

    /// The latest value.
    #[must_use]
    pub fn latest(&self) -> Arc<T> {
        self.shared.lock().latest().0
    }

    /// A receiver that has seen the value there is now.
    #[must_use = "a receiver that is dropped sees nothing"]
    pub fn subscribe(&self) -> WatchReceiver<T> {
        let version = {
            let mut state = self.shared.lock();
            state.open_receivers += 1;
            state.version()
        };
        WatchReceiver::new(self.shared.clone(), version)
    }

    /// What the watch tells about itself; the same from either end.
    #[must_use]
    pub fn statistics(&self) -> WatchStatistics {
        self.shared.statistics()
    }

    /// Whether both ends are of the same watch.
    #[must_use]
    pub fn same_watch(&self, other: &Self) -> bool {
        self.shared.is_same(&other.shared)
    }
}

impl<T> Clone for WatchSender<T> {
    fn clone(&self) -> Self {
        self.shared.lock().open_senders += 1;
        Self::new(self.shared.clone())
    }
}

impl<T> Drop for WatchSender<T> {
    fn drop(&mut self) {
        self.shared.change(|state, wakes| state.remove_sender(wakes));
    }
}

impl<T> fmt::Debug for WatchSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.describe("WatchSender", f)
    }
}
