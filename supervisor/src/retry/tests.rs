//! What is decided after a failed attempt, as a table.

use super::policy::Next;
use super::{GaveUp, RetryError, RetryPolicy};
use crate::backoff::Backoff;
use std::time::{Duration, Instant};

const fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

fn doubling() -> RetryPolicy {
    RetryPolicy::new(Backoff::new(ms(100), ms(250)).unwrap().jitter(false))
}

/// What follows with so much time left, if there is a deadline.
fn next(policy: RetryPolicy, attempts: u32, left: Option<Duration>) -> Next {
    let now = Instant::now();
    policy.next(attempts, true, now, left.map(|left| now + left), 0)
}

#[test]
fn the_waits_are_those_of_the_back_off() {
    let waits = (1..=4).map(|attempts| next(doubling(), attempts, None));
    assert_eq!(waits.collect::<Vec<_>>(), [ms(0), ms(100), ms(200), ms(250)].map(Next::After));
}

#[test]
fn so_many_retries_are_one_attempt_more() {
    assert_eq!(next(doubling().retries(0), 1, None), Next::GiveUp(GaveUp::TooOften));
    assert_eq!(next(doubling().retries(2), 2, None), Next::After(ms(100)));
    assert_eq!(next(doubling().retries(2), 3, None), Next::GiveUp(GaveUp::TooOften));
    assert_eq!(next(doubling(), 5, None), Next::GiveUp(GaveUp::TooOften));
    assert_eq!(next(doubling().retries(u32::MAX), u32::MAX, None), Next::After(ms(250)));
}

#[test]
fn a_wait_that_cannot_end_before_the_deadline_is_not_begun() {
    let no_time = |wait, left| Next::GiveUp(GaveUp::NoTime { wait: ms(wait), left: ms(left) });
    assert_eq!(next(doubling(), 2, Some(ms(101))), Next::After(ms(100)));
    assert_eq!(next(doubling(), 2, Some(ms(100))), no_time(100, 100));
    assert_eq!(next(doubling(), 1, Some(ms(1))), Next::After(ms(0)));
    assert_eq!(next(doubling(), 1, Some(ms(0))), no_time(0, 0));
}

#[test]
fn a_permanent_error_ends_it_whatever_is_left() {
    let outcome = doubling().next(1, false, Instant::now(), None, 0);
    assert_eq!(outcome, Next::GiveUp(GaveUp::Permanent));
}

#[test]
fn jitter_is_drawn_from_the_seed_or_by_each_call_anew() {
    let draw = |policy: RetryPolicy| policy.jitter().next();
    assert_eq!(draw(doubling().seed(7)), draw(doubling().seed(7)));
    assert_ne!(draw(doubling().seed(7)), draw(doubling().seed(8)));
    assert_ne!(draw(doubling()), draw(doubling()));
}

#[test]
fn the_error_tells_how_often_why_and_with_what() {
    let error = |attempts, why| RetryError { attempts, why, last: "no route" };
    let said = [
        (error(1, GaveUp::Permanent), "gave up after 1 attempt, for this error is not tried again: no route"),
        (error(5, GaveUp::TooOften), "gave up after 5 attempts, as many as the policy allows: no route"),
    ];
    for (error, text) in said {
        assert_eq!(error.to_string(), text);
    }
    assert_eq!(error(5, GaveUp::TooOften).earlier(), 4);
    assert_eq!(error(5, GaveUp::TooOften).into_last(), "no route");
}
