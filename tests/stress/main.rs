//! A memory stream under load: sixteen producers and sixteen consumers on threads, who drop and cancel what they
//! await, close and clone their ends, come and go; each item is received once, handed back, or dropped with
//! its send, and nobody gets two items of one producer in the wrong order.
//!
//! `cargo xtask stress` sends ten million items through each stream, in a build with optimisations; a test build,
//! which is slower by an order of magnitude, sends a hundredth of them.
#![forbid(unsafe_code)]

mod attempts;
mod consumer;
mod course;
mod ledger;
mod meddler;
mod producer;
#[path = "../scale/random.rs"]
mod random;

use arbour::stream::Capacity;
use course::Course;
use meddler::Fault;

const ITEMS: usize = if cfg!(debug_assertions) { 100_000 } else { 10_000_000 };

/// Sends all items; most have to be received and some not, and awaits cut short, for it to mean something.
#[track_caller]
fn stress(capacity: Capacity) {
    let course = Course { capacity, items: ITEMS, seed: 4, fault: None };
    let (tally, (dropped, cancelled)) = course.run().unwrap_or_else(|wrong| panic!("{wrong}"));
    assert_eq!(tally.all(), ITEMS);
    assert!(tally.received > ITEMS / 2, "most are received: {tally:?}");
    assert!(tally.withdrawn > ITEMS / 1000 && tally.returned > ITEMS / 1000, "some are not: {tally:?}");
    assert!(
        dropped > ITEMS / 1000 && cancelled > ITEMS / 10_000,
        "awaits are cut short: {dropped} dropped, {cancelled} cancelled"
    );
}

#[test]
fn a_rendezvous_gives_every_item_to_one_receiver_or_back() {
    stress(0.into());
}

#[test]
fn room_for_one_gives_every_item_to_one_receiver_or_back() {
    stress(1.into());
}

#[test]
fn room_for_sixteen_gives_every_item_to_one_receiver_or_back() {
    stress(16.into());
}

#[test]
fn room_for_a_hundred_and_twenty_eight_gives_every_item_to_one_receiver_or_back() {
    stress(128.into());
}

#[test]
fn a_stream_without_bounds_gives_every_item_to_one_receiver_or_back() {
    stress(Capacity::Unbounded);
}

/// What is found when one item among thousands meets this fault.
#[track_caller]
fn finds(fault: Fault, words: &[&str]) {
    let is_said = |lines: &[&str]| lines.iter().any(|line| words.iter().any(|words| line.contains(words)));
    for capacity in [0, 1, 16] {
        let course = Course { capacity: capacity.into(), items: 16_000, seed: 7, fault: Some(fault) };
        let wrong = course.run().expect_err("a fault was planted");
        let complaints: Vec<&str> = wrong.lines().skip(1).collect();
        assert!(complaints.len() <= 2 && is_said(&complaints), "{wrong}");
    }
}

#[test]
fn an_item_that_never_arrives_is_found() {
    finds(Fault::Leaked, &["was left Owed"]);
}

#[test]
fn an_item_that_is_dropped_on_the_way_is_found() {
    finds(Fault::Dropped, &["was dropped when it was Owed"]);
}

#[test]
fn an_item_that_arrives_twice_is_found() {
    finds(Fault::Doubled, &["became Received when it was Received"]);
}

#[test]
fn an_item_that_is_overtaken_is_found() {
    // Where the consumer that has it gets no more of its producer's, nothing overtakes it, and it is never handed on.
    finds(Fault::Overtaken, &["of the same producer", "was dropped when it was Owed"]);
}
