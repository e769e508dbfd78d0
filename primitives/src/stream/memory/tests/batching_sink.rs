//! The sink that sends in batches: when it sends, and what it keeps.

use super::super::{RecvError, SendError, TrySendError, memory_stream};
use super::{Task, assert_nobody_waits, check, now};
use core::pin::Pin;
use futures::{Sink, SinkExt, StreamExt, stream};

#[test]
fn items_are_queued_up_to_the_limit_and_sent_together() {
    let (tx, rx) = memory_stream(8);
    let mut receive = Task::waiting(rx.recv());
    let mut batches = tx.into_batches(3);
    for n in 0..3 {
        now(batches.feed(n)).unwrap();
    }
    assert_eq!((rx.len(), receive.wakes()), (0, 0));
    now(batches.feed(3)).unwrap();
    assert_eq!((rx.len(), receive.wakes()), (3, 1));
    assert_eq!(receive.poll(), core::task::Poll::Ready(Ok(0)));
    now(batches.flush()).unwrap();
    assert_eq!(rx.len(), 3);
}

#[test]
fn a_limit_of_nothing_counts_as_one() {
    let (tx, rx) = memory_stream(8);
    let mut batches = tx.into_batches(0);
    now(batches.feed(1)).unwrap();
    now(batches.feed(2)).unwrap();
    assert_eq!(rx.len(), 1);
}

#[test]
fn a_send_is_a_batch_of_one_and_a_whole_stream_arrives_in_order() {
    let (tx, rx) = memory_stream(16);
    let mut batches = tx.into_batches(4);
    now(batches.send(0)).unwrap();
    assert_eq!(rx.len(), 1);
    now(batches.send_all(&mut stream::iter((1..10).map(Ok)))).unwrap();
    assert_eq!(rx.len(), 10);
    now(batches.close()).unwrap();
    assert_eq!(now(rx.collect::<Vec<_>>()), (0..10).collect::<Vec<_>>());
}

#[test]
fn closing_sends_what_is_queued_and_closes_this_end_alone() {
    let (tx, rx) = memory_stream(1);
    let other = tx.clone();
    let mut batches = tx.into_batches(4);
    now(batches.feed(1)).unwrap();
    now(batches.feed(2)).unwrap();
    let mut close = Task::waiting(batches.close());
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(close.wakes(), 1);
    assert_eq!(close.poll(), core::task::Poll::Ready(Ok(())));
    drop(close);
    now(batches.feed(3)).unwrap();
    assert_eq!(now(batches.flush()), Err(SendError::Closed(())));
    assert_eq!(batches.into_parts().1, [3]);
    assert_eq!(rx.try_recv(), Ok(2));
    other.try_send(4).unwrap();
    drop(other);
    assert_eq!((now(rx.recv()), now(rx.recv())), (Ok(4), Err(RecvError::EndOfStream)));
}

#[test]
fn a_dropped_flush_leaves_in_the_queue_what_was_not_sent() {
    let (tx, rx) = memory_stream(2);
    let mut batches = tx.into_batches(4);
    for n in 0..4 {
        now(batches.feed(n)).unwrap();
    }
    drop(Task::waiting(batches.flush()));
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(0), Ok(1)));
    now(batches.flush()).unwrap();
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(2), Ok(3)));
    let (tx, queue) = batches.into_parts();
    check(&tx);
    assert!(queue.is_empty());
}

#[test]
fn an_item_that_waits_for_a_full_queue_is_still_its_owners() {
    let (tx, rx) = memory_stream(1);
    let mut batches = tx.into_batches(2);
    for n in 0..2 {
        now(batches.feed(n)).unwrap();
    }
    drop(Task::waiting(batches.feed(2)));
    assert_eq!(rx.try_recv(), Ok(0));
    let (_tx, queue) = batches.into_parts();
    assert_eq!(queue, [1], "a feed that is dropped before there is room has not given its item");
}

#[test]
fn what_was_refused_stays_queued_and_comes_back() {
    for closes in [false, true] {
        let (tx, rx) = memory_stream(1);
        let mut batches = tx.into_batches(4);
        (0..3).for_each(|n| now(batches.feed(n)).unwrap());
        let flush = Task::waiting(batches.flush());
        let expected = if closes {
            rx.close();
            SendError::Closed(())
        } else {
            drop(rx);
            SendError::Broken(())
        };
        assert_eq!(flush.wakes(), 1);
        assert_eq!(flush.finish(), Err(expected));
        assert_eq!(now(batches.close()), Err(expected));
        assert_eq!(batches.into_parts().1, [1, 2]);
    }
}

#[test]
fn a_sink_that_waits_gives_up_its_turn_when_it_is_dropped_or_taken_apart() {
    for takes_apart in [false, true] {
        let (tx, rx) = memory_stream(1);
        let other = tx.clone();
        other.try_send(0).unwrap();
        let mut batches = tx.into_batches(4);
        now(batches.feed(1)).unwrap();
        drop(Task::waiting(batches.flush()));
        let send = Task::waiting(other.send(2));
        let _parts = takes_apart.then(|| batches.into_parts());
        check(&other);
        assert_eq!(rx.try_recv(), Ok(0));
        assert_eq!(send.finish(), Ok(()));
        assert_nobody_waits(&rx);
    }
}

#[test]
fn a_sink_that_is_not_asked_for_room_queues_all_the_same() {
    let (tx, _rx) = memory_stream(1);
    let mut batches = tx.into_batches(1);
    (0..3).for_each(|n| Pin::new(&mut batches).start_send(n).unwrap());
    assert_eq!(batches.into_parts().1, [0, 1, 2]);
}

#[test]
fn a_place_that_was_granted_to_a_sink_is_given_back_with_it() {
    let (tx, rx) = memory_stream(1);
    let other = tx.clone();
    other.try_send(0).unwrap();
    let mut batches = tx.into_batches(4);
    now(batches.feed(1)).unwrap();
    drop(Task::waiting(batches.flush()));
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!(other.try_send(2), Err(TrySendError::Full(2)), "the place is the sink's");
    drop(batches);
    other.try_send(2).unwrap();
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
fn a_sink_at_a_rendezvous_sends_to_those_who_wait() {
    let (tx, rx) = memory_stream(0);
    let mut batches = tx.into_batches(4);
    now(batches.feed('a')).unwrap();
    now(batches.feed('b')).unwrap();
    let (one, two) = (Task::waiting(rx.recv()), Task::waiting(rx.recv()));
    now(batches.flush()).unwrap();
    assert_eq!((one.finish(), two.finish()), (Ok('a'), Ok('b')));
}

#[test]
fn a_batching_sink_shows_itself_without_asking_it_of_the_item() {
    struct Opaque;
    let (tx, _rx) = memory_stream(1);
    let mut batches = tx.into_batches(4);
    assert!(now(batches.feed(Opaque)).is_ok());
    let shown = format!("{batches:?}");
    assert!(shown.starts_with("SendBatches { queued: 1, limit: 4, stream: SendStream {"), "{shown}");
}
