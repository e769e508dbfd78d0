//! The ends as `Stream`, `Sink` and through the traits of object streams.

use super::super::{BroadcastRecvError, SlowReceiver};
use super::{Task, check, drain, now, stream};
use crate::stream::{ObjectReceive, ObjectSend, SendError};
use core::pin::Pin;
use futures::{Sink, SinkExt, StreamExt};

#[test]
fn a_stream_yields_items_and_gaps_and_ends() {
    let tx = stream(2, SlowReceiver::Lag);
    let rx = tx.subscribe();
    (0..3).for_each(|n| tx.try_send(n).unwrap());
    drop(tx);
    let told: Vec<_> = now(rx.collect());
    assert_eq!(told, [Err(BroadcastRecvError::Lagged { missed: 1 }), Ok(1), Ok(2)]);
}

#[test]
fn a_stream_that_was_cut_off_says_so_and_ends() {
    let tx = stream(1, SlowReceiver::Disconnect);
    let mut rx = tx.subscribe();
    tx.try_send(0).unwrap();
    assert!(tx.try_send(1).is_err());
    assert_eq!(now(rx.next()), Some(Err(BroadcastRecvError::Disconnected)));
    assert_eq!((now(rx.next()), now(rx.next())), (None, None));
}

#[test]
fn a_stream_that_waits_is_woken_and_gives_its_place_up_when_dropped() {
    let tx = stream(1, SlowReceiver::Wait);
    let (mut rx, mut other) = (tx.subscribe(), tx.subscribe());
    let next = Task::waiting(rx.next());
    assert!(Task::new(other.next()).poll().is_pending());
    assert_eq!(tx.statistics().waiting_receivers, 2);
    drop(other);
    assert_eq!(tx.statistics().waiting_receivers, 1);
    tx.try_send('a').unwrap();
    assert_eq!((next.wakes(), next.finish()), (1, Some(Ok('a'))));
}

#[test]
fn a_sink_sends_and_waits_for_room_when_it_is_flushed() {
    let mut tx = stream(1, SlowReceiver::Wait);
    let other = tx.clone();
    let mut rx = tx.subscribe();
    now(SinkExt::send(&mut tx, 0)).unwrap();
    let mut send = Task::waiting(SinkExt::send(&mut tx, 1));
    let behind = Task::waiting(other.send(2));
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!((send.wakes(), send.poll()), (1, core::task::Poll::Ready(Ok(()))));
    assert_eq!(drain(&mut rx), [1, 2]);
    assert_eq!(behind.finish(), Ok(()));
}

#[test]
fn what_a_sink_began_keeps_its_turn_also_when_nobody_flushes_it() {
    let mut tx = stream(1, SlowReceiver::Wait);
    let other = tx.clone();
    let mut rx = tx.subscribe();
    tx.try_send(0).unwrap();
    Pin::new(&mut tx).start_send(1).unwrap();
    let behind = Task::waiting(other.send(2));
    assert_eq!(drain(&mut rx), [0, 1, 2]);
    assert_eq!(now(SinkExt::<i32>::flush(&mut tx)), Ok(()));
    assert_eq!(behind.finish(), Ok(()));
}

#[test]
fn a_sink_that_is_dropped_withdraws_what_it_began() {
    let mut tx = stream(1, SlowReceiver::Wait);
    let other = tx.clone();
    let mut rx = tx.subscribe();
    tx.try_send(0).unwrap();
    Pin::new(&mut tx).start_send(1).unwrap();
    drop(tx);
    check(&other, &[&rx]);
    assert_eq!(drain(&mut rx), [0]);
}

#[test]
fn a_sink_hands_the_item_back() {
    let mut tx = stream(1, SlowReceiver::Wait);
    assert_eq!(now(SinkExt::send(&mut tx, 1)), Err(SendError::Broken(1)));
    let rx = tx.subscribe();
    tx.try_send(0).unwrap();
    Pin::new(&mut tx).start_send(2).unwrap();
    drop(rx);
    assert_eq!(now(SinkExt::<i32>::flush(&mut tx)), Err(SendError::Broken(2)));
    tx.close();
    assert_eq!(now(SinkExt::send(&mut tx, 3)), Err(SendError::Closed(3)));
    assert_eq!(now(SinkExt::<i32>::close(&mut tx)), Ok(()));
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
    let (tx, mut to) = (stream(3, SlowReceiver::Wait), stream(3, SlowReceiver::Wait));
    let (mut rx, mut end) = (tx.subscribe(), to.subscribe());
    (0..3).for_each(|n| tx.try_send(n).unwrap());
    drop(tx);
    assert_eq!(now(assert_send(pass_on(&mut rx, &mut to))), 3);
    assert_eq!(drain(&mut end), [0, 1, 2]);
}
