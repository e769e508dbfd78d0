//! What a worker waits for at its start, told once: until others have given something up it has nothing else to say.
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use arbour::leases::Holding;

use super::event::Event;

/// Who held which resources when the worker last looked; nothing any more once it has told, or holds something.
#[derive(Debug, Clone)]
pub(crate) struct Start(Arc<Mutex<Option<Vec<Holding>>>>);

impl Start {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Some(Vec::new()))))
    }

    /// The worker sees that these are held.
    pub(crate) fn sees(&self, held: &[Holding]) {
        self.with(|seen| {
            if let Some(seen) = seen {
                *seen = held.to_vec();
            }
        });
    }

    /// The worker waits until one is free.
    pub(crate) fn waits(&self) {
        let Some(held) = self.with(Option::take) else { return };
        let owners: BTreeSet<&str> = held.iter().map(|holding| &*holding.owner).collect();
        Event::Waits { taken: held.len(), owners: &owners }.tell();
    }

    /// The worker holds something.
    pub(crate) fn is_over(&self) {
        self.with(|seen| *seen = None);
    }

    fn with<T>(&self, change: impl FnOnce(&mut Option<Vec<Holding>>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
