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
