//! A fault for tests: the process stands still between its own look at a lease and the store's.
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::{Signal, getpid, kill_process};
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::block_in_place;

/// Stops the process, by SIGSTOP, in the middle of one of its writes.
#[derive(Debug, Clone)]
pub(crate) struct StopAtWrite {
    at: Option<NonZeroU64>,
    writes: Arc<AtomicU64>,
}

impl StopAtWrite {
    /// At the write of this number; at none without one.
    pub(crate) fn new(at: Option<NonZeroU64>) -> Self {
        Self { at, writes: Arc::default() }
    }

    /// Does this write; if it is the one, not before the process was stopped and went on. Both are then done in one
    /// poll: else who waits for the write would give it up on going on, before the store has answered.
    pub(crate) async fn strike<T>(&self, write: impl Future<Output = T>) -> T {
        if !self.is_due() {
            return write.await;
        }
        let late = async {
            stand_still().await;
            write.await
        };
        block_in_place(|| Handle::current().block_on(late))
    }

    fn is_due(&self) -> bool {
        // ORDERING: nothing else is published by the count.
        let write = self.writes.fetch_add(1, Ordering::Relaxed) + 1;
        self.at.is_some_and(|at| at.get() == write)
    }
}

/// Stands still until somebody sends SIGCONT, which is listened for first, so that it cannot be missed: a process that
/// stops itself may run on for a moment.
async fn stand_still() {
    let mut going_on =
        signal(SignalKind::from_raw(Signal::CONT.as_raw())).expect("SIGCONT can be listened for");
    kill_process(getpid(), Signal::STOP).expect("a process may stop itself");
    going_on.recv().await;
}
