//! Races for tokens. What is held is counted inside, so that one token too many is seen.

use super::{CapacityLimiter, Token};
use crate::loom::{Arc, Bounds, Mutex, block_on, model, thread};
use core::pin::pin;
use core::task::{Context, Waker};

/// How many hold a token, and how many may.
#[derive(Clone, Default)]
struct Inside(Arc<Mutex<usize>>);

impl Inside {
    /// Holds the token for a while.
    fn hold(&self, token: Token, most: usize) {
        *self.0.lock() += 1;
        assert!(*self.0.lock() <= most, "more hold a token than there are");
        *self.0.lock() -= 1;
        drop(token);
    }
}

/// Polls an acquire once and drops it, as a cancellation does.
fn acquire_and_drop(limiter: &CapacityLimiter) {
    let _ = pin!(limiter.acquire()).poll(&mut Context::from_waker(Waker::noop()));
}

#[track_caller]
fn assert_at_rest(limiter: &CapacityLimiter) {
    limiter.state.lock().assert_invariants();
    let told = limiter.statistics();
    assert_eq!((told.borrowed, told.waiting, told.borrowers), (0, 0, vec![]));
}

#[test]
fn give_back_races_acquire() {
    model(Bounds::EXHAUSTIVE, || {
        let limiter = CapacityLimiter::new(1);
        let token = limiter.try_acquire().unwrap();
        let giving = thread::spawn(move || drop(token));
        drop(block_on(limiter.acquire()));
        giving.join().unwrap();
        assert_at_rest(&limiter);
    });
}

/// A waiter is woken for the token; somebody who only tries comes in between.
#[test]
fn try_acquire_races_the_woken_waiter() {
    model(Bounds::preemptions(3), || {
        let (limiter, inside) = (CapacityLimiter::new(1), Inside::default());
        let token = limiter.try_acquire().unwrap();
        let (trier, tried) = (limiter.clone(), inside.clone());
        let trying = thread::spawn(move || {
            tried.hold(token, 1);
            trier.try_acquire().into_iter().for_each(|token| tried.hold(token, 1));
        });
        inside.hold(block_on(limiter.acquire()), 1);
        trying.join().unwrap();
        assert_at_rest(&limiter);
    });
}

/// An acquire that may just have been given the token is dropped; another waits behind it.
#[test]
fn dropped_acquire_passes_its_token_on() {
    model(Bounds::preemptions(3), || {
        let limiter = CapacityLimiter::new(1);
        let token = limiter.try_acquire().unwrap();
        let giving = thread::spawn(move || drop(token));
        let dropper = limiter.clone();
        let dropping = thread::spawn(move || acquire_and_drop(&dropper));
        drop(block_on(limiter.acquire()));
        giving.join().unwrap();
        dropping.join().unwrap();
        assert_at_rest(&limiter);
    });
}

/// Two tokens change hands while three want one.
#[test]
fn tokens_are_conserved() {
    model(Bounds::preemptions(3), || {
        let (limiter, inside) = (CapacityLimiter::new(1), Inside::default());
        let others = [1, 2].map(|_| {
            let (limiter, inside) = (limiter.clone(), inside.clone());
            thread::spawn(move || inside.hold(block_on(limiter.acquire()), 1))
        });
        inside.hold(block_on(limiter.acquire()), 1);
        for other in others {
            other.join().unwrap();
        }
        assert_at_rest(&limiter);
    });
}

#[test]
fn raising_the_total_races_acquire() {
    model(Bounds::EXHAUSTIVE, || {
        let limiter = CapacityLimiter::new(0);
        let raiser = limiter.clone();
        let raising = thread::spawn(move || raiser.set_total(1));
        drop(block_on(limiter.acquire()));
        raising.join().unwrap();
        assert_at_rest(&limiter);
    });
}

/// Whatever comes first, no token is given beyond the lowered total once one was given back.
#[test]
fn lowering_the_total_races_give_back() {
    model(Bounds::preemptions(3), || {
        let limiter = CapacityLimiter::new(2);
        let (kept, given) = (limiter.try_acquire().unwrap(), limiter.try_acquire().unwrap());
        let lowerer = limiter.clone();
        let lowering = thread::spawn(move || lowerer.set_total(1));
        let giving = thread::spawn(move || drop(given));
        lowering.join().unwrap();
        assert!(limiter.try_acquire().is_err(), "one of one is borrowed, whoever came first");
        giving.join().unwrap();
        drop(kept);
        assert_at_rest(&limiter);
    });
}

/// The same borrower asks on two threads: one is refused, or comes after the other.
#[test]
fn one_borrower_races_itself() {
    model(Bounds::EXHAUSTIVE, || {
        let limiter = CapacityLimiter::new(2);
        let other = limiter.clone();
        let inside = Inside::default();
        let also_inside = inside.clone();
        let asking = thread::spawn(move || {
            block_on(other.acquire_on_behalf_of("twin"))
                .into_iter()
                .for_each(|token| also_inside.hold(token, 1));
        });
        block_on(limiter.acquire_on_behalf_of("twin")).into_iter().for_each(|token| inside.hold(token, 1));
        asking.join().unwrap();
        assert_at_rest(&limiter);
    });
}
