//! The state that all ends of one watch share: the latest value, and who waits for the next.
//!
//! # Invariants
//!
//! They hold whenever the lock is free.
//!
//! 1. `version` counts the values since the initial one; each replacement raises it, together with the value.
//! 2. A receiver is in the lane only while it has seen this version and a sender is left. So each
//!    replacement, and the end, wakes the whole lane.
//! 3. Who is out of the lane was woken, and looks again.
//!
//! # Lock
//!
//! One mutex, no other is taken under it. No foreign code runs under it: values enter and leave as counted
//! references, and the one that was replaced is carried out. Who changes a value in place changes a copy
//! outside, which is put in only if nobody was faster. The versions follow tokio's watch channel.

use super::WatchClosed;
use crate::loom::Arc;
use crate::waiting::{Key, Step, Visit, WaitList, Wakes};
use core::task::Waker;

const WAITING: usize = 0;

/// A watch at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WatchStatistics {
    /// How many values replaced another.
    pub changes: u64,
    /// Sending ends.
    pub open_senders: usize,
    /// Receiving ends.
    pub open_receivers: usize,
    /// Waits for a change.
    pub waiting_receivers: usize,
}

pub(super) struct State<T> {
    value: Arc<T>,
    version: u64,
    receivers: WaitList<Option<Waker>, 1>,
    pub(super) open_senders: usize,
    pub(super) open_receivers: usize,
}

/// A value, and which one it is.
pub(super) type Seen<T> = (Arc<T>, u64);

impl<T> State<T> {
    /// A watch with one end on each side.
    pub(super) fn new(initial: T) -> Self {
        Self {
            value: Arc::new(initial),
            version: 0,
            receivers: WaitList::new(),
            open_senders: 1,
            open_receivers: 1,
        }
    }

    pub(super) const fn statistics(&self) -> WatchStatistics {
        WatchStatistics {
            changes: self.version,
            open_senders: self.open_senders,
            open_receivers: self.open_receivers,
            waiting_receivers: self.receivers.len(WAITING),
        }
    }

    pub(super) const fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn latest(&self) -> Seen<T> {
        (Arc::clone(&self.value), self.version)
    }

    /// Puts a value in and carries the one before it out.
    pub(super) fn replace(&mut self, value: Arc<T>, wakes: &mut Wakes) -> Arc<T> {
        self.version += 1;
        if !crate::loom::fault("watch_changes_unheard") {
            self.wake_receivers(wakes);
        }
        core::mem::replace(&mut self.value, value)
    }

    /// The same, if the value is still the one of that version; else the new value comes back.
    pub(super) fn replace_if(
        &mut self,
        version: u64,
        value: Arc<T>,
        wakes: &mut Wakes,
    ) -> Result<Arc<T>, Arc<T>> {
        if self.version == version || crate::loom::fault("watch_overwrites_who_was_faster") {
            return Ok(self.replace(value, wakes));
        }
        Err(value)
    }

    pub(super) fn remove_sender(&mut self, wakes: &mut Wakes) {
        self.open_senders -= 1;
        if self.open_senders == 0 && !crate::loom::fault("watch_closes_unheard") {
            self.wake_receivers(wakes);
        }
    }

    /// One poll of a wait for another value than the one of version `seen`.
    pub(super) fn poll_changed(
        &mut self,
        seen: u64,
        seat: &mut Option<Key>,
        visit: &mut Visit<'_>,
    ) -> Step<Result<Seen<T>, WatchClosed>> {
        if let Some(key) = *seat {
            if self.receivers.lane(key) == Some(WAITING) {
                return visit.refresh(&mut self.receivers[key]);
            }
            *seat = None;
            visit.carry_out(self.receivers.leave(key));
        }
        if self.version != seen {
            return Step::Done(Ok(self.latest()));
        }
        if self.open_senders == 0 {
            return Step::Done(Err(WatchClosed));
        }
        let Some(waker) = visit.take_waker() else { return Step::NeedWaker };
        *seat = Some(self.receivers.join(WAITING, Some(waker)));
        Step::Wait
    }

    /// Gives up the place of a wait that is dropped.
    pub(super) fn forsake(&mut self, key: Key) -> Option<Waker> {
        self.receivers.leave(key)
    }

    fn wake_receivers(&mut self, wakes: &mut Wakes) {
        while let Some(key) = self.receivers.first(WAITING) {
            self.receivers.take_out(key);
            wakes.add(self.receivers[key].take());
        }
    }
}
