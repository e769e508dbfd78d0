//! Capacity 0: a send completes when a receiver takes its item.

use super::super::{TryRecvError, TrySendError, memory_stream};
use super::{Task, assert_nobody_waits, check, now};

#[test]
fn a_send_waits_until_its_item_is_taken() {
    let (tx, rx) = memory_stream(0);
    let mut receive = Task::waiting(rx.recv());
    let mut send = Task::waiting(tx.send('a'));
    assert_eq!(receive.wakes(), 1);
    assert!(send.poll().is_pending(), "the receiver was woken, but has not taken it");
    assert!(receive.poll().is_ready());
    assert_eq!(send.wakes(), 1);
    assert_eq!(send.finish(), Ok(()));
}

#[test]
fn a_newcomer_takes_straight_from_the_sender_that_waits_longest() {
    let (tx, rx) = memory_stream(0);
    let first = Task::waiting(tx.send(1));
    let second = Task::waiting(tx.send(2));
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(now(rx.recv()), Ok(2));
    assert_eq!((first.finish(), second.finish()), (Ok(()), Ok(())));
    assert_nobody_waits(&rx);
}

#[test]
fn a_try_send_needs_a_receiver_that_waits() {
    let (tx, rx) = memory_stream(0);
    assert_eq!(tx.try_send(0), Err(TrySendError::Full(0)));
    let first = Task::waiting(rx.recv());
    let second = Task::waiting(rx.recv());
    assert_eq!(tx.try_send(1), Ok(()));
    assert_eq!(tx.try_send(2), Ok(()));
    assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)));
    assert_eq!((first.finish(), second.finish()), (Ok(1), Ok(2)));
}

#[test]
fn a_receiver_dropped_in_mid_hand_over_leaves_the_item_with_its_sender() {
    let (tx, rx) = memory_stream(0);
    let receive = Task::waiting(rx.recv());
    let mut send = Task::waiting(tx.send('a'));
    drop(receive);
    check(&tx);
    assert!(send.poll().is_pending());
    assert_eq!(rx.try_recv(), Ok('a'));
    assert_eq!(send.finish(), Ok(()));
}

#[test]
fn a_sender_dropped_in_mid_hand_over_takes_its_item_along() {
    let (tx, rx) = memory_stream(0);
    let mut receive = Task::waiting(rx.recv());
    let send = Task::waiting(tx.send('a'));
    drop(send);
    check(&tx);
    assert!(receive.poll().is_pending(), "its item was withdrawn");
    let next = Task::waiting(tx.send('b'));
    assert_eq!(receive.finish(), Ok('b'));
    assert_eq!(next.finish(), Ok(()));
}

#[test]
fn a_receiver_that_was_called_in_vain_keeps_its_turn() {
    let (tx, rx) = memory_stream(0);
    let first = Task::waiting(rx.recv());
    let second = Task::waiting(rx.recv());
    drop(Task::waiting(tx.send('a')));
    let next = Task::waiting(tx.send('b'));
    assert_eq!((first.wakes(), second.wakes()), (1, 0), "the first wake-up has not been used yet");
    assert_eq!(first.finish(), Ok('b'));
    assert_eq!(next.finish(), Ok(()));
    drop(second);
}

#[test]
fn an_item_tried_on_a_receiver_that_leaves_waits_for_the_next() {
    let (tx, rx) = memory_stream(0);
    let receive = Task::waiting(rx.recv());
    tx.try_send('a').unwrap();
    drop(receive);
    assert_eq!(rx.statistics().queued, 1);
    assert_eq!(now(rx.recv()), Ok('a'));
}

#[test]
fn items_of_all_kinds_of_senders_keep_their_order() {
    let (tx, rx) = memory_stream(0);
    let (first, second) = (Task::waiting(rx.recv()), Task::waiting(rx.recv()));
    let send = Task::waiting(tx.send(1));
    tx.try_send(2).unwrap();
    let late = Task::waiting(tx.send(3));
    assert_eq!((first.finish(), second.finish(), now(rx.recv())), (Ok(1), Ok(2), Ok(3)));
    assert_eq!((send.finish(), late.finish()), (Ok(()), Ok(())));
}

#[test]
fn a_reservation_is_granted_when_a_receiver_waits() {
    let (tx, rx) = memory_stream(0);
    let mut reserve = Task::waiting(tx.reserve());
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    assert!(reserve.poll().is_pending());
    let receive = Task::waiting(rx.recv());
    reserve.finish().unwrap().send('a').unwrap();
    assert_eq!(receive.finish(), Ok('a'));
}

#[test]
fn a_reservation_that_waits_longer_comes_before_a_send() {
    let (tx, rx) = memory_stream(0);
    let reserve = Task::waiting(tx.reserve());
    let send = Task::waiting(tx.send('b'));
    let mut receive = Task::waiting(rx.recv());
    let permit = reserve.finish().unwrap();
    assert!(receive.poll().is_pending(), "it is spoken for");
    drop(permit);
    check(&tx);
    assert_eq!(receive.finish(), Ok('b'));
    assert_eq!(send.finish(), Ok(()));
}

#[test]
fn a_newcomer_does_not_overtake_a_receiver_that_waits_for_a_permit() {
    let (tx, rx) = memory_stream(0);
    let elder = Task::waiting(rx.recv());
    let permit = tx.try_reserve().unwrap();
    let send = Task::waiting(tx.send('b'));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    let newcomer = Task::waiting(rx.recv());
    assert_eq!((elder.wakes(), newcomer.wakes()), (1, 0));
    assert_eq!(elder.finish(), Ok('b'));
    permit.send('c').unwrap();
    assert_eq!((send.finish(), newcomer.finish()), (Ok(()), Ok('c')));
}

#[test]
fn a_forced_item_reaches_a_receiver_that_waits_and_comes_back_otherwise() {
    let (tx, rx) = memory_stream(0);
    assert_eq!(tx.force_send(1), Ok(Some(1)));
    let receive = Task::waiting(rx.recv());
    assert_eq!(tx.force_send(2), Ok(None));
    assert_eq!(receive.finish(), Ok(2));
}
