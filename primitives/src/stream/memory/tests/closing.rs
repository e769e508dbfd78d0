//! The end, breaking, closing the stream and closing one end.

use super::super::{RecvError, SendError, TryRecvError, TrySendError, memory_stream};
use super::{Task, assert_nobody_waits, check, now};

#[test]
fn the_end_comes_after_the_last_item() {
    let (tx, rx) = memory_stream(2);
    tx.try_send(1).unwrap();
    tx.try_send(2).unwrap();
    drop(tx);
    assert_eq!((rx.try_recv(), now(rx.recv())), (Ok(1), Ok(2)));
    assert_eq!(now(rx.recv()), Err(RecvError::EndOfStream));
    assert_eq!(rx.try_recv(), Err(TryRecvError::EndOfStream));
}

#[test]
fn all_waiting_receivers_learn_of_the_end() {
    let (tx, rx) = memory_stream::<()>(1);
    let waiting: Vec<_> = (0..3).map(|_| Task::waiting(rx.recv())).collect();
    drop(tx);
    for receive in waiting {
        assert_eq!(receive.wakes(), 1);
        assert_eq!(receive.finish(), Err(RecvError::EndOfStream));
    }
    assert_nobody_waits(&rx);
}

#[test]
fn the_end_is_not_announced_while_the_last_item_is_owed_to_a_woken_receiver() {
    let (tx, rx) = memory_stream(1);
    let woken = Task::waiting(rx.recv());
    let mut other = Task::waiting(rx.recv());
    tx.try_send('a').unwrap();
    drop(tx);
    assert!(other.poll().is_pending());
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    drop(woken);
    assert_eq!(other.finish(), Ok('a'));
    assert_eq!(rx.try_recv(), Err(TryRecvError::EndOfStream));
}

#[test]
fn the_end_is_announced_to_those_who_waited_behind_the_last_item() {
    let (tx, rx) = memory_stream(1);
    let (woken, other) = (Task::waiting(rx.recv()), Task::waiting(rx.recv()));
    tx.try_send('a').unwrap();
    drop(tx);
    assert_eq!(woken.finish(), Ok('a'));
    assert_eq!(other.wakes(), 1);
    assert_eq!(other.finish(), Err(RecvError::EndOfStream));
}

#[test]
fn the_stream_lives_until_the_last_clone_is_gone() {
    let (tx, rx) = memory_stream(1);
    let other = tx.clone();
    drop(tx);
    other.try_send(1).unwrap();
    let last = rx.clone();
    drop(rx);
    assert_eq!(last.try_recv(), Ok(1));
    drop(last);
    assert_eq!(other.try_send(2), Err(TrySendError::Broken(2)));
}

#[test]
fn senders_get_their_items_back_when_the_last_receiver_goes() {
    for capacity in [0, 1] {
        let (tx, rx) = memory_stream(capacity);
        if capacity == 1 {
            tx.try_send(0).unwrap();
        }
        let waiting = Task::waiting(tx.send(1));
        let reserving = Task::waiting(tx.reserve());
        drop(rx);
        check(&tx);
        assert_eq!(waiting.finish(), Err(SendError::Broken(1)));
        assert_eq!(reserving.finish().unwrap_err(), SendError::Broken(()));
        assert_eq!(now(tx.send(2)), Err(SendError::Broken(2)));
        assert_eq!(tx.force_send(3), Err(SendError::Broken(3)));
        assert_eq!(tx.len(), 0, "what was queued is dropped");
    }
}

#[test]
fn closing_the_stream_refuses_new_and_waiting_senders_while_receivers_go_on() {
    let (tx, rx) = memory_stream(1);
    tx.try_send(0).unwrap();
    let waiting = Task::waiting(tx.send(1));
    rx.close();
    assert_eq!(waiting.wakes(), 1);
    assert_eq!(waiting.finish(), Err(SendError::Closed(1)));
    assert_eq!(tx.try_send(2), Err(TrySendError::Closed(2)));
    assert_eq!(now(tx.send(3)), Err(SendError::Closed(3)));
    assert_eq!(tx.force_send(4), Err(SendError::Closed(4)));
    assert_eq!(tx.try_reserve().unwrap_err(), TrySendError::Closed(()));
    assert_eq!(now(rx.recv()), Ok(0));
    assert_eq!(now(rx.recv()), Err(RecvError::EndOfStream));
}

#[test]
fn closing_a_rendezvous_takes_back_what_was_offered() {
    let (tx, rx) = memory_stream(0);
    let receive = Task::waiting(rx.recv());
    let send = Task::waiting(tx.send('a'));
    tx.close();
    check(&tx);
    assert_eq!(send.finish(), Err(SendError::Closed('a')));
    assert_eq!(receive.finish(), Err(RecvError::EndOfStream));
}

#[test]
fn closing_a_rendezvous_leaves_what_was_sent_without_waiting() {
    let (tx, rx) = memory_stream(0);
    let receive = Task::waiting(rx.recv());
    tx.try_send('a').unwrap();
    tx.close();
    assert_eq!(receive.finish(), Ok('a'));
    assert_eq!(rx.try_recv(), Err(TryRecvError::EndOfStream));
}

#[test]
fn closing_twice_is_closing_once() {
    let (tx, rx) = memory_stream::<()>(1);
    tx.close();
    tx.close();
    tx.close_end();
    tx.close_end();
    rx.close_end();
    rx.close_end();
    assert_eq!((tx.statistics().open_senders, tx.statistics().open_receivers), (0, 0));
}

#[test]
fn closing_one_send_end_fails_its_own_senders_only() {
    for capacity in [0, 1] {
        let (tx, rx) = memory_stream(capacity);
        let other = tx.clone();
        if capacity == 1 {
            tx.try_send(0).unwrap();
        }
        let (mine, theirs) = (Task::waiting(tx.send(1)), Task::waiting(other.send(2)));
        tx.close_end();
        check(&tx);
        assert_eq!(mine.finish(), Err(SendError::Closed(1)));
        assert_eq!(tx.try_send(3), Err(TrySendError::Closed(3)));
        assert_eq!(
            tx.clone().try_send(3),
            Err(TrySendError::Closed(3)),
            "the clone of a closed end is closed"
        );
        let expected: &[i32] = if capacity == 1 { &[0, 2] } else { &[2] };
        assert_eq!(expected.iter().map(|_| rx.try_recv().unwrap()).collect::<Vec<_>>(), expected);
        assert_eq!(theirs.finish(), Ok(()));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        drop(other);
        assert_eq!(rx.try_recv(), Err(TryRecvError::EndOfStream));
    }
}

#[test]
fn closing_a_send_end_after_its_item_was_taken_lets_the_send_succeed() {
    let (tx, rx) = memory_stream(0);
    let send = Task::waiting(tx.send(1));
    assert_eq!(rx.try_recv(), Ok(1));
    tx.close_end();
    assert_eq!(send.finish(), Ok(()));
}

#[test]
fn closing_one_receive_end_fails_its_own_receivers_only() {
    let (tx, rx) = memory_stream(0);
    let other = rx.clone();
    let (mine, theirs) = (Task::waiting(rx.recv()), Task::waiting(other.recv()));
    rx.close_end();
    check(&tx);
    assert_eq!(mine.wakes(), 1);
    tx.try_send('a').unwrap();
    assert_eq!(theirs.finish(), Ok('a'));
    assert_eq!(mine.finish(), Err(RecvError::Closed));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    assert_eq!(now(rx.clone().recv()), Err(RecvError::Closed), "the clone of a closed end is closed");
}

#[test]
fn a_receive_that_was_woken_gets_its_item_though_its_end_was_closed() {
    for capacity in [0, 1] {
        let (tx, rx) = memory_stream(capacity);
        let receive = Task::waiting(rx.recv());
        tx.try_send('a').unwrap();
        rx.close_end();
        check(&tx);
        assert_eq!(tx.try_send('b'), Err(TrySendError::Broken('b')));
        assert_eq!(receive.finish(), Ok('a'));
    }
}

#[test]
fn what_was_owed_to_the_last_receive_of_a_closed_end_is_dropped_with_it() {
    for capacity in [0, 1] {
        let (tx, rx) = memory_stream(capacity);
        let receive = Task::waiting(rx.recv());
        tx.try_send('a').unwrap();
        rx.close_end();
        drop(receive);
        check(&tx);
        assert_eq!(tx.len(), 0);
    }
}

#[test]
fn a_send_owed_to_the_last_receive_of_a_closed_end_gets_its_item_back() {
    let (tx, rx) = memory_stream(0);
    let receive = Task::waiting(rx.recv());
    let send = Task::waiting(tx.send('a'));
    rx.close_end();
    drop(receive);
    check(&tx);
    assert_eq!(send.finish(), Err(SendError::Broken('a')));
}

#[test]
fn a_sender_can_wait_for_all_receivers_to_go() {
    let (tx, rx) = memory_stream::<()>(1);
    let other = rx.clone();
    let mut closed = Task::waiting(tx.closed());
    drop(rx);
    assert!(!tx.is_closed());
    assert!(closed.poll().is_pending());
    drop(other);
    assert_eq!(closed.wakes(), 1);
    closed.finish();
    assert!(tx.is_closed());
}

#[test]
fn a_sender_that_waits_for_the_receivers_learns_of_closing_too() {
    let (tx, _rx) = memory_stream::<()>(1);
    let other = tx.clone();
    let (mine, theirs) = (Task::waiting(tx.closed()), Task::waiting(other.closed()));
    tx.close_end();
    assert_eq!((mine.wakes(), theirs.wakes()), (1, 0));
    mine.finish();
    other.close();
    assert_eq!(theirs.wakes(), 1);
    theirs.finish();
}
