//! Retries: when attempts begin, and what ends them.

use crate::support::{MS, SECOND, turns};
use arbour::{
    Backoff, CancelScope, Cause, GaveUp, RetryError, RetryPolicy, fail_after, move_on_after, retry, retry_if,
    shield,
};
use std::cell::RefCell;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Retries at 0, 100, 200, 400, 800 … ms after each failure.
fn doubling() -> RetryPolicy {
    RetryPolicy::new(Backoff::new(100 * MS, 10 * SECOND).unwrap().jitter(false))
}

/// The times at which attempts began, in milliseconds.
struct Times(Instant, RefCell<Vec<u128>>);

impl Times {
    fn new() -> Self {
        Self(Instant::now(), RefCell::default())
    }

    /// Notes the beginning of an attempt and tells its number, from 1.
    fn note(&self) -> usize {
        let mut times = self.1.borrow_mut();
        times.push(self.0.elapsed().as_millis());
        times.len()
    }

    #[track_caller]
    fn are(&self, expected: &[u128]) {
        assert_eq!(*self.1.borrow(), expected);
    }
}

#[arbour::test]
async fn attempts_follow_the_back_off_until_one_succeeds() {
    let times = Times::new();
    let outcome = retry(doubling(), async || match times.note() {
        4 => Ok("up"),
        attempt => Err(attempt),
    });
    assert_eq!(outcome.await, Ok("up"));
    times.are(&[0, 0, 100, 300]);
}

#[arbour::test]
async fn waits_count_from_the_end_of_an_attempt() {
    let times = Times::new();
    let outcome = retry(doubling().retries(2), async || {
        times.note();
        sleep(50 * MS).await;
        Err::<(), _>(())
    });
    assert_eq!(outcome.await.unwrap_err().why, GaveUp::TooOften);
    times.are(&[0, 50, 200]);
}

#[arbour::test]
async fn the_error_hands_back_the_last_one_and_counts_those_before() {
    let times = Times::new();
    let error = retry(doubling().retries(2), async || Err::<(), _>(times.note())).await.unwrap_err();
    assert_eq!((error.attempts, error.earlier(), error.why, error.last), (3, 2, GaveUp::TooOften, 3));
}

#[arbour::test]
async fn an_error_that_is_permanent_is_not_tried_again() {
    let times = Times::new();
    let is_transient = |attempt: &usize| *attempt < 2;
    let error = retry_if(doubling(), is_transient, async || Err::<(), _>(times.note())).await.unwrap_err();
    assert_eq!((error.attempts, error.why, error.last), (2, GaveUp::Permanent, 2));
    times.are(&[0, 0]);
}

#[arbour::test]
async fn a_wait_that_cannot_end_before_the_deadline_of_the_scope_is_not_begun() {
    let times = Times::new();
    let begin = Instant::now();
    let outcome = fail_after(250 * MS, retry(doubling(), async || Err::<(), _>(times.note()))).await;
    let error: RetryError<usize> = outcome.expect("it does not wait for the deadline").unwrap_err();
    assert_eq!(error.why, GaveUp::NoTime { wait: 200 * MS, left: 150 * MS });
    assert_eq!((error.attempts, begin.elapsed()), (3, 100 * MS));
    times.are(&[0, 0, 100]);
}

#[arbour::test]
async fn a_wait_that_would_end_with_the_deadline_is_not_begun() {
    let (times, begin) = (Times::new(), Instant::now());
    let outcome = fail_after(300 * MS, retry(doubling(), async || Err::<(), _>(times.note()))).await;
    let error: RetryError<usize> = outcome.expect("it does not wait for the deadline").unwrap_err();
    assert_eq!(error.why, GaveUp::NoTime { wait: 200 * MS, left: 200 * MS });
    assert_eq!(begin.elapsed(), 100 * MS);
}

#[arbour::test]
async fn behind_a_shield_the_deadline_around_it_is_no_limit() {
    let begin = Instant::now();
    let failing = async || Err::<(), _>(());
    let _ = move_on_after(150 * MS, shield(async { retry(doubling(), failing).await.unwrap_err() })).await;
    assert_eq!(begin.elapsed(), 700 * MS, "0 + 100 + 200 + 400");
}

#[arbour::test]
async fn an_attempt_that_is_running_at_the_deadline_is_ended_by_the_scope() {
    let attempts = RefCell::new(0);
    let outcome = fail_after(
        SECOND,
        retry(doubling(), async || {
            *attempts.borrow_mut() += 1;
            sleep(Duration::from_secs(60)).await;
            Err::<(), _>(())
        }),
    );
    assert_eq!(outcome.await.unwrap_err().cause, Cause::Deadline);
    assert_eq!(*attempts.borrow(), 1);
}

#[arbour::test]
async fn no_attempt_begins_in_a_cancelled_scope() {
    let scope = CancelScope::new();
    let handle = scope.handle();
    let times = Times::new();
    let outcome = scope.run(retry(RetryPolicy::new(Backoff::none()), async || {
        times.note();
        handle.cancel("enough");
        Err::<(), _>(())
    }));
    assert!(outcome.await.is_err(), "the retry went on in a cancelled scope");
    times.are(&[0]);
}

#[arbour::test]
async fn attempts_that_fail_at_once_without_end_still_let_others_run() {
    let endless = RetryPolicy::new(Backoff::none()).retries(u32::MAX);
    let scope = CancelScope::new();
    let handle = scope.handle();
    let outcome = scope.run(futures::future::join(retry(endless, async || Err::<(), _>(())), async {
        turns(3).await;
        handle.cancel("enough");
    }));
    assert!(outcome.await.is_err());
}
