//! Races of the reader of a stream for one.

use super::super::{Reader, memory_stream_for_one};
use super::{Item, SendStream, block_on, item};
use crate::loom::{Bounds, model, thread};
use core::future::poll_fn;
use core::task::Context;
use futures::task::noop_waker_ref;

/// A stream of two, filled with 1 and 2, of which the reader has given out 1 and has 2 in its hands; 3 is queued.
fn read_one() -> (SendStream<Item>, Reader<Item>) {
    let (tx, mut reader) = memory_stream_for_one(2);
    tx.try_send_many(&mut [1, 2].map(item).into()).unwrap();
    assert_eq!(next(&mut reader), Some(1));
    tx.try_send(item(3)).unwrap();
    (tx, reader)
}

fn next(reader: &mut Reader<Item>) -> Option<u32> {
    block_on(poll_fn(|cx| reader.poll_fill(cx))).ok().and_then(|()| reader.first()).map(|item| *item)
}

#[test]
fn reader_races_send_and_the_end() {
    model(Bounds::preemptions(3), || {
        let (tx, mut reader) = memory_stream_for_one(2);
        let sending = thread::spawn(move || {
            for number in 1..=3 {
                block_on(tx.send(item(number))).unwrap();
            }
        });
        for number in 1..=3 {
            let at_hand = reader.next_at_hand().map(|item| *item);
            assert_eq!(at_hand.or_else(|| next(&mut reader)), Some(number));
        }
        sending.join().unwrap();
        assert_eq!(next(&mut reader), None);
    });
}

/// Whoever finds no room although the reader is making some is let in when the reader gives it back.
#[test]
fn room_that_the_reader_makes_races_a_sender_that_waits_for_it() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, mut reader) = read_one();
        let sending = thread::spawn(move || block_on(tx.send(item(4))).unwrap());
        assert_eq!(reader.next_at_hand().map(|item| *item), Some(2));
        reader.give_back();
        sending.join().unwrap();
        assert_eq!([next(&mut reader), next(&mut reader), next(&mut reader)], [Some(3), Some(4), None]);
    });
}

#[test]
fn newcomer_races_the_room_that_the_reader_makes_for_who_waits() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, mut reader) = read_one();
        let waiting = tx.clone();
        let mut waiting = Box::pin(waiting.send(item(4)));
        assert!(waiting.as_mut().poll(&mut Context::from_waker(noop_waker_ref())).is_pending());
        let coming = thread::spawn(move || tx.try_send(item(5)).is_ok());
        assert_eq!(reader.next_at_hand().map(|item| *item), Some(2));
        reader.give_back();
        assert!(!coming.join().unwrap(), "there was room for one");
        block_on(waiting).unwrap();
        assert_eq!([next(&mut reader), next(&mut reader)], [Some(3), Some(4)]);
    });
}

#[test]
fn replaced_waker_of_the_reader_races_wake() {
    model(Bounds::EXHAUSTIVE, || {
        let (tx, mut reader) = memory_stream_for_one(1);
        let sending = thread::spawn(move || block_on(tx.send(item(1))).unwrap());
        let polled = reader.poll_fill(&mut Context::from_waker(noop_waker_ref()));
        let item = if polled.is_pending() { next(&mut reader) } else { reader.first().map(|item| *item) };
        assert_eq!(item, Some(1));
        sending.join().unwrap();
    });
}
