//! Which address is tried when.

use super::{Eyeballs, Step, alternating};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

const DELAY: Duration = Duration::from_millis(250);

fn v4(last: u8) -> SocketAddr {
    ([192, 0, 2, last], 80).into()
}

fn v6(last: u16) -> SocketAddr {
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, last], 80).into()
}

#[test]
fn families_take_turns_beginning_with_that_of_the_first_address() {
    let table = [
        (vec![], vec![]),
        (vec![v6(1), v6(2), v4(1), v4(2)], vec![v6(1), v4(1), v6(2), v4(2)]),
        (vec![v4(1), v4(2), v4(3), v6(1)], vec![v4(1), v6(1), v4(2), v4(3)]),
        (vec![v4(1), v6(1), v4(1), v6(1)], vec![v4(1), v6(1)]),
        (vec![v6(3), v6(2), v6(1)], vec![v6(3), v6(2), v6(1)]),
    ];
    for (given, tried) in table {
        assert_eq!(Vec::from(alternating(given)), tried);
    }
}

#[test]
fn the_next_attempt_begins_after_the_delay() {
    let now = Instant::now();
    let mut eyeballs = Eyeballs::new(vec![v4(1), v4(2)], DELAY);
    assert_eq!(eyeballs.step(now), Step::Begin(v4(1)));
    assert_eq!(eyeballs.step(now), Step::Wait(Some(now + DELAY)));
    assert_eq!(eyeballs.step(now + DELAY), Step::Begin(v4(2)));
    assert_eq!(eyeballs.step(now + DELAY), Step::Wait(None));
}

#[test]
fn a_failure_begins_the_next_attempt_at_once() {
    let now = Instant::now();
    let mut eyeballs = Eyeballs::new(vec![v4(1), v4(2), v4(3)], DELAY);
    assert_eq!(eyeballs.step(now), Step::Begin(v4(1)));
    eyeballs.failed();
    assert_eq!(eyeballs.step(now), Step::Begin(v4(2)));
    assert_eq!(eyeballs.step(now), Step::Wait(Some(now + DELAY)));
}

#[test]
fn it_is_given_up_when_all_have_failed_and_not_before() {
    let now = Instant::now();
    let mut eyeballs = Eyeballs::new(vec![v4(1), v4(2)], Duration::ZERO);
    assert_eq!(eyeballs.step(now), Step::Begin(v4(1)));
    assert_eq!(eyeballs.step(now), Step::Begin(v4(2)));
    eyeballs.failed();
    assert_eq!(eyeballs.step(now), Step::Wait(None));
    eyeballs.failed();
    assert_eq!(eyeballs.step(now), Step::GiveUp);
    assert_eq!(Eyeballs::new(vec![], DELAY).step(now), Step::GiveUp);
}

#[test]
fn a_delay_without_end_waits_for_a_failure() {
    let now = Instant::now();
    let mut eyeballs = Eyeballs::new(vec![v4(1), v4(2)], Duration::MAX);
    assert_eq!(eyeballs.step(now), Step::Begin(v4(1)));
    assert!(matches!(eyeballs.step(now + DELAY), Step::Wait(Some(_))));
    eyeballs.failed();
    assert_eq!(eyeballs.step(now + DELAY), Step::Begin(v4(2)));
}
