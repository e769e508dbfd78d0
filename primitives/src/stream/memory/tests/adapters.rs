//! The ends as `Stream`, `Sink` and through the traits of object streams.

use super::super::{ReceiveStream, RecvError, SendError, TrySendError, memory_stream};
use super::{Task, assert_nobody_waits, check, now};
use crate::stream::{ObjectReceive, ObjectSend};
use core::future::poll_fn;
use core::pin::Pin;
use core::task::Poll;
use futures::{Sink, SinkExt, StreamExt};

#[test]
fn a_stream_yields_items_and_ends() {
    let (tx, mut rx) = memory_stream(2);
    tx.try_send(1).unwrap();
    tx.try_send(2).unwrap();
    drop(tx);
    assert_eq!(now(rx.by_ref().collect::<Vec<_>>()), [1, 2]);
    assert_eq!(now(rx.next()), None);
}

#[test]
fn a_stream_that_waits_keeps_its_place_between_polls_and_gives_it_up_when_dropped() {
    let (tx, mut rx) = memory_stream(1);
    let other = rx.clone();
    drop(Task::waiting(rx.next()));
    assert_eq!(other.statistics().waiting_receivers, 1);
    let next = Task::waiting(other.recv());
    tx.try_send('a').unwrap();
    assert_eq!(next.wakes(), 0, "the stream waits longer");
    drop(rx);
    assert_eq!(next.wakes(), 1);
    assert_eq!(next.finish(), Ok('a'));
}

#[test]
fn what_is_awaited_after_a_dropped_next_goes_on_in_its_place() {
    let (tx, mut rx) = memory_stream(1);
    let other = rx.clone();
    drop(Task::waiting(rx.next()));
    let later = Task::waiting(other.recv());
    tx.try_send('a').unwrap();
    assert_eq!((later.wakes(), now(rx.recv())), (0, Ok('a')));

    drop(Task::waiting(rx.next()));
    let mut receive = Task::waiting(rx.recv());
    check(&tx);
    tx.try_send('b').unwrap();
    assert_eq!((later.wakes(), receive.wakes()), (1, 0), "it stands behind `later` now");
    assert_eq!(later.finish(), Ok('b'));
    tx.try_send('c').unwrap();
    assert_eq!((receive.wakes(), receive.poll()), (1, Poll::Ready(Ok('c'))));
}

#[test]
fn no_way_to_receive_stands_behind_a_next_of_the_same_end_that_was_dropped() {
    let (tx, mut rx) = memory_stream(1);
    let waited = |rx: &mut ReceiveStream<char>, item| {
        drop(Task::waiting(rx.next()));
        tx.try_send(item).unwrap();
    };
    waited(&mut rx, 'a');
    assert_eq!(rx.try_recv(), Ok('a'));
    let mut items = Vec::new();
    waited(&mut rx, 'b');
    assert_eq!(now(rx.recv_many(&mut items, 2)), Ok(1));
    waited(&mut rx, 'c');
    assert_eq!(rx.try_recv_many(&mut items, 2), Ok(1));
    assert_eq!(items, ['b', 'c']);
    waited(&mut rx, 'd');
    assert_eq!(now(rx.batches(2).next()), Some(vec!['d']));
    waited(&mut rx, 'e');
    assert_eq!(now(rx.next()), Some('e'));
    assert_nobody_waits(&rx);
}

#[test]
fn a_refusal_of_a_next_that_was_dropped_is_not_handed_on() {
    let (tx, mut rx) = memory_stream(1);
    drop(Task::waiting(rx.next()));
    rx.close();
    rx.reopen();
    let receive = Task::waiting(rx.recv());
    check(&tx);
    tx.try_send('a').unwrap();
    assert_eq!(receive.finish(), Ok('a'));
}

#[test]
fn a_sink_holds_a_place_until_an_item_is_put_into_it() {
    let (mut tx, rx) = memory_stream(1);
    let other = tx.clone();
    now(poll_fn(|cx| Pin::new(&mut tx).poll_ready(cx))).unwrap();
    assert_eq!(other.try_send(0), Err(TrySendError::Full(0)));
    Pin::new(&mut tx).start_send(1).unwrap();
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn a_dropped_sink_gives_its_place_back() {
    let (mut tx, rx) = memory_stream(1);
    let other = tx.clone();
    now(poll_fn(|cx| Pin::new(&mut tx).poll_ready(cx))).unwrap();
    let send = Task::waiting(other.send(1));
    drop(tx);
    assert_eq!(send.finish(), Ok(()));
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn a_sink_that_waits_gives_up_its_turn_when_dropped() {
    let (mut tx, rx) = memory_stream(1);
    let other = tx.clone();
    tx.try_send(0).unwrap();
    drop(Task::waiting(poll_fn(|cx| Pin::new(&mut tx).poll_ready(cx))));
    let send = Task::waiting(other.send(1));
    drop(tx);
    check(&other);
    rx.try_recv().unwrap();
    assert_eq!(send.finish(), Ok(()));
    assert_nobody_waits(&rx);
}

#[test]
fn a_sink_sends_and_closes_its_own_end() {
    let (mut tx, rx) = memory_stream(2);
    let other = tx.clone();
    now(tx.send_all(&mut futures::stream::iter([Ok(1), Ok(2)]))).unwrap();
    now(SinkExt::close(&mut tx)).unwrap();
    assert_eq!(now(SinkExt::send(&mut tx, 3)), Err(SendError::Closed(None)));
    drop(other);
    assert_eq!((rx.try_recv(), rx.try_recv(), now(rx.recv())), (Ok(1), Ok(2), Err(RecvError::EndOfStream)));
}

#[test]
fn a_sink_hands_the_item_back_when_the_receivers_left() {
    let (mut tx, rx) = memory_stream(1);
    now(poll_fn(|cx| Pin::new(&mut tx).poll_ready(cx))).unwrap();
    drop(rx);
    assert_eq!(Pin::new(&mut tx).start_send(1), Err(SendError::Broken(Some(1))));
    assert_eq!(now(SinkExt::send(&mut tx, 2)), Err(SendError::Broken(None)));
}

#[test]
fn a_sink_at_a_rendezvous_is_ready_when_a_receiver_waits() {
    let (mut tx, rx) = memory_stream(0);
    let mut send = Task::waiting(SinkExt::send(&mut tx, 'a'));
    let receive = Task::waiting(rx.recv());
    assert_eq!(send.wakes(), 1);
    assert_eq!(send.poll(), core::task::Poll::Ready(Ok(())));
    assert_eq!(receive.finish(), Ok('a'));
}

#[test]
fn generic_code_sends_and_receives_through_the_traits() {
    async fn pass_on<R: ObjectReceive<u8>, S: ObjectSend<u8>>(from: &mut R, to: &mut S) -> usize {
        let mut passed = 0;
        while let Ok(Some(item)) = from.recv().await {
            to.send(item).await.unwrap();
            passed += 1;
        }
        passed
    }
    fn assert_send<F: Send>(future: F) -> F {
        future
    }
    let ((tx, mut rx), (mut to, end)) = (memory_stream(3), memory_stream(3));
    for n in 0..3 {
        tx.try_send(n).unwrap();
    }
    drop(tx);
    assert_eq!(now(assert_send(pass_on(&mut rx, &mut to))), 3);
    assert_eq!(end.len(), 3);
    end.close_end();
    assert_eq!(now(ObjectReceive::recv(&mut { end })), Err(RecvError::Closed));
}
