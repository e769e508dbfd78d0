//! The beat of each thread that polls tasks: which task it is in, and how often that has changed.
//!
//! A task that does not yield cannot be stopped by anybody, and the thread it keeps can tell nobody: so
//! somebody else looks at the beats from time to time. While nobody does, a poll pays one load.
//!
//! # Invariants
//!
//! 1. A beat is written by the thread that has it and by no other; it is handed on when that thread ends.
//! 2. A beat that says the same twice belongs to a thread that has been in one poll all the while, or in
//!    none: each poll begins and ends with another number.

use super::node::Tag;
use core::cell::Cell;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many [`Beats`] there are.
static WATCHERS: AtomicUsize = AtomicUsize::new(0);

/// Every beat there ever was, with whether a thread has it.
static ALL: Mutex<Vec<(&'static Beat, bool)>> = Mutex::new(Vec::new());

std::thread_local! {
    static OWN: Own = const { Own { beat: Cell::new(None) } };
}

/// What one thread is at.
pub(super) struct Beat {
    /// Changes with each poll of an outermost scope, when it begins and when it ends.
    count: AtomicU64,
    /// The number of the scope that is being polled; 0 for none.
    scope: AtomicU64,
}

/// The beat of this thread, given back when the thread ends.
struct Own {
    beat: Cell<Option<&'static Beat>>,
}

impl Beat {
    /// Begins or ends a poll, and returns what was polled around it.
    pub(super) fn turn_to(&self, scope: u64) -> u64 {
        // ORDERING: what is read in between is an older or newer truth, and is looked at again later.
        let around = self.scope.load(Ordering::Relaxed);
        self.count.store(self.count.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        self.scope.store(scope, Ordering::Relaxed);
        around
    }

    /// The beat of this thread, if somebody watches.
    #[inline]
    pub(super) fn of_this_thread() -> Option<&'static Self> {
        // ORDERING: a poll that has not heard of a watcher yet is seen when it is over.
        if WATCHERS.load(Ordering::Relaxed) == 0 { None } else { Self::own() }
    }

    #[inline(never)]
    fn own() -> Option<&'static Self> {
        let own = |own: &Own| {
            let beat = own.beat.get().unwrap_or_else(Self::take);
            own.beat.set(Some(beat));
            beat
        };
        OWN.try_with(own).ok()
    }

    /// One that belonged to a thread that has ended, or a new one.
    fn take() -> &'static Self {
        let mut all = all();
        if let Some((beat, taken)) = all.iter_mut().find(|(_, taken)| !taken) {
            *taken = true;
            return beat;
        }
        let beat: &'static Self =
            Box::leak(Box::new(Self { count: AtomicU64::new(0), scope: AtomicU64::new(0) }));
        all.push((beat, true));
        beat
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let Some(own) = self.beat.get() else { return };
        own.turn_to(0);
        let mut all = all();
        let place = all.iter_mut().find(|(beat, _)| core::ptr::eq(*beat, own));
        place.into_iter().for_each(|(_, taken)| *taken = false);
    }
}

fn all() -> MutexGuard<'static, Vec<(&'static Beat, bool)>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins a poll of an outermost scope, where somebody watches.
#[inline]
pub(super) fn begin(node: Option<&Tag>) -> Option<(&'static Beat, u64)> {
    let beat = Beat::of_this_thread()?;
    Some((beat, beat.turn_to(node.map_or(0, Tag::id))))
}

/// Makes threads tell which task they are in, while it lives.
#[derive(Debug)]
pub struct Beats(());

/// A poll that has not ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Polling {
    /// Which thread it is on: a small number.
    pub thread: usize,
    /// The poll; seen again with the same thread and scope, it is the same one.
    pub count: u64,
    /// The number of the outermost scope that is being polled.
    pub scope: u64,
}

impl Beats {
    /// From now on threads tell.
    #[must_use]
    pub fn new() -> Self {
        WATCHERS.fetch_add(1, Ordering::Relaxed);
        Self(())
    }

    /// The polls that were going on at some moment of this call, one for each thread at most.
    #[must_use]
    pub fn polling(&self) -> Vec<Polling> {
        let beats = all().clone();
        let polling = beats.iter().enumerate().map(|(thread, (beat, _))| Polling {
            thread,
            count: beat.count.load(Ordering::Relaxed),
            scope: beat.scope.load(Ordering::Relaxed),
        });
        polling.filter(|polling| polling.scope != 0).collect()
    }
}

impl Default for Beats {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Beats {
    fn drop(&mut self) {
        WATCHERS.fetch_sub(1, Ordering::Relaxed);
    }
}
