//! First in, first out, and nobody overtakes.

use super::super::{Capacity, TryRecvError, TrySendError, memory_stream};
use super::{Task, check, now};

#[test]
fn items_leave_in_the_order_in_which_they_entered() {
    let (tx, rx) = memory_stream(3);
    for n in 0..3 {
        assert_eq!(tx.try_send(n), Ok(()));
    }
    assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)));
    assert_eq!((0..3).map(|_| now(rx.recv()).unwrap()).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn without_a_bound_senders_never_wait() {
    let (tx, rx) = memory_stream(Capacity::Unbounded);
    for n in 0..1000 {
        now(tx.send(n)).unwrap();
    }
    assert_eq!(rx.len(), 1000);
    assert!((0..1000).all(|n| rx.try_recv() == Ok(n)));
}

#[test]
fn waiting_receivers_are_woken_in_the_order_of_their_waiting() {
    let (tx, rx) = memory_stream(2);
    let first = Task::waiting(rx.recv());
    let second = Task::waiting(rx.recv());
    tx.try_send('a').unwrap();
    assert_eq!((first.wakes(), second.wakes()), (1, 0));
    tx.try_send('b').unwrap();
    assert_eq!((first.wakes(), second.wakes()), (1, 1));
    assert_eq!(first.finish(), Ok('a'));
    assert_eq!(second.finish(), Ok('b'));
}

#[test]
fn waiting_senders_get_freed_room_in_the_order_of_their_waiting() {
    let (tx, rx) = memory_stream(1);
    tx.try_send(0).unwrap();
    let first = Task::waiting(tx.send(1));
    let second = Task::waiting(tx.send(2));
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!((first.wakes(), second.wakes()), (1, 0));
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!((first.wakes(), second.wakes()), (1, 1));
    assert_eq!((first.finish(), second.finish()), (Ok(()), Ok(())));
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
fn one_item_wakes_one_receiver() {
    let (tx, rx) = memory_stream(8);
    let waiting: Vec<_> = (0..5).map(|_| Task::waiting(rx.recv())).collect();
    tx.try_send(()).unwrap();
    assert_eq!(waiting.iter().map(Task::wakes).sum::<usize>(), 1);
}

#[test]
fn a_newcomer_cannot_take_the_item_of_a_receiver_that_was_woken_but_has_not_run() {
    let (tx, rx) = memory_stream(2);
    let woken = Task::waiting(rx.recv());
    tx.try_send('a').unwrap();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    let newcomer = Task::waiting(rx.recv());
    assert_eq!(newcomer.wakes(), 0);
    assert_eq!(woken.finish(), Ok('a'));
    tx.try_send('b').unwrap();
    assert_eq!(newcomer.finish(), Ok('b'));
}

#[test]
fn a_newcomer_may_take_what_is_beyond_the_items_of_the_woken() {
    let (tx, rx) = memory_stream(2);
    let woken = Task::waiting(rx.recv());
    tx.try_send('a').unwrap();
    tx.try_send('b').unwrap();
    assert_eq!(rx.try_recv(), Ok('a'));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(woken.finish(), Ok('b'));
}

#[test]
fn a_newcomer_cannot_take_the_room_of_a_sender_that_was_woken_but_has_not_run() {
    let (tx, rx) = memory_stream(1);
    tx.try_send(0).unwrap();
    let woken = Task::waiting(tx.send(1));
    rx.try_recv().unwrap();
    assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    assert!(tx.try_reserve().is_err());
    assert!(Task::waiting(tx.send(2)).wakes() == 0);
    assert_eq!(woken.finish(), Ok(()));
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn the_room_of_a_reservation_that_was_granted_but_has_not_run_is_its_own() {
    let (tx, rx) = memory_stream(1);
    tx.try_send(0).unwrap();
    let granted = Task::waiting(tx.reserve());
    rx.try_recv().unwrap();
    assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    granted.finish().unwrap().send(1).unwrap();
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn a_receive_dropped_after_its_wake_up_hands_it_on() {
    let (tx, rx) = memory_stream(1);
    let woken = Task::waiting(rx.recv());
    let next = Task::waiting(rx.recv());
    tx.try_send('a').unwrap();
    drop(woken);
    check(&tx);
    assert_eq!(next.wakes(), 1);
    assert_eq!(next.finish(), Ok('a'));
}

#[test]
fn a_receive_dropped_after_its_wake_up_leaves_the_item_to_a_try_recv() {
    let (tx, rx) = memory_stream(1);
    let woken = Task::waiting(rx.recv());
    tx.try_send('a').unwrap();
    drop(woken);
    assert_eq!(rx.try_recv(), Ok('a'));
}

#[test]
fn a_send_dropped_while_it_waits_withdraws_its_item() {
    let (tx, rx) = memory_stream(1);
    tx.try_send(0).unwrap();
    let dropped = Task::waiting(tx.send(1));
    let other = Task::waiting(tx.send(2));
    drop(dropped);
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!(rx.try_recv(), Ok(2));
    assert_eq!(other.finish(), Ok(()));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn a_send_dropped_after_its_item_entered_the_stream_has_been_sent() {
    let (tx, rx) = memory_stream(1);
    tx.try_send(0).unwrap();
    let sent = Task::waiting(tx.send(1));
    assert_eq!(rx.try_recv(), Ok(0));
    drop(sent);
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn the_waker_of_the_latest_poll_is_woken() {
    let (tx, rx) = memory_stream(1);
    let mut receive = Task::waiting(rx.recv());
    let former = core::mem::take(&mut receive.wakes);
    assert!(receive.poll().is_pending());
    tx.try_send(()).unwrap();
    assert_eq!(former.count(), 0);
    assert_eq!(receive.wakes(), 1);
}

#[test]
#[should_panic(expected = "`Recv` was polled after it was ready")]
fn a_receive_polled_after_it_was_ready_says_so() {
    let (tx, rx) = memory_stream(1);
    tx.try_send(()).unwrap();
    let mut receive = Task::new(rx.recv());
    assert!(receive.poll().is_ready());
    let _polled_again = receive.poll();
}

#[test]
#[should_panic(expected = "`Send` was polled after it was ready")]
fn a_send_polled_after_it_was_ready_says_so() {
    let (tx, _rx) = memory_stream(1);
    let mut send = Task::new(tx.send(()));
    assert!(send.poll().is_ready());
    let _polled_again = send.poll();
}

#[test]
fn a_forced_item_displaces_the_oldest_and_overtakes_those_who_wait() {
    let (tx, rx) = memory_stream(2);
    assert_eq!(tx.force_send(1), Ok(None));
    assert_eq!(tx.force_send(2), Ok(None));
    let waiting = Task::waiting(tx.send(4));
    assert_eq!(tx.force_send(3), Ok(Some(1)));
    check(&tx);
    assert_eq!((rx.try_recv(), rx.try_recv(), rx.try_recv()), (Ok(2), Ok(3), Ok(4)));
    assert_eq!(waiting.finish(), Ok(()));
}

#[test]
fn a_forced_item_comes_back_where_nothing_can_be_displaced() {
    let (tx, rx) = memory_stream(1);
    let permit = tx.try_reserve().unwrap();
    assert_eq!(tx.force_send(1), Ok(Some(1)));
    drop(permit);
    assert_eq!(tx.force_send(1), Ok(None));
    drop(rx);
}

#[test]
fn a_forced_item_keeps_the_promise_to_a_woken_receiver() {
    let (tx, rx) = memory_stream(1);
    let woken = Task::waiting(rx.recv());
    tx.try_send(1).unwrap();
    assert_eq!(tx.force_send(2), Ok(Some(1)));
    check(&tx);
    assert_eq!(woken.finish(), Ok(2));
}
