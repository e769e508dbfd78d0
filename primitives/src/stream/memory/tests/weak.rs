//! Weak ends: what they keep, and when they become real ones.

use super::super::{RecvError, SendError, TryRecvError, TrySendError, memory_stream};
use super::{StdArc, Task, check, now};

#[test]
fn weak_ends_count_in_nothing() {
    let (tx, rx) = memory_stream::<u8>(1);
    let before = tx.statistics();
    let weak = (tx.downgrade(), rx.downgrade());
    let _more = weak.clone();
    assert_eq!(tx.statistics(), before);
}

#[test]
fn an_upgraded_sender_is_one_more_that_is_open() {
    let (tx, rx) = memory_stream(1);
    let upgraded = tx.downgrade().upgrade().unwrap();
    assert!(upgraded.same_stream(&tx));
    assert_eq!(rx.statistics().open_senders, 2);
    drop(tx);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    upgraded.try_send('a').unwrap();
    drop(upgraded);
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok('a'), Err(TryRecvError::EndOfStream)));
}

#[test]
fn an_upgraded_receiver_is_one_more_that_is_open() {
    let (tx, rx) = memory_stream(1);
    let upgraded = rx.downgrade().upgrade().unwrap();
    assert!(upgraded.same_stream(&rx));
    drop(rx);
    tx.try_send('a').unwrap();
    assert_eq!(upgraded.try_recv(), Ok('a'));
    drop(upgraded);
    assert_eq!(tx.try_send('b'), Err(TrySendError::Broken('b')));
}

#[test]
fn receivers_that_wait_find_the_end_though_weak_senders_are_left() {
    for capacity in [0, 1] {
        let (tx, rx) = memory_stream::<u8>(capacity);
        let receive = Task::waiting(rx.recv());
        let weak = tx.downgrade();
        drop(tx);
        rx.parts().0.lock().assert_invariants();
        assert_eq!(receive.wakes(), 1);
        assert_eq!(receive.finish(), Err(RecvError::EndOfStream));
        assert!(weak.upgrade().is_none());
        assert_eq!(rx.statistics().open_senders, 0);
    }
}

#[test]
fn senders_that_wait_get_their_items_back_though_weak_receivers_are_left() {
    for capacity in [0, 1] {
        let (tx, rx) = memory_stream(capacity);
        if capacity == 1 {
            tx.try_send(0).unwrap();
        }
        let send = Task::waiting(tx.send(1));
        let weak = rx.downgrade();
        drop(rx);
        check(&tx);
        assert_eq!(send.finish(), Err(SendError::Broken(1)));
        assert!(weak.upgrade().is_none());
    }
}

#[test]
fn a_permit_or_a_queued_item_makes_no_sender() {
    let (tx, rx) = memory_stream(2);
    tx.try_send(1).unwrap();
    let permit = tx.try_reserve().unwrap();
    let weak = tx.downgrade();
    drop(tx);
    assert!(weak.upgrade().is_none());
    permit.send(2).unwrap();
    assert!(weak.upgrade().is_none());
    assert_eq!((rx.try_recv(), rx.try_recv(), now(rx.recv())), (Ok(1), Ok(2), Err(RecvError::EndOfStream)));
}

#[test]
fn an_item_owed_to_a_receive_of_a_closed_end_makes_no_receiver() {
    let (tx, rx) = memory_stream(1);
    let receive = Task::waiting(rx.recv());
    tx.try_send('a').unwrap();
    let weak = rx.downgrade();
    rx.close_end();
    assert!(weak.upgrade().is_none());
    assert_eq!(receive.finish(), Ok('a'));
}

#[test]
fn a_closed_end_is_as_good_as_a_dropped_one() {
    let (tx, rx) = memory_stream::<u8>(1);
    let (weak_tx, weak_rx) = (tx.downgrade(), rx.downgrade());
    let (other_tx, other_rx) = (tx.clone(), rx.clone());
    tx.close_end();
    rx.close_end();
    assert!(weak_tx.upgrade().is_some_and(|tx| tx.try_send(1).is_ok()), "another sender is open");
    assert!(tx.downgrade().upgrade().is_some(), "a weak end stands for its side");
    assert_eq!(weak_rx.upgrade().unwrap().try_recv(), Ok(1));
    other_tx.close_end();
    other_rx.close_end();
    assert!(weak_tx.upgrade().is_none());
    assert!(weak_rx.upgrade().is_none());
}

#[test]
fn a_sender_upgraded_in_a_closed_stream_is_refused_until_it_is_reopened() {
    let (tx, rx) = memory_stream(1);
    let weak = tx.downgrade();
    rx.close();
    assert_eq!(now(rx.recv()), Err(RecvError::EndOfStream));
    let upgraded = weak.upgrade().unwrap();
    assert_eq!(upgraded.try_send('a'), Err(TrySendError::Closed('a')));
    assert_eq!(rx.try_recv(), Err(TryRecvError::EndOfStream), "what was announced stands");
    rx.reopen();
    upgraded.try_send('b').unwrap();
    assert_eq!(rx.try_recv(), Ok('b'));
}

#[test]
fn reopening_brings_no_sender_back() {
    let (tx, rx) = memory_stream::<u8>(1);
    let weak = tx.downgrade();
    rx.close();
    drop(tx);
    rx.reopen();
    assert!(weak.upgrade().is_none());
    assert_eq!(rx.try_recv(), Err(TryRecvError::EndOfStream));
}

#[test]
fn a_receiver_upgraded_in_a_closed_stream_takes_what_is_queued() {
    let (tx, rx) = memory_stream(2);
    tx.try_send(1).unwrap();
    let weak = rx.downgrade();
    tx.close();
    drop(tx);
    let upgraded = weak.upgrade().unwrap();
    assert_eq!((upgraded.try_recv(), upgraded.try_recv()), (Ok(1), Err(TryRecvError::EndOfStream)));
}

#[test]
fn weak_ends_keep_no_item() {
    let (tx, rx) = memory_stream(1);
    let item = StdArc::new(());
    tx.try_send(StdArc::clone(&item)).unwrap();
    let _weak = (tx.downgrade(), rx.downgrade());
    drop((tx, rx));
    assert_eq!(StdArc::strong_count(&item), 1);
}

#[test]
fn an_upgraded_receiver_waits_behind_those_who_came_before() {
    let (tx, rx) = memory_stream(1);
    let first = Task::waiting(rx.recv());
    let upgraded = rx.downgrade().upgrade().unwrap();
    let mut second = Task::waiting(upgraded.recv());
    tx.try_send('a').unwrap();
    assert_eq!((first.wakes(), second.wakes()), (1, 0));
    assert!(second.poll().is_pending());
    assert_eq!(first.finish(), Ok('a'));
    tx.try_send('b').unwrap();
    assert_eq!(second.finish(), Ok('b'));
}

#[test]
fn weak_ends_describe_their_stream() {
    struct Opaque;
    let (tx, rx) = memory_stream::<Opaque>(3);
    for told in [format!("{:?}", tx.downgrade()), format!("{:?}", rx.downgrade())] {
        assert!(told.starts_with("Weak") && told.contains("Bounded(3)"), "{told}");
    }
}
