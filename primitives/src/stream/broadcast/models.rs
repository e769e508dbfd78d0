//! The broadcast stream's races, one a model: two or three threads at one stream, explored by loom.
//!
//! Payloads are loom's `Arc`s: loom fails a model that leaks one.

use super::{BroadcastReceiver, BroadcastRecvError, BroadcastSender, SlowReceiver, broadcast};
use crate::loom::{Arc, Bounds, block_on, model, thread};
use crate::stream::SendError;
use core::pin::pin;
use core::task::{Context, Poll};
use futures::task::noop_waker_ref;

/// An item whose loss loom notices.
type Item = Arc<u32>;

fn stream(slow: SlowReceiver) -> BroadcastSender<Item> {
    broadcast(1, slow).unwrap()
}

fn item(number: u32) -> Item {
    Arc::new(number)
}

/// Receives up to the end.
fn drain(mut rx: BroadcastReceiver<Item>) -> Vec<u32> {
    core::iter::from_fn(|| block_on(rx.recv()).ok().map(|item| *item)).collect()
}

/// Polls a future once and drops it, as a cancellation does.
fn poll_and_drop<R>(future: impl Future<Output = R>) -> Option<R> {
    match pin!(future).poll(&mut Context::from_waker(noop_waker_ref())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

/// Nobody is left waiting, and the numbered invariants hold for these receivers.
#[track_caller]
fn assert_at_rest(tx: &BroadcastSender<Item>, receivers: &[&BroadcastReceiver<Item>]) {
    let cursors: Vec<_> = receivers.iter().map(|rx| rx.cursor()).collect();
    tx.shared().lock().assert_invariants(&cursors);
    let told = tx.statistics();
    assert_eq!((told.waiting_senders, told.waiting_receivers), (0, 0));
}

/// A send waits until the slowest has taken the item before it.
#[test]
fn send_races_the_last_take() {
    model(Bounds::EXHAUSTIVE, || {
        let tx = stream(SlowReceiver::Wait);
        let (mut quick, mut slow) = (tx.subscribe(), tx.subscribe());
        tx.try_send(item(1)).unwrap();
        assert_eq!(*quick.try_recv().unwrap(), 1);
        let sending = thread::spawn(move || {
            block_on(tx.send(item(2))).unwrap();
            tx
        });
        assert_eq!(*block_on(slow.recv()).unwrap(), 1);
        let tx = sending.join().unwrap();
        assert_at_rest(&tx, &[&quick, &slow]);
        assert_eq!([quick, slow].map(|mut rx| *rx.try_recv().unwrap()), [2, 2]);
    });
}

/// Two receivers take one item at once: one may move it out, neither misses it.
#[test]
fn two_takes_race_for_the_item_itself() {
    model(Bounds::EXHAUSTIVE, || {
        let tx = stream(SlowReceiver::Wait);
        let (mut one, mut other) = (tx.subscribe(), tx.subscribe());
        tx.try_send(item(1)).unwrap();
        let taking = thread::spawn(move || (*other.try_recv().unwrap(), other));
        assert_eq!(*one.try_recv().unwrap(), 1);
        let (taken, other) = taking.join().unwrap();
        assert_eq!((taken, tx.statistics().queued), (1, 0));
        assert_at_rest(&tx, &[&one, &other]);
    });
}

/// Who is subscribed before an item enters gets it, with all others; who comes later does not.
#[test]
fn subscribe_races_send() {
    model(Bounds::EXHAUSTIVE, || {
        let tx = stream(SlowReceiver::Wait);
        let first = tx.subscribe();
        let sender = tx.clone();
        let sending = thread::spawn(move || block_on(sender.send(item(1))).unwrap());
        let newcomer = tx.subscribe();
        sending.join().unwrap();
        assert_at_rest(&tx, &[&first, &newcomer]);
        drop(tx);
        assert_eq!(drain(first), [1]);
        assert!([&[][..], &[1]].contains(&&*drain(newcomer)));
    });
}

/// The clone counts for what the original had not taken, and for what is sent from then on.
#[test]
fn clone_of_a_receiver_races_send() {
    model(Bounds::EXHAUSTIVE, || {
        let tx = stream(SlowReceiver::Lag);
        let mut rx = tx.subscribe();
        tx.try_send(item(1)).unwrap();
        let sender = tx.clone();
        let sending = thread::spawn(move || sender.try_send(item(2)).unwrap());
        let mut clone = rx.clone();
        sending.join().unwrap();
        assert_at_rest(&tx, &[&rx, &clone]);
        for rx in [&mut rx, &mut clone] {
            assert!(rx.try_recv().is_err_and(|why| why == BroadcastRecvError::Lagged { missed: 1 }.into()));
            assert_eq!(*rx.try_recv().unwrap(), 2);
        }
    });
}

/// The slowest receiver goes: the sender that waited for it must go on.
#[test]
fn drop_of_the_slowest_receiver_races_a_waiting_sender() {
    model(Bounds::EXHAUSTIVE, || {
        let tx = stream(SlowReceiver::Wait);
        let (mut quick, slowest) = (tx.subscribe(), tx.subscribe());
        tx.try_send(item(1)).unwrap();
        assert_eq!(*block_on(quick.recv()).unwrap(), 1);
        let leaving = thread::spawn(move || drop(slowest));
        block_on(tx.send(item(2))).unwrap();
        leaving.join().unwrap();
        assert_at_rest(&tx, &[&quick]);
        assert_eq!(*block_on(quick.recv()).unwrap(), 2);
    });
}

#[test]
fn drop_of_the_last_receiver_races_a_waiting_sender() {
    model(Bounds::EXHAUSTIVE, || {
        let tx = stream(SlowReceiver::Wait);
        let rx = tx.subscribe();
        tx.try_send(item(1)).unwrap();
        let leaving = thread::spawn(move || drop(rx));
        let refused = block_on(tx.send(item(2))).unwrap_err();
        assert!(matches!(refused, SendError::Broken(back) if *back == 2));
        leaving.join().unwrap();
        assert_at_rest(&tx, &[]);
    });
}

#[test]
fn a_dropped_send_races_the_room_it_waits_for() {
    model(Bounds::preemptions(3), || {
        let tx = stream(SlowReceiver::Wait);
        let mut rx = tx.subscribe();
        tx.try_send(item(1)).unwrap();
        let sender = tx.clone();
        let dropping = thread::spawn(move || poll_and_drop(sender.send(item(2))).is_some());
        let sender = tx.clone();
        let sending = thread::spawn(move || block_on(sender.send(item(3))).unwrap());
        drop(tx);
        assert_eq!(*block_on(rx.recv()).unwrap(), 1);
        let rest = drain(rx);
        let said = dropping.join().unwrap();
        sending.join().unwrap();
        assert!(rest.contains(&3) && (!said || rest.contains(&2)), "{rest:?}");
    });
}

/// An item and the end race two receivers: both get both.
#[test]
fn close_races_recv() {
    model(Bounds::preemptions(3), || {
        let tx = stream(SlowReceiver::Wait);
        let (mut one, other) = (tx.subscribe(), tx.subscribe());
        let receiving = thread::spawn(move || drain(other));
        let closing = thread::spawn(move || {
            tx.try_send(item(1)).unwrap();
            tx.close();
            tx
        });
        assert_eq!(block_on(one.recv()).map(|item| *item), Ok(1));
        assert_eq!(block_on(one.recv()).map(|item| *item), Err(BroadcastRecvError::EndOfStream));
        assert_eq!(receiving.join().unwrap(), [1]);
        assert_at_rest(&closing.join().unwrap(), &[&one]);
    });
}

#[test]
fn close_races_a_waiting_sender() {
    model(Bounds::EXHAUSTIVE, || {
        let tx = stream(SlowReceiver::Wait);
        let rx = tx.subscribe();
        let closer = tx.clone();
        tx.try_send(item(1)).unwrap();
        let closing = thread::spawn(move || closer.close());
        let refused = block_on(tx.send(item(2))).unwrap_err();
        assert!(matches!(refused, SendError::Closed(back) if *back == 2));
        closing.join().unwrap();
        assert_at_rest(&tx, &[&rx]);
        assert_eq!(drain(rx), [1]);
    });
}

#[test]
fn drop_of_the_last_sender_races_recv() {
    model(Bounds::preemptions(3), || {
        let tx = stream(SlowReceiver::Wait);
        let rx = tx.subscribe();
        let other = tx.clone();
        let dropping = thread::spawn(move || drop(other));
        let sending = thread::spawn(move || tx.try_send(item(1)).unwrap());
        assert_eq!(drain(rx), [1]);
        dropping.join().unwrap();
        sending.join().unwrap();
    });
}

/// However slow it is: what it got and what it missed are all that was sent.
fn slow_receiver_against_two_sends(slow: SlowReceiver) {
    let tx = stream(slow);
    let mut rx = tx.subscribe();
    let sending = thread::spawn(move || [1, 2].map(|n| block_on(tx.send(item(n))).is_ok()));
    let (mut got, mut missed) = (Vec::new(), 0);
    let end = loop {
        match block_on(rx.recv()) {
            Ok(item) => got.push(*item),
            Err(BroadcastRecvError::Lagged { missed: more }) => missed += more,
            Err(end) => break end,
        }
    };
    let sent = sending.join().unwrap();
    assert!(got.is_sorted());
    match end {
        BroadcastRecvError::Disconnected => assert_eq!((got.len(), sent), (0, [true, false])),
        _ => assert_eq!((got.len() as u64 + missed, sent), (2, [true, true])),
    }
}

#[test]
fn a_receiver_that_lags_races_the_sender() {
    model(Bounds::EXHAUSTIVE, || slow_receiver_against_two_sends(SlowReceiver::Lag));
}

#[test]
fn a_receiver_that_is_skipped_races_the_sender() {
    model(Bounds::EXHAUSTIVE, || slow_receiver_against_two_sends(SlowReceiver::Drop));
}

#[test]
fn a_receiver_that_is_cut_off_races_the_sender() {
    model(Bounds::EXHAUSTIVE, || slow_receiver_against_two_sends(SlowReceiver::Disconnect));
}
