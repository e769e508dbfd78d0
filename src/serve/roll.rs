//! Which connections are open, and what became of the others.
//!
//! **Invariants**, under the one lock:
//!
//! 1. A connection stands in the roll from before its task is spawned until its task, what that spawned
//!    and its clean-up have ended.
//! 2. The server that asks all to stop is the one that enters them: nobody comes onto the roll after that.

use super::ServeStatistics;
use crate::{Cause, ScopeHandle};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How long a connection that is cut has to clean up.
const CLEAN_UP: Duration = Duration::from_secs(5);

/// What became of a connection that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Served,
    /// The hook did not let it in.
    Refused,
    /// Its handshake, or its handler, failed or panicked.
    Failed,
    /// It was cancelled, or had not finished its handshake when the server was asked to stop.
    Cut,
}

#[derive(Debug, Default)]
pub(super) struct Roll {
    state: Mutex<State>,
    empty: Notify,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    /// By number; without a scope until its task is spawned.
    open: HashMap<u64, Option<ScopeHandle>>,
    counts: ServeStatistics,
}

impl Roll {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection was accepted; the number under which it stands here.
    pub(super) fn enter(&self) -> u64 {
        let mut state = self.state();
        state.counts.accepted += 1;
        state.next += 1;
        let number = state.next;
        state.open.insert(number, None);
        number
    }

    /// Its task is spawned, and may have ended.
    pub(super) fn spawned(&self, number: u64, scope: ScopeHandle) {
        if let Some(open) = self.state().open.get_mut(&number) {
            *open = Some(scope);
        }
    }

    /// Nothing is left of it.
    pub(super) fn leave(&self, number: u64, end: End) {
        let mut state = self.state();
        state.open.remove(&number);
        let counts = &mut state.counts;
        match end {
            End::Served => counts.served += 1,
            End::Refused => counts.refused += 1,
            End::Failed => counts.failed += 1,
            End::Cut => counts.cut += 1,
        }
        let is_last = state.open.is_empty();
        drop(state);
        if is_last {
            self.empty.notify_waiters();
        }
    }

    pub(super) fn statistics(&self) -> ServeStatistics {
        let state = self.state();
        ServeStatistics { open: state.open.len(), ..state.counts }
    }

    fn scopes(&self) -> Vec<ScopeHandle> {
        self.state().open.values().flatten().cloned().collect()
    }

    /// Asks everybody to come to an end, by then if there is a limit.
    pub(super) fn drain(&self, until: Option<Instant>) {
        let scopes = self.scopes();
        scopes.iter().for_each(|scope| match until {
            Some(until) => scope.drain_until(until),
            None => scope.drain(),
        });
    }

    /// Ends everybody who is still there, and says how many that were.
    pub(super) fn cut(&self) -> usize {
        let scopes = self.scopes();
        scopes.iter().for_each(|scope| scope.cancel_within(Cause::Shutdown, CLEAN_UP));
        scopes.len()
    }

    /// Waits until nobody is on the roll.
    pub(super) async fn empty(&self) {
        loop {
            let left = self.empty.notified();
            if self.state().open.is_empty() {
                return;
            }
            left.await;
        }
    }
}
