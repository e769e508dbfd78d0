//! Counting futures that live.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tokio::task::yield_now;

/// How many futures live.
#[derive(Debug, Clone, Default)]
pub(crate) struct Living(Arc<AtomicUsize>);

/// One of them.
pub(crate) struct Life(Living);

impl Living {
    pub(crate) fn one_more(&self) -> Life {
        self.0.fetch_add(1, Relaxed);
        Life(self.clone())
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(Relaxed)
    }

    /// Waits until so many live.
    pub(crate) async fn reach(&self, count: usize) {
        while self.count() != count {
            yield_now().await;
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}
