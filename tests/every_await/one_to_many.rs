//! Streams from one to many: whoever is stopped at whichever poll, nobody else misses or doubles anything.

use crate::support::{sweep, turns};
use arbour::stream::{
    BroadcastReceiver, BroadcastSender, ObjectReceive, ObjectSend, SlowReceiver, WatchReceiver, broadcast,
    watch,
};
use futures::{SinkExt, StreamExt};
use std::cell::RefCell;

/// What became of the items of one run, and the ends that are kept to look afterwards.
struct Ledger {
    sent: Vec<u32>,
    received: Vec<u32>,
    tx: BroadcastSender<u32>,
    rx: BroadcastReceiver<u32>,
    /// Takes everything afterwards: what all receivers should have got.
    witness: BroadcastReceiver<u32>,
}

impl Ledger {
    fn new() -> Self {
        let tx = broadcast(4, SlowReceiver::Wait).unwrap();
        let (rx, witness) = (tx.subscribe(), tx.subscribe());
        Self { sent: Vec::new(), received: Vec::new(), tx, rx, witness }
    }

    /// What was sent has arrived in order, once, at both, and nobody waits.
    fn balances(&mut self) {
        let told = self.tx.statistics();
        assert_eq!((told.waiting_senders, told.waiting_receivers), (0, 0), "{told:?}");
        assert_eq!((told.open_senders, told.open_receivers), (1, 2), "{told:?}");
        self.received.extend(std::iter::from_fn(|| self.rx.try_recv().ok()));
        let witnessed: Vec<_> = std::iter::from_fn(|| self.witness.try_recv().ok()).collect();
        assert_eq!(self.received, witnessed);
        assert!(witnessed.starts_with(&self.sent), "{:?} sent, {witnessed:?} arrived", self.sent);
        assert!(witnessed.len() - self.sent.len() <= 1, "only one send may not know: {witnessed:?}");
    }
}

/// Sweeps a sender and a receiver that run side by side. `receive` is lent the one receiver, whose place
/// in the row of items outlives the run.
fn sweep_both(
    send: impl AsyncFn(BroadcastSender<u32>, u32),
    receive: &impl AsyncFn(&mut BroadcastReceiver<u32>) -> u32,
) {
    let ledger = RefCell::new(Ledger::new());
    let make = || {
        *ledger.borrow_mut() = Ledger::new();
        async {
            let tx = ledger.borrow().tx.clone();
            let mut lent = Lent::new(&ledger);
            let sender = async {
                for item in 0..4 {
                    send(tx.clone(), item).await;
                    ledger.borrow_mut().sent.push(item);
                    turns(1).await;
                }
            };
            let receiver = async {
                for _ in 0..4 {
                    let item = receive(lent.rx()).await;
                    ledger.borrow_mut().received.push(item);
                }
            };
            tokio::join!(biased; receiver, sender);
        }
    };
    sweep(make, |_| ledger.borrow_mut().balances());
}

/// The receiver of the ledger on loan; it comes back when the run ends in whatever way.
struct Lent<'a> {
    rx: Option<BroadcastReceiver<u32>>,
    ledger: &'a RefCell<Ledger>,
}

impl<'a> Lent<'a> {
    /// Leaves a clone in the ledger, so that one is always there.
    fn new(ledger: &'a RefCell<Ledger>) -> Self {
        let rx = {
            let mut ledger = ledger.borrow_mut();
            let clone = ledger.rx.clone();
            std::mem::replace(&mut ledger.rx, clone)
        };
        Self { rx: Some(rx), ledger }
    }

    fn rx(&mut self) -> &mut BroadcastReceiver<u32> {
        self.rx.as_mut().expect("it is given back only at the end")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        // A place that a stream keeps between polls goes with the end that is not put back.
        if let Some(rx) = self.rx.take() {
            self.ledger.borrow_mut().rx = rx.clone();
        }
    }
}

#[test]
fn broadcasting() {
    sweep_both(async |tx, item| tx.send(item).await.unwrap(), &async |rx| rx.recv().await.unwrap());
}

#[test]
fn broadcasting_by_sink_and_stream() {
    let send = async |mut tx: BroadcastSender<u32>, item| SinkExt::send(&mut tx, item).await.unwrap();
    sweep_both(send, &async |rx| rx.next().await.unwrap().unwrap());
}

#[test]
fn broadcasting_through_the_traits_of_object_streams() {
    let send = async |mut tx: BroadcastSender<u32>, item| ObjectSend::send(&mut tx, item).await.unwrap();
    sweep_both(send, &async |rx| ObjectReceive::recv(rx).await.unwrap().unwrap());
}

/// A sender that waits for room is stopped, or the receiver that it waits for.
#[test]
fn broadcasting_into_a_full_stream() {
    let tx = broadcast(1, SlowReceiver::Wait).unwrap();
    let received = RefCell::new(Vec::new());
    let make = || {
        received.borrow_mut().clear();
        let (sending, mut rx) = (tx.clone(), tx.subscribe());
        let received = &received;
        async move {
            let sender = async {
                for item in 0..3 {
                    sending.send(item).await.unwrap();
                }
            };
            let receiver = async {
                for _ in 0..3 {
                    turns(2).await;
                    let item = rx.recv().await.unwrap();
                    received.borrow_mut().push(item);
                }
            };
            tokio::join!(biased; sender, receiver);
        }
    };
    sweep(make, |run| {
        let received = received.borrow();
        assert!([0, 1, 2].starts_with(&received), "{received:?}");
        assert!(run.output.is_none() || received.len() == 3, "{received:?}");
        let told = tx.statistics();
        assert_eq!((told.open_senders, told.open_receivers, told.queued), (1, 0, 0), "{told:?}");
        assert_eq!((told.waiting_senders, told.waiting_receivers), (0, 0), "{told:?}");
    });
}

/// Sweeps a sender of 1, 2 and 3 and a receiver, which looks for more than it saw last.
fn sweep_watch(look: &impl AsyncFn(&mut WatchReceiver<u32>, u32) -> u32) {
    let seen = RefCell::new(Vec::new());
    let (kept, witness) = watch(0);
    let make = || {
        seen.borrow_mut().clear();
        kept.send(0);
        let (tx, mut rx) = (kept.clone(), kept.subscribe());
        let seen = &seen;
        async move {
            let sender = async {
                for value in 1..4 {
                    turns(2).await;
                    tx.send(value);
                }
            };
            let receiver = async {
                let mut last = 0;
                while last < 3 {
                    last = look(&mut rx, last).await;
                    seen.borrow_mut().push(last);
                }
            };
            tokio::join!(biased; receiver, sender);
        }
    };
    sweep(make, |run| {
        let seen = seen.borrow();
        assert!(seen.is_sorted_by(|one, next| one < next), "{seen:?}");
        assert!(run.output.is_none() || seen.last() == Some(&3), "{seen:?}");
        let told = witness.statistics();
        assert_eq!((told.open_senders, told.open_receivers, told.waiting_receivers), (1, 1, 0), "{told:?}");
    });
}

#[test]
fn watching_for_changes() {
    sweep_watch(&async |rx, _| *rx.changed().await.unwrap());
}

#[test]
fn watching_for_a_value() {
    sweep_watch(&async |rx, last| *rx.wait_for(|value| *value > last).await.unwrap());
}

#[test]
fn watching_by_stream() {
    sweep_watch(&async |rx, _| *rx.next().await.unwrap());
}
