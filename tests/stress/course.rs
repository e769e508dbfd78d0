//! One stream under sixteen producers and sixteen consumers, to its end.

use super::attempts::{Attempts, Scopes};
use super::consumer::Consumer;
use super::ledger::{Item, Ledger, Tally};
use super::meddler::{Fault, Meddler};
use super::producer::Producer;
use super::random::Random;
use arbour::stream::{Capacity, ReceiveStream, SendStream, memory_stream};
use arbour::{TaskGroup, fail_after, task_group};
use std::sync::Arc;
use std::time::Duration;

const PRODUCERS: usize = 16;
const CONSUMERS: usize = 16;

/// More than there are cores, so that a thread is now and then stopped where it would not stop by itself.
const THREADS: usize = 4;

/// Nothing takes so long, unless somebody waits who was forgotten.
const TOO_LONG: Duration = Duration::from_secs(300);

type Ends = (SendStream<Item>, ReceiveStream<Item>);

/// What is sent through which stream, and what goes wrong on the way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Course {
    pub(crate) capacity: Capacity,
    /// A multiple of the number of producers.
    pub(crate) items: usize,
    pub(crate) seed: u64,
    pub(crate) fault: Option<Fault>,
}

impl Course {
    /// What became of the items, with how many awaits were dropped and how many bodies cancelled; or what
    /// is wrong.
    pub(crate) fn run(self) -> Result<(Tally, (usize, usize)), String> {
        let (ledger, scopes) = (Ledger::of(self.items), Scopes::of(PRODUCERS + 2 * CONSUMERS));
        let threads =
            tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_time().build();
        threads.unwrap().block_on(self.drive(&ledger, &scopes))?;
        Ok((ledger.verdict()?, scopes.cut_short()))
    }

    async fn drive(self, ledger: &Arc<Ledger>, scopes: &Scopes) -> Result<(), String> {
        let (tx, rx) = memory_stream(self.capacity);
        let watched = rx.clone();
        let group =
            fail_after(TOO_LONG, task_group(async |group| self.start(&group, ledger, scopes, (tx, rx))));
        let ended = group.await.map_err(|late| format!("{late}: somebody was forgotten, {watched:?}"))?;
        ended.map_err(|error| error.to_string())?;
        let told = watched.statistics();
        let left = (told.queued, told.waiting_senders, told.waiting_receivers, told.open_senders);
        if left == (0, 0, 0, 0) { Ok(()) } else { Err(format!("something is left: {told:?}")) }
    }

    fn start(self, group: &TaskGroup, ledger: &Arc<Ledger>, scopes: &Scopes, (tx, rx): Ends) {
        let share = self.items / PRODUCERS;
        for number in 0..PRODUCERS {
            let attempts = self.attempts(scopes, number);
            let numbers = number * share..(number + 1) * share;
            let producer = Producer { ledger: Arc::clone(ledger), attempts, base: tx.clone(), numbers };
            drop(group.spawn_value(produce(group.clone(), producer)));
        }
        let meddler = Meddler::new(self.fault, share);
        for number in 0..CONSUMERS {
            let slot = PRODUCERS + number;
            let consumer = Consumer {
                ledger: Arc::clone(ledger),
                attempts: self.attempts(scopes, slot),
                base: rx.clone(),
                share,
                last: vec![None; PRODUCERS],
                meddler: meddler.beside(),
                has_ended: false,
            };
            drop(group.spawn_value(consume(group.clone(), consumer, slot + CONSUMERS)));
        }
    }

    fn attempts(self, scopes: &Scopes, slot: usize) -> Attempts {
        Attempts { random: Random::new(self.seed << 8 | slot as u64), scopes: scopes.clone(), slot }
    }
}

/// Each life is a task of its own, which goes on where the last one went.
async fn produce(group: TaskGroup, mut producer: Producer) {
    while !producer.numbers.is_empty() {
        producer = group.spawn_value(producer.live()).await.expect("no producer fails");
    }
}

async fn consume(group: TaskGroup, mut consumer: Consumer, slot: usize) {
    while !consumer.has_ended {
        consumer = group.spawn_value(consumer.live(slot)).await.expect("no consumer fails");
    }
}
