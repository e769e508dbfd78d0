//! Many items at a time: what one look at the stream may take and leave.

use super::super::{RecvError, SendError, TryRecvError, TrySendError, memory_stream};
use super::{Task, assert_nobody_waits, check, now};
use futures::StreamExt;
use std::collections::VecDeque;

fn queue(items: impl IntoIterator<Item = u32>) -> VecDeque<u32> {
    items.into_iter().collect()
}

#[test]
fn a_send_of_many_that_is_dropped_leaves_what_was_not_sent() {
    let (tx, rx) = memory_stream(2);
    let mut items = queue(0..5);
    drop(Task::waiting(tx.send_many(&mut items)));
    assert_eq!(items, [2, 3, 4]);
    assert_nobody_waits(&rx);
    assert_eq!((rx.try_recv(), rx.try_recv(), rx.try_recv()), (Ok(0), Ok(1), Err(TryRecvError::Empty)));
}

#[test]
fn a_send_of_many_that_was_granted_a_place_and_is_dropped_gives_the_place_back() {
    let (tx, rx) = memory_stream(1);
    let mut items = queue(0..3);
    let send = Task::waiting(tx.send_many(&mut items));
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!(send.wakes(), 1);
    drop(send);
    check(&tx);
    assert_eq!(items, [1, 2]);
    assert_eq!(tx.try_send(7), Ok(()));
}

#[test]
fn a_send_of_many_overtakes_nobody_and_is_overtaken_by_nobody() {
    let (tx, rx) = memory_stream(1);
    let first = Task::waiting(async {
        tx.send(0).await.unwrap();
        tx.send(1).await.unwrap();
    });
    let mut items = queue([2, 3]);
    let mut many = Task::waiting(tx.send_many(&mut items));
    let last = Task::waiting(tx.send(4));
    assert_eq!(rx.try_recv(), Ok(0));
    assert!(many.poll().is_pending(), "the room went to the first");
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(tx.try_send(9), Err(TrySendError::Full(9)), "the room belongs to the batch");
    assert!(many.poll().is_pending(), "one of its items had room");
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(2), Ok(4)));
    assert_eq!((many.finish(), last.finish(), now(rx.recv())), (Ok(()), Ok(()), Ok(3)));
    first.finish();
    assert_nobody_waits(&rx);
}

#[test]
fn many_items_cost_a_waiting_receiver_one_wake_up() {
    let (tx, rx) = memory_stream(8);
    let mut received = Vec::new();
    let receive = Task::waiting(rx.recv_many(&mut received, 8));
    assert_eq!(tx.try_send_many(&mut queue(0..5)), Ok(5));
    assert_eq!(receive.wakes(), 1);
    assert_eq!(receive.finish(), Ok(5));
    assert_eq!(received, [0, 1, 2, 3, 4]);
    assert_nobody_waits(&rx);
}

#[test]
fn a_receive_of_many_lets_in_as_many_senders_as_it_took_items() {
    let (tx, rx) = memory_stream(2);
    assert_eq!(tx.try_send_many(&mut queue(0..2)), Ok(2));
    let senders = [2, 3, 4].map(|item| Task::waiting(tx.send(item)));
    let mut received = Vec::new();
    assert_eq!(rx.try_recv_many(&mut received, 8), Ok(2));
    assert_eq!(senders.each_ref().map(Task::wakes), [1, 1, 0]);
    check(&tx);
    assert_eq!(rx.try_recv_many(&mut received, 8), Ok(2));
    assert_eq!(rx.try_recv_many(&mut received, 8), Ok(1));
    assert_eq!(received, [0, 1, 2, 3, 4]);
    senders.into_iter().for_each(|sender| assert_eq!(sender.finish(), Ok(())));
}

#[test]
fn a_receive_of_many_leaves_to_the_called_what_they_were_called_for() {
    let (tx, rx) = memory_stream(8);
    let (other, mut received, mut more) = (rx.clone(), Vec::new(), Vec::new());
    let many = Task::waiting(rx.recv_many(&mut received, 8));
    let one = Task::waiting(other.recv());
    assert_eq!(tx.try_send_many(&mut queue(0..2)), Ok(2));
    assert_eq!((many.wakes(), one.wakes()), (1, 1));
    assert_eq!(rx.try_recv_many(&mut more, 8), Err(TryRecvError::Empty));
    assert_eq!(many.finish(), Ok(1));
    assert_eq!(one.finish(), Ok(1));
    assert_eq!((received, more), (vec![0], vec![]));
}

#[test]
fn a_receive_of_many_that_is_dropped_hands_its_call_on() {
    let (tx, rx) = memory_stream(4);
    let (other, mut received) = (rx.clone(), Vec::new());
    let many = Task::waiting(rx.recv_many(&mut received, 4));
    let one = Task::waiting(other.recv());
    assert_eq!(tx.try_send(7), Ok(()));
    assert_eq!((many.wakes(), one.wakes()), (1, 0));
    drop(many);
    assert_eq!((received.len(), one.wakes()), (0, 1));
    assert_eq!(one.finish(), Ok(7));
}

#[test]
fn a_limit_is_kept_and_a_limit_of_none_takes_none() {
    let (tx, rx) = memory_stream(8);
    let mut received = Vec::new();
    assert_eq!(now(rx.recv_many(&mut received, 0)), Ok(0));
    assert_eq!(tx.try_send_many(&mut queue(0..5)), Ok(5));
    assert_eq!(now(rx.recv_many(&mut received, 0)), Ok(0));
    assert_eq!(now(rx.recv_many(&mut received, 3)), Ok(3));
    assert_eq!((received.len(), rx.len()), (3, 2));
}

#[test]
fn a_close_refuses_what_was_not_sent_and_leaves_it_to_its_owner() {
    let (tx, rx) = memory_stream(1);
    let mut items = queue(0..3);
    let send = Task::waiting(tx.send_many(&mut items));
    rx.close();
    assert_eq!(send.finish(), Err(SendError::Closed(())));
    assert_eq!(items, [1, 2]);
    assert_eq!(tx.try_send_many(&mut items), Err(TrySendError::Closed(())));
    let mut received = Vec::new();
    assert_eq!(now(rx.recv_many(&mut received, 8)), Ok(1));
    assert_eq!(now(rx.recv_many(&mut received, 8)), Err(RecvError::EndOfStream));
}

#[test]
fn a_place_that_was_granted_before_a_close_stays_good_for_one_item() {
    let (tx, rx) = memory_stream(1);
    let mut items = queue(0..3);
    let send = Task::waiting(tx.send_many(&mut items));
    assert_eq!(rx.try_recv(), Ok(0));
    rx.close();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "the place keeps the stream from its end");
    assert_eq!(send.finish(), Err(SendError::Closed(())));
    assert_eq!(items, [2]);
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(1), Err(TryRecvError::EndOfStream)));
}

#[test]
fn without_receivers_a_send_of_many_keeps_also_the_item_whose_place_was_granted() {
    let (tx, rx) = memory_stream(1);
    let mut items = queue(0..3);
    let send = Task::waiting(tx.send_many(&mut items));
    assert_eq!(rx.try_recv(), Ok(0));
    drop(rx);
    assert_eq!(send.finish(), Err(SendError::Broken(())));
    assert_eq!(items, [1, 2]);
    check(&tx);
}

#[test]
fn an_end_that_was_closed_gets_what_it_was_called_for_and_no_more() {
    let (tx, rx) = memory_stream(4);
    let (other, mut received) = (rx.clone(), Vec::new());
    let many = Task::waiting(other.recv_many(&mut received, 4));
    assert_eq!(tx.try_send_many(&mut queue(0..3)), Ok(3));
    other.close_end();
    assert_eq!(many.finish(), Ok(1));
    assert_eq!((received, rx.len()), (vec![0], 2));
    assert_eq!(other.try_recv_many(&mut Vec::new(), 4), Err(TryRecvError::Closed));
}

#[test]
fn a_rendezvous_takes_from_each_sender_that_waits() {
    let (tx, rx) = memory_stream(0);
    let senders = [0, 1, 2].map(|item| Task::waiting(tx.send(item)));
    let mut received = Vec::new();
    assert_eq!(rx.try_recv_many(&mut received, 2), Ok(2));
    check(&tx);
    assert_eq!(now(rx.recv_many(&mut received, 2)), Ok(1));
    assert_eq!(received, [0, 1, 2]);
    senders.into_iter().for_each(|sender| assert_eq!(sender.finish(), Ok(())));
    assert_nobody_waits(&rx);
}

#[test]
fn at_a_rendezvous_as_many_items_are_sent_as_receivers_wait() {
    let (tx, rx) = memory_stream(0);
    let (other, mut items) = (rx.clone(), queue(0..3));
    assert_eq!(tx.try_send_many(&mut items), Err(TrySendError::Full(())));
    let receivers = [Task::waiting(rx.recv()), Task::waiting(other.recv())];
    let send = Task::waiting(tx.send_many(&mut items));
    assert_eq!(receivers.map(Task::finish), [Ok(0), Ok(1)]);
    let last = Task::waiting(rx.recv());
    assert_eq!(send.finish(), Ok(()));
    assert_eq!(last.finish(), Ok(2));
    assert_nobody_waits(&rx);
}

#[test]
fn nothing_to_send_is_sent_at_once_also_into_a_full_stream() {
    let (tx, _rx) = memory_stream(0);
    assert_eq!(now(tx.send_many(&mut queue([]))), Ok(()));
    assert_eq!(tx.try_send_many(&mut queue([])), Ok(0));
}

#[test]
fn a_stream_of_batches_gives_what_is_there_and_ends_with_the_stream() {
    let (tx, rx) = memory_stream(8);
    let mut batches = rx.batches(3);
    assert_eq!(tx.try_send_many(&mut queue(0..5)), Ok(5));
    assert_eq!(now(batches.next()), Some(vec![0, 1, 2]));
    assert_eq!(now(batches.next()), Some(vec![3, 4]));
    let mut next = Task::waiting(batches.next());
    drop(tx);
    assert_eq!(next.poll(), core::task::Poll::Ready(None));
}
