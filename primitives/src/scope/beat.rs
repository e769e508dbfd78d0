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
//! 3. Beats are never freed: there are as many as there were threads at one time.

use super::node::Tag;
use crate::loom::UnwatchedU64;
use crate::loom::atomic::Ordering;
use core::cell::Cell;
use core::iter::successors;
use std::sync::OnceLock;

/// How many [`Beats`] there are.
static WATCHERS: UnwatchedU64 = UnwatchedU64::new(0);

/// The first of all beats, which form a list.
static FIRST: Beat = Beat::new(FREE);

const FREE: u64 = 0;
const TAKEN: u64 = 1;

std::thread_local! {
    static OWN: Own = const { Own { beat: Cell::new(None) } };
}

/// What one thread is at.
pub(super) struct Beat {
    /// Changes with each poll of an outermost scope, when it begins and when it ends.
    count: UnwatchedU64,
    /// The number of the scope that is being polled; 0 for none.
    scope: UnwatchedU64,
    taken: UnwatchedU64,
    next: OnceLock<&'static Self>,
}

/// The beat of this thread, given back when the thread ends.
struct Own {
    beat: Cell<Option<&'static Beat>>,
}

impl Beat {
    const fn new(taken: u64) -> Self {
        let [count, scope, taken] = [UnwatchedU64::new(0), UnwatchedU64::new(0), UnwatchedU64::new(taken)];
        Self { count, scope, taken, next: OnceLock::new() }
    }

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
        let free = all().find(|beat| beat.try_take());
        free.unwrap_or_else(|| {
            let mut last = &FIRST;
            let new: &'static Self = Box::leak(Box::new(Self::new(TAKEN)));
            while last.next.set(new).is_err() {
                last = last.next.get().copied().unwrap_or(last);
            }
            new
        })
    }

    fn try_take(&self) -> bool {
        // ORDERING: pairs with the release of the thread that gave it back.
        self.taken.compare_exchange(FREE, TAKEN, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let Some(own) = self.beat.get() else { return };
        own.turn_to(0);
        own.taken.store(FREE, Ordering::Release);
    }
}

fn all() -> impl Iterator<Item = &'static Beat> {
    successors(Some(&FIRST), |beat| beat.next.get().copied())
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
        let polling = all().enumerate().map(|(thread, beat)| Polling {
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
