//! What can be seen of a child beyond its slot: the supervisor that it is, the depth of its mailbox.

use super::handle::SupervisorHandle;
use arbour_primitives::scope::{panic_message, put_away};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts what is queued for a child.
pub(crate) type Depth = Arc<dyn Fn() -> Option<usize> + Send + Sync>;

/// Where the supervisor that a child is leaves its handle, for each run anew.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inside {
    handle: Arc<Mutex<Option<SupervisorHandle>>>,
}

impl Inside {
    pub(super) fn set(&self, handle: SupervisorHandle) {
        *self.lock() = Some(handle);
    }

    fn read(&self) -> Option<SupervisorHandle> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<SupervisorHandle>> {
        self.handle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a child shows of itself.
#[derive(Clone, Default)]
pub(crate) struct Shows {
    pub(crate) inside: Option<Inside>,
    pub(crate) depth: Option<Depth>,
}

impl Shows {
    /// Where to look now; `None` where there is nothing to see.
    pub(super) fn probe(&self) -> Option<Probe> {
        let inside = self.inside.as_ref().and_then(Inside::read);
        let depth = self.depth.clone();
        (inside.is_some() || depth.is_some()).then_some(Probe { inside, depth })
    }
}

impl fmt::Debug for Shows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shows").field("inside", &self.inside).finish_non_exhaustive()
    }
}

/// Counts what is queued for this child. A panic of that is reported, and nothing is told of the queue.
pub(super) fn count(child: &str, depth: &Depth) -> Option<usize> {
    catch_unwind(AssertUnwindSafe(|| depth())).unwrap_or_else(|payload| {
        let message = panic_message(&payload);
        tracing::error!(
            child,
            panic = message,
            "what counts a child's queue panicked: the snapshot is without it"
        );
        put_away(payload);
        None
    })
}

/// Where to look at one child, for whoever asked: it is the user's code that counts, and the driver runs none.
pub(super) struct Probe {
    pub(super) inside: Option<SupervisorHandle>,
    pub(super) depth: Option<Depth>,
}
