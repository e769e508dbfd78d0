//! The worker of one partition: an actor whose totals outlive it.
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arbour::{Actor, Context, Failure, Reply};

use super::crash::Crash;
use super::totals::Totals;

/// What a worker is sent. Cloned by the library to be delivered again after a crash.
#[derive(Debug, Clone)]
pub(crate) enum Message {
    /// One record; `key` is the number of its key within the partition.
    Record { key: u32, value: Option<f64> },
    /// Answered when every record sent before has been handled.
    Flush(Reply<()>),
}

/// What belongs to the partition and not to one incarnation of its worker.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slot {
    ledger: Arc<Mutex<Ledger>>,
}

/// The totals, and how far they go.
#[derive(Debug, Default)]
struct Ledger {
    /// The sequence number of the last record that was added: one that is delivered again after it was added
    /// must not be added twice.
    last_added: u64,
    records: u64,
    totals: Vec<Totals>,
}

impl Slot {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, sequence: u64, key: u32, value: Option<f64>) {
        let mut ledger = self.ledger();
        if sequence <= ledger.last_added {
            return;
        }
        ledger.last_added = sequence;
        ledger.records += 1;
        let key = key as usize;
        if ledger.totals.len() <= key {
            ledger.totals.resize_with(key + 1, Totals::default);
        }
        ledger.totals[key].add(value);
    }

    /// The records that were added, and the totals by number of the key.
    pub(crate) fn take(&self) -> (u64, Vec<Totals>) {
        let mut ledger = self.ledger();
        (ledger.records, std::mem::take(&mut ledger.totals))
    }
}

/// One incarnation.
#[derive(Debug)]
pub(crate) struct Worker {
    slot: Slot,
    crash_every: Option<NonZeroU64>,
}

impl Worker {
    pub(crate) fn new(slot: Slot, crash_every: Option<NonZeroU64>) -> Self {
        Self { slot, crash_every }
    }

    /// The crash that is due now: only at the first delivery, or no record would ever get through.
    fn crash(&self, cx: &Context<Self>) -> Option<Crash> {
        if cx.attempt() > 1 {
            return None;
        }
        Crash::due(self.crash_every, cx.sequence())
    }
}

impl Actor for Worker {
    type Message = Message;

    async fn handle(&mut self, message: Message, cx: &mut Context<Self>) -> Result<(), Failure> {
        let (key, value) = match message {
            Message::Record { key, value } => (key, value),
            Message::Flush(reply) => {
                reply.send(());
                return Ok(());
            }
        };
        let crash = self.crash(cx);
        if crash == Some(Crash::BeforeAdding) {
            panic!("{ON_PURPOSE}: before record {} was added", cx.sequence());
        }
        self.slot.add(cx.sequence(), key, value);
        if crash == Some(Crash::AfterAdding) {
            panic!("{ON_PURPOSE}: after record {} was added", cx.sequence());
        }
        Ok(())
    }
}

/// How the message of a crash on purpose begins.
const ON_PURPOSE: &str = "crash on purpose";

/// Keeps crashes on purpose, of which there may be thousands, off standard error; all others are printed as usual.
pub(crate) fn silence_crashes_on_purpose() {
    let others = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let on_purpose = info.payload_as_str().is_some_and(|message| message.starts_with(ON_PURPOSE));
        if !on_purpose {
            others(info);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_was_added_is_not_added_again() {
        let slot = Slot::default();
        slot.add(1, 0, Some(2.0));
        slot.add(1, 0, Some(2.0));
        slot.add(2, 0, Some(3.0));
        let (records, totals) = slot.take();
        assert_eq!((records, totals[0].count(), totals[0].sum()), (2, 2, 5.0));
    }

    #[test]
    fn keys_may_come_in_any_order() {
        let slot = Slot::default();
        slot.add(1, 2, None);
        slot.add(2, 0, Some(1.0));
        let counts: Vec<u64> = slot.take().1.iter().map(Totals::count).collect();
        assert_eq!(counts, [1, 0, 1]);
    }
}
