//! The limiter's promises, one situation a test, polled by hand.

use super::{BorrowError, Borrower, CapacityLimiter, Token, TryAcquireError};
use crate::scope::CancelScope;
use crate::tests::{Task, now};
use core::future::pending;
use core::task::Poll;
use futures::executor::block_on;

#[track_caller]
fn told(limiter: &CapacityLimiter) -> (usize, usize, usize) {
    limiter.state.lock().assert_invariants();
    let told = limiter.statistics();
    (told.borrowed, told.available, told.waiting)
}

#[test]
fn tokens_are_counted_while_they_are_held() {
    let limiter = CapacityLimiter::new(2);
    assert_eq!(told(&limiter), (0, 2, 0));
    let first = now(limiter.acquire());
    let second = now(limiter.acquire_on_behalf_of("oak")).unwrap();
    assert_eq!(told(&limiter), (2, 0, 0));
    let borrowers = limiter.statistics().borrowers;
    assert_eq!(borrowers, [first.borrower().clone(), Borrower::from("oak")]);
    drop((first, second));
    assert_eq!(told(&limiter), (0, 2, 0));
}

#[test]
fn waiters_are_served_in_the_order_in_which_they_came() {
    let limiter = CapacityLimiter::new(1);
    let token = now(limiter.acquire());
    let first = Task::waiting(limiter.acquire());
    let mut second = Task::waiting(limiter.acquire());
    drop(token);
    assert_eq!((first.wakes(), second.wakes()), (1, 0));
    assert!(second.poll().is_pending());
    drop(first.finish());
    assert_eq!(second.wakes(), 1);
    drop(second.finish());
    assert_eq!(told(&limiter), (0, 1, 0));
}

#[test]
fn a_token_that_is_given_back_belongs_to_the_waiter_before_it_runs() {
    let limiter = CapacityLimiter::new(1);
    let token = now(limiter.acquire());
    let waiter = Task::waiting(limiter.acquire());
    drop(token);
    assert_eq!(told(&limiter), (1, 0, 0));
    let refused = limiter.try_acquire().unwrap_err();
    assert_eq!(refused, TryAcquireError::NoToken { total: 1, borrowed: 1, waiting: 0 });
    drop(waiter.finish());
}

#[test]
fn an_acquire_that_is_dropped_passes_its_token_on_and_leaves_no_trace() {
    let limiter = CapacityLimiter::new(1);
    let token = now(limiter.acquire());
    let waiting = Task::waiting(limiter.acquire_on_behalf_of("ash"));
    let given = Task::waiting(limiter.acquire_on_behalf_of("oak"));
    let next = Task::waiting(limiter.acquire_on_behalf_of("elm"));
    drop(waiting);
    drop(token);
    assert_eq!((given.wakes(), next.wakes()), (1, 0));
    drop(given);
    assert_eq!(next.wakes(), 1);
    drop(next.finish().unwrap());
    assert_eq!(told(&limiter), (0, 1, 0));
    assert!(limiter.state.lock().has_no_claims(), "a borrower is remembered that has nothing");
}

#[test]
fn a_raised_total_lets_in_as_many_as_it_gives_room_to() {
    let limiter = CapacityLimiter::new(0);
    let waiters: Vec<_> = (0..3).map(|_| Task::waiting(limiter.acquire())).collect();
    assert_eq!(told(&limiter), (0, 0, 3));
    limiter.set_total(2);
    assert_eq!(told(&limiter), (2, 0, 1));
    assert_eq!(waiters.iter().map(Task::wakes).collect::<Vec<_>>(), [1, 1, 0]);
    limiter.set_total(usize::MAX);
    assert_eq!(told(&limiter), (3, usize::MAX - 3, 0));
    let tokens: Vec<Token> = waiters.into_iter().map(Task::finish).collect();
    drop(tokens);
    assert_eq!(told(&limiter).0, 0);
}

#[test]
fn a_lowered_total_takes_nothing_away_and_lets_nobody_in_above_it() {
    let limiter = CapacityLimiter::new(3);
    let mut tokens: Vec<Token> = (0..3).map(|_| now(limiter.acquire())).collect();
    let waiter = Task::waiting(limiter.acquire());
    limiter.set_total(1);
    assert_eq!(told(&limiter), (3, 0, 1));
    tokens.truncate(1);
    assert_eq!(waiter.wakes(), 0, "one of one is borrowed");
    assert!(limiter.try_acquire().is_err());
    tokens.clear();
    assert_eq!(waiter.wakes(), 1);
    drop(waiter.finish());
    assert_eq!(told(&limiter), (0, 1, 0));
}

#[test]
fn a_borrower_has_one_claim_whether_it_holds_or_waits() {
    let limiter = CapacityLimiter::new(1);
    let token = now(limiter.acquire_on_behalf_of(7)).unwrap();
    let borrower = || Borrower::from(7);
    assert_eq!(
        now(limiter.acquire_on_behalf_of(7)).unwrap_err(),
        BorrowError::Holds { borrower: borrower() }
    );
    let refused = limiter.try_acquire_on_behalf_of(7).unwrap_err();
    assert_eq!(refused, TryAcquireError::Borrower(BorrowError::Holds { borrower: borrower() }));

    let waiter = Task::waiting(limiter.acquire_on_behalf_of("7"));
    let refused = now(limiter.acquire_on_behalf_of("7")).unwrap_err();
    assert_eq!(refused, BorrowError::Waits { borrower: Borrower::from("7") });
    assert_eq!(
        refused.to_string(),
        "`7` waits for a token of this limiter already and cannot wait for a second"
    );
    drop(token);
    let held = waiter.finish().unwrap();
    assert_eq!(held.borrower(), &Borrower::from("7"));
    drop(held);
    drop(now(limiter.acquire_on_behalf_of("7")).unwrap());
    assert_eq!(told(&limiter), (0, 1, 0));
}

#[test]
fn a_token_may_be_held_by_a_thread() {
    let limiter = CapacityLimiter::new(1);
    let token = now(limiter.acquire());
    let waiter = Task::waiting(limiter.acquire());
    std::thread::spawn(move || drop(token)).join().unwrap();
    assert_eq!(waiter.wakes(), 1);
    drop(waiter.finish());
}

#[test]
fn an_acquire_that_begins_in_a_cancelled_scope_takes_nothing() {
    let limiter = CapacityLimiter::new(1);
    let outcome = block_on(CancelScope::new().run(async {
        crate::scope::ScopeHandle::current().unwrap().cancel("a test");
        drop(limiter.acquire().await);
        unreachable!("a token is free, but the await has not begun");
    }));
    assert!(outcome.is_err());
    assert_eq!(told(&limiter), (0, 1, 0));
}

#[test]
fn an_acquire_that_has_begun_takes_its_token_in_a_cancelled_scope() {
    let limiter = CapacityLimiter::new(1);
    let token = now(limiter.acquire());
    let scope = CancelScope::new();
    let handle = scope.handle();
    let mut body = Task::waiting(scope.run(async {
        let token = limiter.acquire().await;
        let got = limiter.borrowed();
        drop(token);
        (got, pending::<()>().await).0
    }));
    drop(token);
    handle.cancel("a test");
    assert!(matches!(body.poll(), Poll::Ready(Err(_))), "the await after it ends the body");
    assert_eq!(told(&limiter), (0, 1, 0));
}

#[test]
#[should_panic(expected = "`Acquire` was polled after it was ready")]
fn polling_it_again_is_a_mistake_that_is_named() {
    let limiter = CapacityLimiter::new(1);
    let mut acquire = Task::new(limiter.acquire());
    assert!(acquire.poll().is_ready());
    let _ = acquire.poll();
}
