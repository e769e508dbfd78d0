//! By when a supervisor must have stopped, as the one around it says.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What the outer supervisor writes before it asks for a drain, and the inner one reads when it hears of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct StopBy {
    deadline: Arc<Mutex<Option<Instant>>>,
}

impl StopBy {
    pub(crate) fn set(&self, deadline: Option<Instant>) {
        *self.lock() = deadline;
    }

    pub(crate) fn read(&self) -> Option<Instant> {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.deadline.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
