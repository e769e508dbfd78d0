//! Capacity limiters: a token that was granted is held or given back.

use crate::support::{sweep, turns};
use arbour::sync::{Borrower, CapacityLimiter};
use std::cell::RefCell;

fn nothing_is_borrowed(limiter: &RefCell<CapacityLimiter>) {
    let limiter = limiter.borrow();
    let statistics = limiter.statistics();
    assert_eq!((limiter.borrowed(), limiter.available()), (0, 1), "{statistics:?}");
    assert!(limiter.try_acquire().is_ok(), "nobody stands in the way: {statistics:?}");
}

#[test]
fn an_acquire() {
    let limiter = RefCell::new(CapacityLimiter::new(1));
    let make = || {
        *limiter.borrow_mut() = CapacityLimiter::new(1);
        async {
            let limiter = limiter.borrow().clone();
            let user = async || {
                let _token = limiter.acquire().await;
                turns(2).await;
            };
            tokio::join!(biased; user(), user(), user());
        }
    };
    sweep(make, |_| nothing_is_borrowed(&limiter));
}

#[test]
fn an_acquire_on_behalf_of_a_borrower() {
    let limiter = RefCell::new(CapacityLimiter::new(1));
    let make = || {
        *limiter.borrow_mut() = CapacityLimiter::new(1);
        async {
            let limiter = limiter.borrow().clone();
            let user = async |borrower: u64| {
                let _token = limiter.acquire_on_behalf_of(Borrower::from(borrower)).await.unwrap();
                turns(2).await;
            };
            tokio::join!(biased; user(1), user(2), user(3));
        }
    };
    sweep(make, |_| nothing_is_borrowed(&limiter));
}
