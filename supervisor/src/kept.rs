//! State that outlives a crash, and is never seen half changed.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A value that is handed from one run of a child to the next.
///
/// What the closure of a [`ChildSpec`](crate::ChildSpec) owns belongs to the slot already; this is for what a run
/// changes. A run works on a copy and [`store`](Self::store)s it, or [`update`](Self::update)s in one step: one that
/// panics, or is cancelled, in the middle leaves what was there before, whole.
///
/// Clones share the value. It is gone with the last of them.
///
/// # Examples
///
/// ```
/// use arbour::{ChildSpec, Failure, Kept};
///
/// let total = Kept::new(0_u64);
/// let seen = total.clone();
/// let child = ChildSpec::new("count", move |_| {
///     let total = total.clone();
///     async move {
///         total.update(|total| *total += 1);
///         Ok::<_, Failure>(())
///     }
/// });
/// assert_eq!(seen.load(), 0);
/// # drop(child);
/// ```
pub struct Kept<T> {
    value: Arc<Mutex<Arc<T>>>,
}

impl<T> Kept<T> {
    /// Keeps this value, for the first run to find.
    pub fn new(value: T) -> Self {
        Self { value: Arc::new(Mutex::new(Arc::new(value))) }
    }

    /// The value as it was stored last, shared and not copied. It does not change while it is looked at.
    #[must_use]
    pub fn snapshot(&self) -> Arc<T> {
        Arc::clone(&self.lock())
    }

    /// Keeps this value from now on.
    pub fn store(&self, value: T) {
        let value = Arc::new(value);
        let before = std::mem::replace(&mut *self.lock(), value);
        // Outside the lock, for it is the user's.
        drop(before);
    }

    /// Nothing panics under this lock, and nothing of the user's runs under it.
    fn lock(&self) -> MutexGuard<'_, Arc<T>> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> Kept<T> {
    /// A copy of the value as it was stored last.
    #[must_use]
    pub fn load(&self) -> T {
        T::clone(&self.snapshot())
    }

    /// Changes a copy and stores it. Should somebody else have stored meanwhile, `change` is called again with what
    /// they stored, so that no change is lost.
    ///
    /// # Panics
    ///
    /// With a panic of `change`, which leaves the value as it was.
    pub fn update<R>(&self, mut change: impl FnMut(&mut T) -> R) -> R {
        loop {
            let before = self.snapshot();
            let mut value = T::clone(&before);
            let result = change(&mut value);
            if self.replace(&before, value) {
                return result;
            }
        }
    }

    fn replace(&self, expected: &Arc<T>, value: T) -> bool {
        let mut value = Arc::new(value);
        let mut stored = self.lock();
        let is_same = Arc::ptr_eq(&stored, expected);
        if is_same {
            std::mem::swap(&mut *stored, &mut value);
        }
        drop(stored);
        is_same
    }
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value) }
    }
}

impl<T: Default> Default for Kept<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("type", &std::any::type_name::<T>()).finish_non_exhaustive()
    }
}
