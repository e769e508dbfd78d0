//! Memory streams: whoever is stopped at whichever poll, no item is lost or doubled.

use crate::support::{sweep, turns};
use arbour::stream::futures::SendBatches;
use arbour::stream::{ObjectReceive, ObjectSend, ReceiveStream, SendStream, memory_stream};
use futures::{FutureExt, SinkExt, StreamExt};
use std::cell::RefCell;
use std::collections::VecDeque;

/// What became of the items of one run, and the ends that are kept to look afterwards.
struct Ledger {
    sent: Vec<u32>,
    received: Vec<u32>,
    ends: (SendStream<u32>, ReceiveStream<u32>),
}

impl Ledger {
    fn new(capacity: usize) -> Self {
        Self { sent: Vec::new(), received: Vec::new(), ends: memory_stream(capacity) }
    }

    fn ends(&self) -> (SendStream<u32>, ReceiveStream<u32>) {
        self.ends.clone()
    }

    /// Takes what is left, then compares: what was sent has arrived, in order, once, and nobody waits.
    fn balances(&mut self) {
        let statistics = self.ends.0.statistics();
        assert_eq!((statistics.waiting_senders, statistics.waiting_receivers), (0, 0), "{statistics:?}");
        assert_eq!((statistics.open_senders, statistics.open_receivers), (1, 1), "{statistics:?}");
        while let Ok(item) = self.ends.1.try_recv() {
            self.received.push(item);
        }
        assert!(self.received.is_sorted_by(|one, next| one < next), "{:?}", self.received);
        assert!(self.sent.iter().all(|item| self.received.contains(item)), "{:?} sent", self.sent);
    }

    /// The same, where each send was of one item.
    fn balances_one_by_one(&mut self) {
        self.balances();
        assert!(self.received.len() - self.sent.len() <= 1, "only one send may not know: {:?}", self.sent);
    }
}

/// Sweeps a sender and a receiver that run side by side, at each capacity.
fn sweep_both<S, R>(send: impl Fn(SendStream<u32>, u32) -> S, receive: impl Fn(ReceiveStream<u32>) -> R)
where
    S: Future<Output = ()>,
    R: Future<Output = u32>,
{
    for capacity in [0, 1, 2] {
        let ledger = RefCell::new(Ledger::new(capacity));
        let make = || {
            *ledger.borrow_mut() = Ledger::new(capacity);
            async {
                let (tx, rx) = ledger.borrow().ends();
                let sender = async {
                    for item in 0..4 {
                        send(tx.clone(), item).await;
                        ledger.borrow_mut().sent.push(item);
                        turns(1).await;
                    }
                };
                let receiver = async {
                    turns(2).await;
                    for _ in 0..4 {
                        let item = receive(rx.clone()).await;
                        ledger.borrow_mut().received.push(item);
                    }
                };
                tokio::join!(biased; sender, receiver);
            }
        };
        sweep(make, |_| ledger.borrow_mut().balances_one_by_one());
    }
}

async fn send_one(tx: SendStream<u32>, item: u32) {
    tx.send(item).await.unwrap();
}

async fn receive_one(rx: ReceiveStream<u32>) -> u32 {
    rx.recv().await.unwrap()
}

#[test]
fn sending_and_receiving() {
    sweep_both(send_one, receive_one);
}

#[test]
fn reserving() {
    let reserve_one = async |tx: SendStream<u32>, item| {
        let permit = tx.reserve().await.unwrap();
        turns(1).await;
        permit.send(item).unwrap();
    };
    sweep_both(reserve_one, receive_one);
}

#[test]
fn the_sink_and_the_stream() {
    let sink_one = async |mut tx: SendStream<u32>, item| SinkExt::send(&mut tx, item).await.unwrap();
    let next_one = async |mut rx: ReceiveStream<u32>| rx.next().await.unwrap();
    sweep_both(sink_one, next_one);
}

#[test]
fn a_receive_in_the_place_of_a_dropped_next() {
    let receive_after_next = async |mut rx: ReceiveStream<u32>| match rx.next().now_or_never() {
        Some(item) => item.unwrap(),
        None => rx.recv().await.unwrap(),
    };
    sweep_both(send_one, receive_after_next);
}

#[test]
fn the_traits_of_object_streams() {
    let send_object = async |mut tx: SendStream<u32>, item| ObjectSend::send(&mut tx, item).await.unwrap();
    let receive_object =
        async |mut rx: ReceiveStream<u32>| ObjectReceive::recv(&mut rx).await.unwrap().unwrap();
    sweep_both(send_object, receive_object);
}

#[test]
fn a_wait_for_the_close() {
    let ledger = RefCell::new(Ledger::new(0));
    let make = || {
        *ledger.borrow_mut() = Ledger::new(0);
        async {
            let (tx, rx) = ledger.borrow().ends();
            let close = async {
                turns(3).await;
                rx.close();
            };
            tokio::join!(biased; tx.closed(), close);
            tx.is_closed()
        }
    };
    sweep(make, |run| {
        assert!(run.output.is_none_or(|closed| closed));
        ledger.borrow_mut().balances();
    });
}

/// Items on loan: what is left of them comes back when the borrower goes.
struct Loan<'a> {
    items: VecDeque<u32>,
    left: &'a RefCell<VecDeque<u32>>,
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        self.left.replace(std::mem::take(&mut self.items));
    }
}

/// Sweeps a sender and a receiver of many. Unlike a send of one, a send of many always knows what is left:
/// what arrived and what is left are all there was.
fn sweep_many<R>(receive: impl Fn(ReceiveStream<u32>) -> R)
where
    R: Future<Output = Vec<u32>>,
{
    for capacity in [0, 1, 2, 8] {
        let ledger = RefCell::new(Ledger::new(capacity));
        let left = RefCell::new(VecDeque::new());
        let make = || {
            *ledger.borrow_mut() = Ledger::new(capacity);
            left.replace((0..5).collect());
            async {
                let (tx, rx) = ledger.borrow().ends();
                let sender = async {
                    let mut loan = Loan { items: left.take(), left: &left };
                    tx.send_many(&mut loan.items).await.unwrap();
                };
                let receiver = async {
                    turns(2).await;
                    while ledger.borrow().received.len() < 5 {
                        let batch = receive(rx.clone()).await;
                        ledger.borrow_mut().received.extend(batch);
                        turns(1).await;
                    }
                };
                tokio::join!(biased; sender, receiver);
            }
        };
        sweep(make, |_| {
            let mut ledger = ledger.borrow_mut();
            ledger.balances();
            assert!(ledger.received.iter().chain(&*left.borrow()).copied().eq(0..5), "{left:?} left");
        });
    }
}

#[test]
fn sending_and_receiving_many() {
    sweep_many(async |rx| {
        let mut batch = Vec::new();
        rx.recv_many(&mut batch, 3).await.unwrap();
        batch
    });
}

#[test]
fn a_stream_of_batches() {
    sweep_many(async |rx| rx.batches(2).next().await.unwrap());
}

/// What was taken ahead goes back when the receive is dropped with its end.
#[test]
fn reading_ahead() {
    sweep_many(async |rx| {
        let mut ahead = rx.read_ahead(2);
        let first = ahead.recv().await.unwrap();
        vec![first]
    });
    sweep_many(async |rx| vec![rx.read_ahead(2).next().await.unwrap()]);
}

/// A sink on loan: it comes back, with what is queued in it, when the borrower goes.
struct SinkOnLoan<'a> {
    sink: Option<SendBatches<u32>>,
    kept: &'a RefCell<Option<SendBatches<u32>>>,
}

impl Drop for SinkOnLoan<'_> {
    fn drop(&mut self) {
        self.kept.replace(self.sink.take());
    }
}

/// Feeds five items, flushing after the third, and notes which of them the sink has accepted.
async fn feed_all(mut loan: SinkOnLoan<'_>, fed: &RefCell<Vec<u32>>) {
    let sink = loan.sink.as_mut().expect("it was lent");
    for item in 0..5 {
        sink.feed(item).await.unwrap();
        fed.borrow_mut().push(item);
        if item == 2 {
            sink.flush().await.unwrap();
        }
    }
    sink.close().await.unwrap();
}

#[test]
fn a_sink_that_sends_in_batches() {
    for (capacity, limit) in [(0, 2), (1, 2), (2, 1), (2, 4), (8, 3)] {
        let ledger = RefCell::new(Ledger::new(capacity));
        let (kept, fed) = (RefCell::new(None), RefCell::new(Vec::new()));
        let make = || {
            *ledger.borrow_mut() = Ledger::new(capacity);
            fed.take();
            let (tx, rx) = ledger.borrow().ends();
            let loan = SinkOnLoan { sink: Some(tx.into_batches(limit)), kept: &kept };
            let (ledger, fed) = (&ledger, &fed);
            async move {
                let receiver = async {
                    turns(2).await;
                    while ledger.borrow().received.len() < 5 {
                        let item = rx.recv().await.unwrap();
                        ledger.borrow_mut().received.push(item);
                        turns(1).await;
                    }
                };
                tokio::join!(biased; feed_all(loan, fed), receiver);
            }
        };
        sweep(make, |_| {
            let sink = kept.take().expect("it comes back, however the run ended");
            let queued = sink.into_parts().1;
            let mut ledger = ledger.borrow_mut();
            ledger.balances();
            let found: Vec<_> = ledger.received.iter().chain(&queued).copied().collect();
            assert_eq!(found, *fed.borrow(), "{queued:?} are queued");
        });
    }
}
