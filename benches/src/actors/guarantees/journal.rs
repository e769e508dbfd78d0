//! What the actors of the tests have in common: a journal, and a world in which nothing takes real time.

use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

/// What was handled, in its order; and [`CLEANED_UP`].
#[derive(Debug, Clone, Default)]
pub(super) struct Journal(Arc<Mutex<Vec<u64>>>);

/// Noted at the end of a stop hook.
pub(super) const CLEANED_UP: u64 = u64::MAX;

/// How long a stop hook takes.
pub(super) const CLEAN_UP: Duration = Duration::from_millis(10);

impl Journal {
    pub(super) fn note(&self, number: u64) {
        self.0.lock().unwrap().push(number);
    }

    pub(super) fn noted(&self) -> Vec<u64> {
        self.0.lock().unwrap().clone()
    }
}

/// Runs a test: one thread, so that an actor runs only while the test waits, and a clock that jumps.
pub(super) fn run<F: Future>(test: F) -> F::Output {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    LocalSet::new().block_on(&runtime, test)
}

/// Until every actor waits for something that will not come by itself.
pub(super) async fn settled() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}
