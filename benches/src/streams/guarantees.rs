//! What the fastest peers give up, one situation a test: ours keeps it, theirs does not.
//!
//! Should a peer begin to keep it, its half fails.

use arbour_primitives::stream::memory_stream;
use futures::task::noop_waker_ref;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

/// Polls once.
fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(noop_waker_ref()))
}

#[test]
fn an_item_survives_the_receive_that_was_woken_for_it() {
    let (tx, rx) = memory_stream(1);
    let mut receive = Box::pin(rx.recv());
    assert!(poll(receive.as_mut()).is_pending());
    tx.try_send(7).unwrap();
    drop(receive);
    assert_eq!(rx.try_recv(), Ok(7));
}

#[test]
fn at_kanal_it_is_lost() {
    let (tx, rx) = kanal::bounded_async(1);
    let mut receive = Box::pin(rx.recv());
    assert!(poll(receive.as_mut()).is_pending());
    assert!(tx.try_send(7).unwrap());
    drop(receive);
    assert_eq!(rx.try_recv().unwrap(), None);
}

#[test]
fn a_rendezvous_is_over_when_the_item_was_taken() {
    let (tx, rx) = memory_stream(0);
    let (mut receive, mut send) = (pin!(rx.recv()), pin!(tx.send(7)));
    assert!(poll(receive.as_mut()).is_pending());
    assert!(poll(send.as_mut()).is_pending());
    assert_eq!(poll(receive.as_mut()), Poll::Ready(Ok(7)));
    assert_eq!(poll(send.as_mut()), Poll::Ready(Ok(())));
}

#[test]
fn at_kanal_and_flume_it_is_over_when_a_receiver_was_woken() {
    let (tx, rx) = kanal::bounded_async(0);
    let mut receive = pin!(rx.recv());
    assert!(poll(receive.as_mut()).is_pending());
    assert!(poll(pin!(tx.send(7)).as_mut()).is_ready(), "the receiver has not run");

    let (tx, rx) = flume::bounded(0);
    let mut receive = pin!(rx.recv_async());
    assert!(poll(receive.as_mut()).is_pending());
    assert!(poll(pin!(tx.send_async(7)).as_mut()).is_ready(), "the receiver has not run");
}

#[test]
fn nobody_overtakes_a_receive_that_was_woken() {
    let (tx, rx) = memory_stream(1);
    let mut receive = pin!(rx.recv());
    assert!(poll(receive.as_mut()).is_pending());
    tx.try_send(7).unwrap();
    assert!(rx.try_recv().is_err(), "the item belongs to whoever was woken for it");
    assert_eq!(poll(receive.as_mut()), Poll::Ready(Ok(7)));
}

#[test]
fn at_flume_crossfire_and_async_channel_a_newcomer_does() {
    let (tx, rx) = flume::bounded(1);
    let mut receive = pin!(rx.recv_async());
    assert!(poll(receive.as_mut()).is_pending());
    tx.try_send(7).unwrap();
    assert!(rx.try_recv().is_ok());

    let (tx, rx) = crossfire::mpmc::bounded_async(1);
    let mut receive = pin!(rx.recv());
    assert!(poll(receive.as_mut()).is_pending());
    tx.try_send(7).unwrap();
    assert!(rx.try_recv().is_ok());

    let (tx, rx) = async_channel::bounded(1);
    let mut receive = pin!(rx.recv());
    assert!(poll(receive.as_mut()).is_pending());
    tx.try_send(7).unwrap();
    assert!(rx.try_recv().is_ok());
}

#[test]
fn nobody_overtakes_a_send_that_was_let_in() {
    let (tx, rx) = memory_stream(1);
    tx.try_send(1).unwrap();
    let mut send = pin!(tx.send(2));
    assert!(poll(send.as_mut()).is_pending());
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(tx.try_send(3).is_err(), "the room belongs to whoever has waited for it");
    assert_eq!(poll(send.as_mut()), Poll::Ready(Ok(())));
}

#[test]
fn at_tachyonix_crossfire_and_async_channel_a_newcomer_does() {
    let (tx, mut rx) = tachyonix::channel(1);
    tx.try_send(1).unwrap();
    let mut send = pin!(tx.send(2));
    assert!(poll(send.as_mut()).is_pending());
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(tx.try_send(3).is_ok());

    let (tx, rx) = crossfire::mpmc::bounded_async(1);
    tx.try_send(1).unwrap();
    let mut send = pin!(tx.send(2));
    assert!(poll(send.as_mut()).is_pending());
    assert_eq!(rx.try_recv(), Ok(1));
    let mut later = pin!(tx.send(3));
    assert!(poll(later.as_mut()).is_ready(), "it came after the other");

    let (tx, rx) = async_channel::bounded(1);
    tx.try_send(1).unwrap();
    let mut send = pin!(tx.send(2));
    assert!(poll(send.as_mut()).is_pending());
    assert!(rx.try_recv().is_ok());
    assert!(tx.try_send(3).is_ok());
}

/// A loop of awaits that are always ready gives its thread back: ours in a scope, tokio's in its tasks.
#[test]
fn a_loop_of_ready_receives_yields() {
    let (tx, rx) = memory_stream(1_000);
    (0..1_000).for_each(|item| tx.try_send(item).unwrap());
    let mut scope = pin!(arbour::CancelScope::new().run(async { while rx.recv().await.is_ok() {} }));
    assert!(poll(scope.as_mut()).is_pending());
    assert!(tx.len() > 800, "it took what one poll may");
}

#[test]
fn at_kanal_flume_async_channel_and_tachyonix_it_does_not() {
    let (tx, rx) = kanal::unbounded_async();
    (0..1_000).for_each(|item| assert!(tx.try_send(item).unwrap()));
    assert!(poll(pin!(async { while rx.recv().await.is_ok() {} }).as_mut()).is_pending());
    assert_eq!(rx.len(), 0);

    let (tx, rx) = flume::unbounded();
    (0..1_000).for_each(|item| tx.send(item).unwrap());
    assert!(poll(pin!(async { while rx.recv_async().await.is_ok() {} }).as_mut()).is_pending());
    assert_eq!(rx.len(), 0);

    let (tx, rx) = async_channel::unbounded();
    (0..1_000).for_each(|item| tx.try_send(item).unwrap());
    assert!(poll(pin!(async { while rx.recv().await.is_ok() {} }).as_mut()).is_pending());
    assert_eq!(rx.len(), 0);

    let (tx, mut rx) = tachyonix::channel(1_000);
    (0..1_000).for_each(|item| tx.try_send(item).unwrap());
    assert!(poll(pin!(async { while rx.recv().await.is_ok() {} }).as_mut()).is_pending());
    assert!(rx.try_recv().is_err());
}
