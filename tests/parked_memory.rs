//! What it costs to wait at a memory stream: counted in bytes, so these tests have a process to themselves.
#![forbid(unsafe_code)]

use arbour::stream::{Capacity, memory_stream};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Waker};

#[global_allocator]
static ALLOCATED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Everything is counted that is allocated meanwhile, by whatever thread.
static ALONE: Mutex<()> = Mutex::new(());

const WAITERS: usize = 100_000;

/// Places are 64 bytes for a receiver and, with an item of eight bytes, 88 for a sender; they stand in a list
/// that doubles, so that a hundred thousand have room for 131,072.
const PLACE_OF_A_RECEIVER: usize = 84;
const PLACE_OF_A_SENDER: usize = 116;

/// What is left of a crowd that has gone: the first few places of each list.
const KEPT: usize = 16 << 10;

fn held() -> usize {
    let stats = ALLOCATED.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// Parks so many of these futures and asserts what each costs in the stream and by itself, and that the
/// stream holds nothing for them when they have gone.
#[track_caller]
fn assert_cost<F: Future + Unpin>(futures: impl Iterator<Item = F>, place: usize, size: usize) {
    let mut parked: Vec<F> = futures.collect();
    assert_eq!(parked.len(), WAITERS);
    let before = held();
    for future in &mut parked {
        assert!(Pin::new(future).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    let each = held().saturating_sub(before).div_ceil(WAITERS);
    assert!(each <= place, "a place takes {each} bytes, not {place}");
    let future = size_of_val(&parked[0]);
    assert!(future <= size, "a future takes {future} bytes, not {size}");
    // The list of the futures goes too: it is no part of the stream.
    let list = WAITERS * future;
    drop(parked);
    let left = held().saturating_sub(before.saturating_sub(list));
    assert!(left <= KEPT, "{left} bytes are held for waiters that have gone");
}

fn alone(test: impl FnOnce()) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    test();
}

/// A stream in which nobody can send without waiting.
fn full(capacity: usize) -> (arbour::stream::SendStream<u64>, arbour::stream::ReceiveStream<u64>) {
    let (tx, rx) = memory_stream(capacity);
    (0..capacity).for_each(|_| tx.try_send(0).unwrap());
    (tx, rx)
}

#[test]
fn a_receiver_that_waits_costs_a_place_and_a_small_future() {
    alone(|| {
        for capacity in [0.into(), 1.into(), Capacity::Unbounded] {
            let (_tx, rx) = memory_stream::<u64>(capacity);
            assert_cost((0..WAITERS).map(|_| rx.recv()), PLACE_OF_A_RECEIVER, 48);
        }
    });
}

#[test]
fn a_receiver_of_many_costs_the_same_place() {
    alone(|| {
        let (_tx, rx) = memory_stream::<u64>(1);
        let mut into = vec![Vec::new(); WAITERS];
        assert_cost(into.iter_mut().map(|into| rx.recv_many(into, 8)), PLACE_OF_A_RECEIVER, 64);
    });
}

#[test]
fn a_sender_that_waits_costs_a_place_with_its_item_and_a_small_future() {
    alone(|| {
        for capacity in [0, 1] {
            let (tx, _rx) = full(capacity);
            assert_cost((0..WAITERS as u64).map(|item| tx.send(item)), PLACE_OF_A_SENDER, 56);
        }
    });
}

#[test]
fn a_reservation_that_waits_costs_the_same_place() {
    alone(|| {
        for capacity in [0, 1] {
            let (tx, _rx) = full(capacity);
            assert_cost((0..WAITERS).map(|_| tx.reserve()), PLACE_OF_A_SENDER, 48);
        }
    });
}

#[test]
fn a_sender_of_many_costs_the_same_place_however_many_it_has() {
    alone(|| {
        let (tx, _rx) = full(1);
        let mut batches = vec![VecDeque::from([1, 2, 3, 4]); WAITERS];
        assert_cost(batches.iter_mut().map(|batch| tx.send_many(batch)), PLACE_OF_A_SENDER, 48);
    });
}
