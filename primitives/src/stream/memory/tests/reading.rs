//! The reader of a stream for one: what it has in its hands is queued for everybody else.

use super::super::{
    Capacity, Reader, RecvError, SendStream, TryRecvError, TrySendError, memory_stream_for_one,
};
use super::{StdArc, Task, check, now};
use core::future::poll_fn;

/// A stream that is filled with 0, 1, 2 and so on.
fn full(capacity: usize) -> (SendStream<usize>, Reader<usize>) {
    let (tx, reader) = memory_stream_for_one(capacity);
    tx.try_send_many(&mut (0..capacity).collect()).unwrap();
    (tx, reader)
}

async fn next<T>(reader: &mut Reader<T>) -> Result<T, RecvError> {
    poll_fn(|cx| reader.poll_fill(cx)).await.map(|()| reader.first().unwrap())
}

#[test]
fn what_it_has_in_its_hands_takes_up_room_until_it_is_given_out() {
    let (tx, mut reader) = full(3);
    assert_eq!(now(next(&mut reader)), Ok(0));
    assert_eq!((tx.len(), tx.statistics().queued, reader.len()), (2, 2, 2));
    assert_eq!(tx.try_send(3), Ok(()));
    assert_eq!(tx.try_send(4), Err(TrySendError::Full(4)));
    assert_eq!(reader.next_at_hand(), Some(1));
    assert_eq!((tx.len(), tx.try_send(4)), (2, Ok(())));
    assert_eq!(tx.try_send(5), Err(TrySendError::Full(5)));
    check(&tx);
    let rest: Vec<usize> = std::iter::from_fn(|| reader.try_read().ok()).collect();
    assert_eq!((rest, tx.len()), (vec![2, 3, 4], 0));
}

#[test]
fn a_place_is_reserved_only_in_what_room_it_leaves() {
    let (tx, mut reader) = full(2);
    assert_eq!(now(next(&mut reader)), Ok(0));
    let permit = tx.try_reserve().unwrap();
    assert!(tx.try_reserve().is_err());
    assert_eq!(tx.try_send_many(&mut [7].into()), Err(TrySendError::Full(())));
    assert_eq!(reader.next_at_hand(), Some(1));
    assert_eq!((permit.send(2), tx.try_send(3)), (Ok(()), Ok(())));
    check(&tx);
}

#[test]
fn who_waits_is_let_in_before_a_newcomer_when_it_gives_room_back() {
    let (tx, mut reader) = full(2);
    assert_eq!(now(next(&mut reader)), Ok(0));
    tx.try_send(2).unwrap();
    let waiting = Task::waiting(tx.send(3));
    assert_eq!(reader.next_at_hand(), Some(1));
    assert_eq!(tx.try_send(4), Err(TrySendError::Full(4)));
    assert_eq!((waiting.wakes(), tx.len()), (0, 1));
    reader.give_back();
    assert_eq!((waiting.wakes(), waiting.finish()), (1, Ok(())));
    check(&tx);
    assert_eq!([now(next(&mut reader)), now(next(&mut reader))], [Ok(2), Ok(3)]);
}

#[test]
fn who_waits_is_let_in_when_it_comes_back_for_more() {
    let (tx, mut reader) = full(1);
    let waiting = Task::waiting(tx.send(1));
    assert_eq!(now(next(&mut reader)), Ok(0));
    assert_eq!((waiting.wakes(), waiting.finish()), (1, Ok(())));
    assert_eq!(reader.try_read(), Ok(1));
    assert_eq!(reader.try_read(), Err(TryRecvError::Empty));
}

#[test]
fn one_that_waits_is_woken_once_and_keeps_its_place_from_one_wait_to_the_next() {
    let (tx, mut reader) = memory_stream_for_one(4);
    for number in 0..3 {
        let waiting = Task::waiting(next(&mut reader));
        assert_eq!(tx.statistics().waiting_receivers, 1);
        tx.try_send(number).unwrap();
        tx.try_send(number).unwrap();
        assert_eq!((waiting.wakes(), waiting.finish()), (1, Ok(number)));
        assert_eq!(reader.next_at_hand(), Some(number));
        check(&tx);
    }
}

#[test]
fn one_that_leaves_is_not_woken_and_its_waker_is_dropped() {
    let (tx, mut reader) = memory_stream_for_one(4);
    let waiting = Task::waiting(next(&mut reader));
    let wakes = StdArc::clone(&waiting.wakes);
    drop(waiting);
    assert_eq!(StdArc::strong_count(&wakes), 2);
    reader.leave();
    assert_eq!((StdArc::strong_count(&wakes), tx.statistics().waiting_receivers), (1, 0));
    tx.try_send(1).unwrap();
    assert_eq!((wakes.count(), now(next(&mut reader))), (0, Ok(1)));
}

#[test]
fn the_end_is_told_after_the_last_item_and_wakes_it() {
    let (tx, mut reader) = full(2);
    let last = tx.clone();
    drop(tx);
    assert_eq!([now(next(&mut reader)), now(next(&mut reader))], [Ok(0), Ok(1)]);
    let waiting = Task::waiting(next(&mut reader));
    drop(last);
    assert_eq!((waiting.wakes(), waiting.finish()), (1, Err(RecvError::EndOfStream)));
}

#[test]
fn closed_it_gives_out_what_it_has_and_can_be_opened_again() {
    let (tx, mut reader) = full(3);
    assert_eq!(now(next(&mut reader)), Ok(0));
    reader.close();
    assert!(tx.try_send(3).is_err());
    let rest: Vec<usize> = std::iter::from_fn(|| reader.try_read().ok()).collect();
    assert_eq!((rest, reader.try_read()), (vec![1, 2], Err(TryRecvError::EndOfStream)));
    reader.reopen();
    assert_eq!((tx.try_send(4), now(next(&mut reader))), (Ok(()), Ok(4)));
}

#[test]
fn dropped_it_drops_what_it_has_and_lets_the_senders_go() {
    let (tx, mut reader) = memory_stream_for_one(2);
    let item = StdArc::new(());
    tx.try_send_many(&mut [(), ()].map(|()| StdArc::clone(&item)).into()).unwrap();
    assert!(now(next(&mut reader)).is_ok());
    tx.try_send(StdArc::clone(&item)).unwrap();
    let waiting = Task::waiting(tx.send(StdArc::clone(&item)));
    drop(reader);
    assert!(waiting.finish().is_err());
    assert!(tx.is_closed());
    assert_eq!(StdArc::strong_count(&item), 1);
}

#[test]
fn item_by_item_the_oldest_stays_where_it_can_be_displaced() {
    let (tx, reader) = full(2);
    let mut reader = reader.one_by_one();
    assert_eq!(now(next(&mut reader)), Ok(0));
    assert_eq!((tx.force_send(2), tx.force_send(3)), (Ok(None), Ok(Some(1))));
    assert_eq!((reader.next_at_hand(), now(next(&mut reader))), (None, Ok(2)));
    check(&tx);
}

#[test]
fn at_a_rendezvous_one_that_waits_is_room_for_one() {
    let (tx, mut reader) = memory_stream_for_one(0);
    assert_eq!(tx.try_send(0), Err(TrySendError::Full(0)));
    let waiting = Task::waiting(next(&mut reader));
    assert_eq!((tx.try_send(1), tx.try_send(2)), (Ok(()), Err(TrySendError::Full(2))));
    assert_eq!((waiting.wakes(), waiting.finish()), (1, Ok(1)));
    let sending = Task::waiting(tx.send(3));
    assert_eq!(now(next(&mut reader)), Ok(3));
    assert_eq!((sending.wakes(), sending.finish()), (1, Ok(())));
    check(&tx);
}

#[test]
fn at_a_rendezvous_a_permit_for_one_that_waits_wakes_it_when_it_is_used() {
    let (tx, mut reader) = memory_stream_for_one(0);
    let reserving = Task::waiting(tx.reserve());
    let waiting = Task::waiting(next(&mut reader));
    let permit = reserving.finish().unwrap();
    assert_eq!((permit.send(1), waiting.wakes()), (Ok(()), 1));
    assert_eq!(waiting.finish(), Ok(1));
}

#[test]
fn a_stream_without_limit_is_read_in_order() {
    let (tx, mut reader) = memory_stream_for_one(Capacity::Unbounded);
    tx.try_send_many(&mut (0..100).collect()).unwrap();
    let first: Vec<usize> = (0..50).map(|_| reader.try_read().unwrap()).collect();
    tx.try_send(100).unwrap();
    let rest: Vec<usize> = std::iter::from_fn(|| reader.try_read().ok()).collect();
    assert_eq!([first, rest].concat(), (0..=100).collect::<Vec<_>>());
}
