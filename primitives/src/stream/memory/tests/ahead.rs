//! An end that takes items ahead: what it holds, gives out and puts back.

use super::super::{Capacity, RecvError, SendStream, TryRecvError, TrySendError, memory_stream};
use super::{Task, assert_nobody_waits, now};
use futures::StreamExt;

/// Items may have been put back beyond the capacity.
#[track_caller]
fn check<T>(tx: &SendStream<T>) {
    tx.parts().0.lock().assert_invariants_of_any_number();
}

/// A stream with this capacity that is filled with 0, 1, 2 and so on.
fn full(capacity: usize) -> (SendStream<usize>, super::ReceiveStream<usize>) {
    let (tx, rx) = memory_stream(capacity);
    tx.try_send_many(&mut (0..capacity).collect()).unwrap();
    (tx, rx)
}

#[test]
fn it_takes_no_more_than_its_limit_and_there_is_room_for_as_many() {
    let (tx, rx) = full(4);
    let mut ahead = rx.read_ahead(3);
    assert_eq!(ahead.try_recv(), Ok(0));
    assert_eq!((ahead.taken_ahead(), tx.len()), (2, 1));
    assert_eq!(tx.try_send_many(&mut [4, 5, 6].into()), Ok(3));
    assert_eq!(tx.try_send(7), Err(TrySendError::Full(7)));
    let received: Vec<usize> = std::iter::from_fn(|| ahead.try_recv().ok()).collect();
    assert_eq!(received, [1, 2, 3, 4, 5, 6]);
    assert_eq!(ahead.try_recv(), Err(TryRecvError::Empty));
    check(&tx);
}

#[test]
fn a_limit_of_nothing_is_one_of_one() {
    let (tx, rx) = full(3);
    let mut ahead = rx.read_ahead(0);
    assert_eq!(now(ahead.recv()), Ok(0));
    assert_eq!((ahead.taken_ahead(), tx.len()), (0, 2));
}

#[test]
fn what_waits_to_be_sent_is_let_in_as_soon_as_items_are_taken() {
    let (tx, rx) = full(2);
    let first = Task::waiting(tx.send(2));
    let second = Task::waiting(tx.send(3));
    let mut ahead = rx.read_ahead(2);
    assert_eq!(now(ahead.recv()), Ok(0));
    assert_eq!((first.finish(), second.finish()), (Ok(()), Ok(())));
    check(&tx);
}

#[test]
fn a_receive_that_waited_gets_all_that_came_and_gives_out_the_first() {
    let (tx, rx) = memory_stream(4);
    let mut ahead = rx.read_ahead(4);
    let receive = Task::waiting(ahead.recv());
    tx.try_send_many(&mut [1, 2, 3].into()).unwrap();
    assert_eq!(receive.wakes(), 1);
    assert_eq!(receive.finish(), Ok(1));
    assert_eq!((ahead.taken_ahead(), tx.len()), (2, 0));
    check(&tx);
}

#[test]
fn a_receive_that_is_dropped_leaves_its_item_and_its_place_to_the_next() {
    let (tx, rx) = memory_stream(4);
    let mut ahead = rx.clone().read_ahead(4);
    let receive = Task::waiting(ahead.recv());
    let other = Task::waiting(rx.recv());
    tx.try_send('a').unwrap();
    assert_eq!((receive.wakes(), other.wakes()), (1, 0));
    drop(receive);
    assert_eq!(other.finish(), Ok('a'));
    assert_nobody_waits(&rx);
    assert_eq!(ahead.taken_ahead(), 0);
}

#[test]
fn a_receive_that_was_leaked_leaves_its_place_to_the_end_it_was_of() {
    let (tx, rx) = memory_stream(4);
    let mut ahead = rx.read_ahead(4);
    std::mem::forget(Task::waiting(ahead.recv()));
    tx.try_send('a').unwrap();
    assert_eq!(now(ahead.recv()), Ok('a'));
}

#[test]
fn what_came_for_a_next_that_was_dropped_is_there_for_a_try_and_for_a_receive() {
    let (tx, rx) = memory_stream(4);
    let mut ahead = rx.read_ahead(4);
    drop(Task::waiting(ahead.next()));
    tx.try_send('a').unwrap();
    assert_eq!(ahead.try_recv(), Ok('a'));
    drop(Task::waiting(ahead.next()));
    tx.try_send('b').unwrap();
    assert_eq!(now(ahead.recv()), Ok('b'));
    check(&tx);
}

/// The end that was told to a wait which nobody polls any more is no end of what came later.
#[test]
fn a_receive_after_a_dropped_next_that_was_refused_asks_the_reopened_stream() {
    let (tx, rx) = memory_stream(4);
    let mut ahead = rx.read_ahead(4);
    drop(Task::waiting(ahead.next()));
    ahead.close();
    ahead.reopen();
    tx.try_send('a').unwrap();
    assert_eq!(now(ahead.recv()), Ok('a'));
}

#[test]
fn what_others_were_called_for_is_not_taken_ahead() {
    let (tx, rx) = memory_stream(4);
    let first = Task::waiting(rx.recv());
    tx.try_send_many(&mut [1, 2, 3].into()).unwrap();
    let mut ahead = rx.clone().read_ahead(4);
    assert_eq!(ahead.try_recv(), Ok(1));
    assert_eq!((ahead.taken_ahead(), tx.len()), (1, 1), "one is owed to the first");
    assert_eq!(first.finish(), Ok(3));
    check(&tx);
}

#[test]
fn what_was_not_given_out_goes_back_to_the_front_also_beyond_the_capacity() {
    let (tx, rx) = full(3);
    let mut ahead = rx.clone().read_ahead(3);
    assert_eq!(ahead.try_recv(), Ok(0));
    tx.try_send_many(&mut [3, 4, 5].into()).unwrap();
    let waiting = Task::waiting(tx.send(6));
    drop(ahead);
    check(&tx);
    assert_eq!((tx.len(), tx.capacity()), (5, Capacity::Bounded(3)));
    assert_eq!(std::iter::from_fn(|| rx.try_recv().ok()).take(3).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(waiting.finish(), Ok(()), "there is room again");
    assert_eq!(std::iter::from_fn(|| rx.try_recv().ok()).collect::<Vec<_>>(), [4, 5, 6]);
}

#[test]
fn those_who_wait_are_called_for_what_is_put_back() {
    let (tx, rx) = full(3);
    let mut ahead = rx.clone().read_ahead(3);
    assert_eq!(ahead.try_recv(), Ok(0));
    let first = Task::waiting(rx.recv());
    let second = Task::waiting(rx.recv());
    let third = Task::waiting(rx.recv());
    drop(ahead);
    assert_eq!((first.wakes(), second.wakes(), third.wakes()), (1, 1, 0));
    assert_eq!((first.finish(), second.finish()), (Ok(1), Ok(2)));
    drop(third);
    check(&tx);
}

#[test]
fn with_the_last_receiver_what_it_took_is_dropped_and_senders_are_told() {
    let (tx, rx) = memory_stream(3);
    let item = std::rc::Rc::new(());
    tx.try_send_many(&mut (0..3).map(|_| std::rc::Rc::clone(&item)).collect()).unwrap();
    let mut ahead = rx.read_ahead(3);
    drop(ahead.try_recv());
    assert_eq!(std::rc::Rc::strong_count(&item), 3);
    drop(ahead);
    assert_eq!(std::rc::Rc::strong_count(&item), 1);
    assert!(matches!(tx.try_send(item), Err(TrySendError::Broken(_))));
}

#[test]
fn nobody_is_told_the_end_while_items_may_come_back() {
    let (tx, rx) = full(2);
    let mut ahead = rx.clone().read_ahead(2);
    assert_eq!(ahead.try_recv(), Ok(0));
    drop(tx);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    let waiting = Task::waiting(rx.recv());
    assert_eq!(ahead.try_recv(), Ok(1));
    assert_eq!(waiting.wakes(), 0, "it might still be put back as far as the stream knows");
    assert_eq!(ahead.try_recv(), Err(TryRecvError::EndOfStream));
    assert_eq!(waiting.finish(), Err(RecvError::EndOfStream));
}

#[test]
fn an_end_that_took_one_item_holds_nothing_back() {
    let (tx, rx) = full(1);
    let mut ahead = rx.clone().read_ahead(8);
    assert_eq!(ahead.try_recv(), Ok(0));
    drop(tx);
    assert_eq!(rx.try_recv(), Err(TryRecvError::EndOfStream));
}

#[test]
fn closing_and_reopening_go_through_to_the_stream() {
    let (tx, rx) = full(2);
    let mut ahead = rx.read_ahead(1);
    ahead.close();
    assert_eq!(tx.try_send(9), Err(TrySendError::Closed(9)));
    assert_eq!((now(ahead.recv()), now(ahead.recv())), (Ok(0), Ok(1)));
    assert_eq!(now(ahead.recv()), Err(RecvError::EndOfStream));
    ahead.reopen();
    assert_eq!(tx.try_send(2), Ok(()));
    assert_eq!(now(ahead.recv()), Ok(2));
}

#[test]
fn an_end_that_was_closed_reads_nothing_ahead() {
    let (_tx, rx) = full(2);
    rx.close_end();
    let mut ahead = rx.read_ahead(2);
    assert_eq!(now(ahead.recv()), Err(RecvError::Closed));
    assert_eq!(ahead.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn a_rendezvous_has_nothing_to_take_ahead() {
    let (tx, rx) = memory_stream(0);
    let first = Task::waiting(tx.send(1));
    let mut second = Task::waiting(tx.send(2));
    let mut ahead = rx.read_ahead(8);
    assert_eq!(now(ahead.recv()), Ok(1));
    assert_eq!((ahead.taken_ahead(), first.finish()), (0, Ok(())));
    assert!(second.poll().is_pending(), "nobody has taken it");
    assert_eq!(now(ahead.recv()), Ok(2));
}

#[test]
fn as_a_stream_it_ends_with_the_stream() {
    let (tx, rx) = full(3);
    drop(tx);
    assert_eq!(now(rx.read_ahead(2).collect::<Vec<_>>()), [0, 1, 2]);
}
