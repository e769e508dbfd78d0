//! Futures that are polled by hand, each with a waker of its own, and who was woken in which order.

use std::mem::take;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// Futures that were polled once and wait.
pub(super) struct Crowd<F> {
    waiters: Vec<Option<Waiter<F>>>,
    woken: Woken,
}

struct Waiter<F> {
    future: F,
    waker: Waker,
}

/// The numbers of those who were woken, each as often as it was.
type Woken = Arc<Mutex<Vec<usize>>>;

struct Bell {
    number: usize,
    woken: Woken,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.woken.lock().unwrap().push(self.number);
    }
}

impl<F: Future + Unpin> Crowd<F> {
    /// Polls each once, in this order.
    #[track_caller]
    pub(super) fn park(futures: impl IntoIterator<Item = F>) -> Self {
        let woken = Woken::default();
        let mut crowd = Self { waiters: Vec::new(), woken };
        for (number, future) in futures.into_iter().enumerate() {
            let waker = Arc::new(Bell { number, woken: Arc::clone(&crowd.woken) }).into();
            crowd.waiters.push(Some(Waiter { future, waker }));
            assert!(crowd.poll(number).is_pending(), "{number} does not wait");
        }
        crowd
    }

    pub(super) fn poll(&mut self, number: usize) -> Poll<F::Output> {
        let Waiter { future, waker } = self.waiters[number].as_mut().expect("it was not dropped");
        Pin::new(future).poll(&mut Context::from_waker(waker))
    }

    /// What this one got, which must be there by now.
    #[track_caller]
    pub(super) fn outcome(&mut self, number: usize) -> F::Output {
        let Poll::Ready(outcome) = self.poll(number) else { panic!("{number} was woken in vain") };
        outcome
    }

    /// Who was woken since the last call.
    pub(super) fn woken(&self) -> Vec<usize> {
        take(&mut *self.woken.lock().unwrap())
    }

    pub(super) fn leave(&mut self, number: usize) {
        self.waiters[number] = None;
    }
}
