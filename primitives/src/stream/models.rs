//! The races of streams that are made of others, one a model.

use super::{memory_stream, merge, zip};
use crate::loom::{Arc, Bounds, block_on, model, thread};
use futures::{FutureExt, StreamExt};

/// A first wait for an item is dropped, so that the next one has another waker.
#[test]
fn wakes_of_two_sources_race_the_polls_of_their_merge() {
    model(Bounds::preemptions(3), || {
        let ((tx, rx), (other_tx, other)) = (memory_stream(1), memory_stream(1));
        let sending = thread::spawn(move || tx.try_send(Arc::new(1)).unwrap());
        let other_sending = thread::spawn(move || other_tx.try_send(Arc::new(2)).unwrap());
        let mut merged = merge([rx, other]);
        let first = merged.next().now_or_never().flatten();
        let rest: Vec<_> = block_on(merged.collect());
        assert_eq!(first.iter().chain(&rest).map(|item| **item).sum::<u32>(), 3);
        sending.join().unwrap();
        other_sending.join().unwrap();
    });
}

#[test]
fn two_halves_of_a_pair_race() {
    model(Bounds::preemptions(3), || {
        let ((tx, rx), (other_tx, other)) = (memory_stream(1), memory_stream(1));
        let sending = thread::spawn(move || tx.try_send(Arc::new(1)).unwrap());
        let other_sending = thread::spawn(move || other_tx.try_send(Arc::new(2)).unwrap());
        let pairs: Vec<_> = block_on(zip(rx, other).collect());
        assert_eq!(pairs.iter().map(|(one, two)| (**one, **two)).collect::<Vec<_>>(), [(1, 2)]);
        sending.join().unwrap();
        other_sending.join().unwrap();
    });
}
