//! Faults to be found: what a stream might do to an item is done to it on its way to the ledger.

use super::ledger::Item;
use std::mem::forget;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What goes wrong, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It never arrives.
    Leaked,
    /// It is dropped on the way.
    Dropped,
    /// It arrives twice.
    Doubled,
    /// It arrives after the next one of its producer.
    Overtaken,
}

/// Stands between the stream and a consumer.
#[derive(Debug)]
pub(crate) struct Meddler {
    fault: Option<Fault>,
    /// How many items have passed all meddlers.
    passed: Arc<AtomicUsize>,
    /// An item that waits to be overtaken.
    kept: Option<Item>,
    share: usize,
}

impl Meddler {
    /// For items of which each producer has a share.
    pub(crate) fn new(fault: Option<Fault>, share: usize) -> Self {
        Self { fault, passed: Arc::default(), kept: None, share }
    }

    /// Another one: only one of them meddles.
    pub(crate) fn beside(&self) -> Self {
        Self { fault: self.fault, passed: Arc::clone(&self.passed), kept: None, share: self.share }
    }

    /// What the consumer gets in place of this item.
    pub(crate) fn meddle(&mut self, item: Item) -> impl Iterator<Item = Item> + use<> {
        let is_next = |kept: &mut Item| kept.number() / self.share == item.number() / self.share;
        let overtaken = self.kept.take_if(is_next);
        let (first, second) = match self.due() {
            None => (Some(item), overtaken),
            Some(Fault::Leaked) => {
                forget(item);
                (None, None)
            }
            Some(Fault::Dropped) => {
                drop(item);
                (None, None)
            }
            Some(Fault::Doubled) => (Some(item.double()), Some(item)),
            Some(Fault::Overtaken) => {
                self.kept = Some(item);
                (None, None)
            }
        };
        first.into_iter().chain(second)
    }

    /// The fault of this item, when so many have passed that each producer has sent some.
    fn due(&self) -> Option<Fault> {
        self.fault.filter(|_| self.passed.fetch_add(1, Relaxed) == self.share)
    }
}
