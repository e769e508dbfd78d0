//! Faults at every await of what synchronises and of retries: nothing is kept, lost or doubled.

use crate::support::turns;
use arbour::sync::{CapacityLimiter, Condition, Event, Token};
use arbour::testing::{cancel_at_every_await, drop_at_every_await};
use arbour::{Backoff, RetryPolicy, ScopeHandle, retry, retry_if};
use futures::future::join;
use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::sync::Mutex;

/// Drops, then cancels a scenario at each of its polls, each run with a stage of its own.
fn at_every_await<S: Clone, F: Future>(set: impl Fn() -> S, play: impl Fn(S) -> F, check: impl Fn(&S)) {
    let stage = RefCell::new(set());
    let begin = || {
        *stage.borrow_mut() = set();
        play(stage.borrow().clone())
    };
    let dropped = drop_at_every_await(begin, |_| check(&stage.borrow()));
    let cancelled = cancel_at_every_await(begin, |_| check(&stage.borrow()));
    assert!(dropped > 3 && cancelled > 3, "only {dropped} and {cancelled} runs");
}

/// Somebody outside of the scenario who waits behind it.
struct Outsider<T>(Rc<RefCell<Option<Waits<T>>>>);

type Waits<T> = Pin<Box<dyn Future<Output = T>>>;

impl<T> Clone for Outsider<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> Outsider<T> {
    fn absent() -> Self {
        Self(Rc::default())
    }

    /// Begins to wait, if anything begins here: in a cancelled scope nothing does.
    fn wait(&self, future: impl Future<Output = T> + 'static) {
        if ScopeHandle::current().is_some_and(|scope| scope.is_cancelled()) {
            return;
        }
        let mut future = Box::pin(future);
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        *self.0.borrow_mut() = Some(future);
    }

    /// What it has got; `None` if it did not come to wait, or waits still.
    fn got(&self) -> Option<T> {
        let mut future = self.0.borrow_mut().take()?;
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(got) => Some(got),
            Poll::Pending => None,
        }
    }

    fn has_come(&self) -> bool {
        self.0.borrow().is_some()
    }
}

/// A holder, one who waits, and an outsider behind them, at a limiter of one.
async fn pass_on(limiter: CapacityLimiter, outsider: Outsider<Token>, by_name: bool) {
    let held = limiter.acquire().await;
    let holder = async {
        turns(1).await;
        let behind = limiter.clone();
        outsider.wait(async move { behind.acquire().await });
        turns(1).await;
        drop(held);
        turns(1).await;
    };
    let waiter = async {
        let _token = if by_name {
            limiter.acquire_on_behalf_of("waiter").await.unwrap()
        } else {
            limiter.acquire().await
        };
        turns(2).await;
    };
    join(holder, waiter).await;
}

#[test]
fn an_acquire_that_is_hit_anywhere_leaves_its_token_to_the_next() {
    for by_name in [true, false] {
        at_every_await(
            || (CapacityLimiter::new(1), Outsider::absent()),
            move |(limiter, outsider)| pass_on(limiter, outsider, by_name),
            |(limiter, outsider)| {
                let has_come = outsider.has_come();
                let token = outsider.got();
                assert_eq!(token.is_some(), has_come, "the outsider waits for a token nobody holds");
                drop(token);
                let told = limiter.statistics();
                assert_eq!((told.borrowed, told.waiting, told.borrowers), (0, 0, vec![]));
                drop(limiter.try_acquire_on_behalf_of("waiter").unwrap());
            },
        );
    }
}

#[test]
fn a_wait_for_an_event_that_is_hit_anywhere_leaves_nobody_in_the_queue() {
    at_every_await(
        Event::new,
        async |event| {
            let set = async {
                turns(2).await;
                event.set();
                turns(1).await;
            };
            join(set, event.wait()).await;
        },
        |event| assert_eq!(event.statistics().waiting, 0),
    );
}

#[derive(Clone)]
struct Shop {
    shelf: Arc<Mutex<u32>>,
    filled: Condition,
    sold: Rc<Cell<u32>>,
    outsider: Outsider<()>,
}

impl Shop {
    fn new() -> Self {
        Self {
            shelf: Arc::default(),
            filled: Condition::new(),
            sold: Rc::default(),
            outsider: Outsider::absent(),
        }
    }

    /// Takes one thing; the look and the count are one step.
    async fn buy(self) {
        let take = |shelf: &mut u32| {
            *shelf = shelf.checked_sub(1)?;
            self.sold.set(self.sold.get() + 1);
            Some(())
        };
        let (_shelf, ()) = self.filled.wait_for(self.shelf.lock().await, take).await;
    }

    /// The same by hand.
    async fn buy_by_hand(self) {
        let mut shelf = Arc::clone(&self.shelf).lock_owned().await;
        while *shelf == 0 {
            shelf = self.filled.wait(shelf).await;
        }
        *shelf -= 1;
        self.sold.set(self.sold.get() + 1);
    }

    /// Lets the outsider wait behind the buyer, then fills the shelf with one thing, and tells one.
    async fn fill(self) {
        turns(1).await;
        self.outsider.wait(self.clone().buy());
        turns(1).await;
        let mut shelf = self.shelf.lock().await;
        *shelf += 1;
        self.filled.notify(&shelf, 1);
        turns(2).await;
        drop(shelf);
        turns(1).await;
    }

    /// What is there finds its buyer, if one waits; nobody is left in the queue, nobody holds the lock.
    fn check(&self) {
        let was_left = *self.shelf.try_lock().expect("nobody holds the lock");
        let has_come = self.outsider.has_come();
        let bought = self.outsider.got();
        assert_eq!(bought.is_some(), has_come && was_left == 1, "a notice is lost, or was given twice");
        let left = *self.shelf.try_lock().expect("nobody holds the lock");
        assert!(left + self.sold.get() <= 1 && (left == 0 || !has_come));
        assert_eq!(self.filled.statistics().waiting, 0);
    }
}

#[test]
fn a_wait_at_a_condition_that_is_hit_anywhere_hands_its_notice_on() {
    at_every_await(Shop::new, async |shop: Shop| join(shop.clone().buy(), shop.fill()).await, Shop::check);
    at_every_await(
        Shop::new,
        async |shop: Shop| join(shop.clone().buy_by_hand(), shop.fill()).await,
        Shop::check,
    );
}

/// An attempt that counts itself in and, however it ends, out.
struct Attempt(Rc<Cell<i32>>);

impl Attempt {
    fn new(running: &Rc<Cell<i32>>) -> Self {
        running.set(running.get() + 1);
        Self(Rc::clone(running))
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

#[test]
fn a_retry_that_is_hit_anywhere_leaves_no_attempt_running() {
    let policy = RetryPolicy::new(Backoff::new(Duration::from_secs(1), Duration::from_secs(4)).unwrap());
    let fail = async |running: Rc<Cell<i32>>| {
        let _attempt = Attempt::new(&running);
        assert_eq!(running.get(), 1, "two attempts run at once");
        turns(1).await;
        Err::<(), _>("down")
    };
    at_every_await(
        Rc::default,
        async |running: Rc<Cell<i32>>| {
            assert_eq!(retry(policy, || fail(Rc::clone(&running))).await.unwrap_err().attempts, 5);
            retry_if(policy, |_| true, || fail(Rc::clone(&running))).await.unwrap_err();
        },
        |running| assert_eq!(running.get(), 0),
    );
}
