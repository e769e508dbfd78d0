//! Notices: a queue of those who wait to be told, one by one or all at once; what a condition is
//! made of.

#[cfg(test)]
mod models;
#[cfg(all(test, not(arbour_loom)))]
mod tests;

use crate::loom::{Arc, Mutex};
use crate::waiting::{Key, Step, Visit, WaitList, Wakes, visit};
use core::fmt;
use core::task::{Context, Poll, Waker};

/// Those who wait to be told. A notice finds who waits when it is given, and is not kept for who
/// comes later. Clones are the same queue.
///
/// # Examples
///
/// ```
/// use arbour_primitives::sync::Notices;
/// use std::future::poll_fn;
///
/// # futures::executor::block_on(async {
/// let notices = Notices::new();
/// let mut first = notices.join();
/// let second = notices.join();
/// notices.tell(1);
/// poll_fn(|cx| first.poll_told(cx)).await;
/// drop(second);
/// first.take();
/// # });
/// ```
#[derive(Clone, Default)]
pub struct Notices {
    queue: Arc<Mutex<Queue>>,
}

/// Invariants, whenever the lock is free:
///
/// 1. Who stands in the lane was told nothing, and stands in the order of joining.
/// 2. Who is out of it was told, and woken if a waker was left.
///
/// One lock, under which no foreign code runs.
struct Queue(WaitList<Waiter, 1>);

const WAITING: usize = 0;

#[derive(Default)]
struct Waiter {
    waker: Option<Waker>,
    told: Option<Told>,
}

#[derive(Clone, Copy, PartialEq)]
enum Told {
    /// One of so many: what it does not take is somebody else's.
    Singly,
    /// With everybody who waited: nobody is left who should have been.
    WithAll,
}

impl Notices {
    /// A queue in which nobody waits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Joins the queue at once, so that no notice is missed that is given from now on.
    pub fn join(&self) -> Notice {
        let key = self.queue.lock().0.join(WAITING, Waiter::default());
        Notice { notices: self.clone(), place: Some(key) }
    }

    /// Tells as many as these, those who have waited longest first.
    pub fn tell(&self, count: usize) {
        self.change(|queue, wakes| queue.tell(count, Told::Singly, wakes));
    }

    /// Tells everybody who waits.
    pub fn tell_all(&self) {
        self.change(|queue, wakes| queue.tell(usize::MAX, Told::WithAll, wakes));
    }

    /// How many wait who have not been told.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.lock().0.len(WAITING)
    }

    fn change<R>(&self, change: impl FnOnce(&mut Queue, &mut Wakes) -> R) -> R {
        let mut wakes = Wakes::default();
        let result = change(&mut self.queue.lock(), &mut wakes);
        wakes.wake();
        result
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notices").field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}

impl Queue {
    fn tell(&mut self, count: usize, how: Told, wakes: &mut Wakes) {
        for _ in 0..count {
            let Some(key) = self.0.first(WAITING) else { return };
            self.0.take_out(key);
            self.0[key].told = Some(how);
            let waker = self.0[key].waker.take();
            if !crate::loom::fault("notices_wake_nobody") {
                wakes.add(waker);
            }
        }
    }

    fn poll_told(&mut self, key: Key, visit: &mut Visit<'_>) -> Step<()> {
        match self.0[key].told {
            Some(_) => Step::Done(()),
            None => visit.refresh(&mut self.0[key].waker),
        }
    }

    /// Gives up a place; a notice for one that was not taken goes to the next.
    fn forsake(&mut self, key: Key, wakes: &mut Wakes) -> Option<Waker> {
        let Waiter { waker, told } = self.0.leave(key);
        if told == Some(Told::Singly) && !crate::loom::fault("notices_are_lost_with_who_was_told") {
            self.tell(1, Told::Singly, wakes);
        }
        waker
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self(WaitList::new())
    }
}

/// A place in the queue. Dropped after it was told one by one, it hands the notice on.
#[must_use = "who drops its place is not told"]
pub struct Notice {
    notices: Notices,
    place: Option<Key>,
}

impl Notice {
    /// Ready once it was told, and from then on.
    pub fn poll_told(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(key) = self.place else { return Poll::Ready(()) };
        visit(&self.notices.queue, cx, false, |queue, visit| queue.poll_told(key, visit))
    }

    /// Takes what it was told: it goes to nobody else.
    pub fn take(mut self) {
        if let Some(key) = self.place.take() {
            drop(self.notices.queue.lock().0.leave(key));
        }
    }
}

impl Drop for Notice {
    fn drop(&mut self) {
        if let Some(key) = self.place.take() {
            let waker = self.notices.change(|queue, wakes| queue.forsake(key, wakes));
            drop(waker);
        }
    }
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice").field("notices", &self.notices).finish_non_exhaustive()
    }
}
