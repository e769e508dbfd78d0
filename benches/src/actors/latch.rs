//! A latch: what every system waits on for its actors to have done something.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;

/// Opens when it was counted down to nothing. Clones are one latch; one waits for it.
#[derive(Debug, Clone)]
pub(super) struct Latch(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    left: AtomicU64,
    open: Notify,
}

impl Latch {
    pub(super) fn new(count: u64) -> Self {
        Self(Arc::new(Inner { left: AtomicU64::new(count), open: Notify::new() }))
    }

    pub(super) fn count_down(&self) {
        if self.0.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.open.notify_one();
        }
    }

    pub(super) async fn opened(&self) {
        self.0.open.notified().await;
    }
}

/// Part of an actor's state: counts down when the state is dropped.
#[derive(Debug)]
pub(super) struct UntilDropped(pub(super) Latch);

impl Drop for UntilDropped {
    fn drop(&mut self) {
        self.0.count_down();
    }
}
