//! Who waits is woken in the order of waiting, once, and never in vain.

use super::crowd::Crowd;
use super::{WAITERS, shuffled};
use arbour::stream::{Capacity, ReceiveStream, RecvError, SendError, SendStream, memory_stream};
use std::collections::VecDeque;
use std::task::Poll;

const CAPACITIES: [Capacity; 3] = [Capacity::Bounded(0), Capacity::Bounded(1), Capacity::Unbounded];

fn receivers(
    rx: &ReceiveStream<usize>,
) -> impl Iterator<Item = impl Future<Output = Result<usize, RecvError>>> {
    (0..WAITERS).map(|_| rx.recv())
}

fn senders(
    tx: &SendStream<usize>,
) -> impl Iterator<Item = impl Future<Output = Result<(), SendError<usize>>>> {
    (0..WAITERS).map(|item| tx.send(item))
}

/// A way to end a stream.
type End = fn(&SendStream<usize>, &ReceiveStream<usize>);

/// What a sender hears of it.
type Refusal = fn(usize) -> SendError<usize>;

fn everybody() -> Vec<usize> {
    (0..WAITERS).collect()
}

#[test]
fn each_item_wakes_the_receiver_that_has_waited_longest() {
    for capacity in CAPACITIES {
        let (tx, rx) = memory_stream(capacity);
        let mut crowd = Crowd::park(receivers(&rx));
        for item in 0..WAITERS {
            tx.try_send(item).unwrap();
            assert_eq!(crowd.woken(), [item]);
            assert_eq!(crowd.outcome(item), Ok(item));
        }
        assert_eq!(crowd.woken(), []);
    }
}

#[test]
fn a_batch_wakes_a_receiver_for_each_of_its_items_in_order() {
    for capacity in [0.into(), Capacity::Unbounded] {
        let (tx, rx) = memory_stream(capacity);
        let mut crowd = Crowd::park(receivers(&rx));
        let mut all_but_one: VecDeque<usize> = (0..WAITERS - 1).collect();
        assert_eq!(tx.try_send_many(&mut all_but_one), Ok(WAITERS - 1));
        assert_eq!(crowd.woken(), everybody()[..WAITERS - 1]);
        tx.try_send(WAITERS - 1).unwrap();
        assert_eq!(crowd.woken(), [WAITERS - 1]);
        (0..WAITERS).for_each(|number| assert_eq!(crowd.outcome(number), Ok(number)));
        assert_eq!(crowd.woken(), []);
    }
}

#[test]
fn a_batch_that_waits_for_room_and_the_receivers_wake_each_other_in_turn() {
    let (tx, rx) = memory_stream(1);
    let mut crowd = Crowd::park(receivers(&rx));
    let mut items: VecDeque<usize> = (0..WAITERS).collect();
    let mut batch = Crowd::park([tx.send_many(&mut items)]);
    for number in 0..WAITERS {
        assert_eq!(crowd.woken(), [number]);
        assert_eq!(crowd.outcome(number), Ok(number));
        if number + 1 < WAITERS {
            assert_eq!(batch.woken(), [0]);
            assert_eq!(batch.poll(0).is_ready(), number + 2 == WAITERS);
        }
    }
    assert_eq!((crowd.woken(), batch.woken()), (vec![], vec![]));
}

#[test]
fn each_receive_wakes_the_sender_that_has_waited_longest() {
    for capacity in [0, 1] {
        let (tx, rx) = memory_stream(capacity);
        (0..capacity).for_each(|_| tx.try_send(WAITERS).unwrap());
        let mut crowd = Crowd::park(senders(&tx));
        (0..capacity).for_each(|_| assert_eq!(rx.try_recv(), Ok(WAITERS)));
        for number in 0..WAITERS {
            if capacity == 0 {
                assert_eq!(rx.try_recv(), Ok(number));
            }
            assert_eq!(crowd.woken(), [number]);
            assert_eq!(crowd.outcome(number), Ok(()));
            if capacity == 1 {
                assert_eq!(rx.try_recv(), Ok(number));
            }
        }
        assert_eq!(crowd.woken(), []);
    }
}

#[test]
fn a_receive_of_many_wakes_each_sender_of_a_rendezvous_in_order() {
    let (tx, rx) = memory_stream(0);
    let mut crowd = Crowd::park(senders(&tx));
    let mut taken = Vec::new();
    assert_eq!(rx.try_recv_many(&mut taken, WAITERS), Ok(WAITERS));
    assert!(taken == everybody() && crowd.woken() == everybody());
    (0..WAITERS).for_each(|number| assert_eq!(crowd.outcome(number), Ok(())));
    assert_eq!(crowd.woken(), []);
}

#[test]
fn room_goes_to_the_reservation_that_has_waited_longest() {
    let (tx, rx) = memory_stream(1);
    tx.try_send(0).unwrap();
    let mut crowd = Crowd::park((0..WAITERS).map(|_| tx.reserve()));
    for number in 0..WAITERS {
        rx.try_recv().unwrap();
        assert_eq!(crowd.woken(), [number]);
        crowd.outcome(number).unwrap().send(number).unwrap();
    }
    assert_eq!((crowd.woken(), rx.try_recv()), (vec![], Ok(WAITERS - 1)));
}

#[test]
fn receivers_that_come_let_reservations_of_a_rendezvous_in_by_turns() {
    let (tx, rx) = memory_stream(0);
    let mut crowd = Crowd::park((0..WAITERS).map(|_| tx.reserve()));
    let mut receivers = Crowd::park(receivers(&rx));
    assert_eq!(crowd.woken(), everybody());
    for number in 0..WAITERS {
        crowd.outcome(number).unwrap().send(number).unwrap();
        assert_eq!(receivers.woken(), [number]);
        assert_eq!(receivers.outcome(number), Ok(number));
    }
    assert_eq!((crowd.woken(), receivers.woken()), (vec![], vec![]));
}

#[test]
fn the_end_wakes_all_receivers_once_in_order() {
    let ends: [(End, RecvError); 4] = [
        (|tx, _rx| tx.close(), RecvError::EndOfStream),
        (|_tx, rx| rx.close(), RecvError::EndOfStream),
        (|tx, _rx| tx.close_end(), RecvError::EndOfStream),
        (|_tx, rx| rx.close_end(), RecvError::Closed),
    ];
    for (end, told) in ends {
        let (tx, rx) = memory_stream(1);
        let mut crowd = Crowd::park(receivers(&rx));
        end(&tx, &rx);
        assert_eq!(crowd.woken(), everybody());
        (0..WAITERS).for_each(|number| assert_eq!(crowd.outcome(number), Err(told)));
        assert_eq!(crowd.woken(), []);
    }
}

#[test]
fn closing_wakes_all_senders_once_in_order_and_hands_each_its_item() {
    let ends: [(End, Refusal); 4] = [
        (|tx, _rx| tx.close(), SendError::Closed),
        (|_tx, rx| rx.close(), SendError::Closed),
        (|tx, _rx| tx.close_end(), SendError::Closed),
        (|_tx, rx| rx.close_end(), SendError::Broken),
    ];
    for ((end, refusal), capacity) in ends.into_iter().flat_map(|end| [(end, 0), (end, 1)]) {
        let (tx, rx) = memory_stream(capacity);
        (0..capacity).for_each(|_| tx.try_send(0).unwrap());
        let mut crowd = Crowd::park(senders(&tx));
        end(&tx, &rx);
        assert_eq!(crowd.woken(), everybody());
        (0..WAITERS).for_each(|number| assert_eq!(crowd.outcome(number), Err(refusal(number))));
        assert_eq!(crowd.woken(), []);
    }
}

/// A random half of all, and the others in their order.
fn halves() -> (Vec<usize>, Vec<usize>) {
    let mut leaving = shuffled(WAITERS);
    let mut staying = leaving.split_off(WAITERS / 2);
    staying.sort_unstable();
    (leaving, staying)
}

#[test]
fn when_half_of_the_receivers_have_gone_the_others_are_served_in_order() {
    let (leaving, staying) = halves();
    for capacity in CAPACITIES {
        let (tx, rx) = memory_stream(capacity);
        let mut crowd = Crowd::park(receivers(&rx));
        leaving.iter().for_each(|&number| crowd.leave(number));
        for &number in &staying {
            tx.try_send(number).unwrap();
            assert_eq!(crowd.woken(), [number]);
            assert_eq!(crowd.outcome(number), Ok(number));
        }
        assert_eq!(crowd.woken(), []);
    }
}

#[test]
fn when_half_of_the_senders_have_gone_the_others_are_served_in_order() {
    let (leaving, staying) = halves();
    let (tx, rx) = memory_stream(0);
    let mut crowd = Crowd::park(senders(&tx));
    leaving.iter().for_each(|&number| crowd.leave(number));
    for &number in &staying {
        assert_eq!(rx.try_recv(), Ok(number));
        assert_eq!(crowd.woken(), [number]);
        assert_eq!(crowd.poll(number), Poll::Ready(Ok(())));
    }
    assert_eq!(crowd.woken(), []);
}

#[test]
fn calls_of_receivers_that_go_are_handed_on_in_order() {
    let (leaving, _) = halves();
    let (tx, rx) = memory_stream(Capacity::Unbounded);
    let mut crowd = Crowd::park(receivers(&rx));
    (0..WAITERS / 2).for_each(|item| tx.try_send(item).unwrap());
    assert_eq!(crowd.woken(), everybody()[..WAITERS / 2]);
    let mut staying = everybody();
    for &number in leaving.iter().filter(|&&number| number < WAITERS / 2) {
        crowd.leave(number);
        staying[number] = WAITERS;
    }
    let served: Vec<usize> =
        staying.into_iter().filter(|&number| number < WAITERS).take(WAITERS / 2).collect();
    let called_later: Vec<usize> = served.iter().copied().filter(|&number| number >= WAITERS / 2).collect();
    assert_eq!(crowd.woken(), called_later);
    for (item, number) in served.into_iter().enumerate() {
        assert_eq!(crowd.outcome(number), Ok(item));
    }
}
