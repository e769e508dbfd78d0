//! The one `LocalSet` of a thread's local groups, known to what is polled inside of it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::{Rc, Weak};
use tokio::task::{JoinHandle, LocalSet};

thread_local! {
    /// The driver that is being polled on this thread.
    static POLLED: RefCell<Driver> = const { RefCell::new(Driver(Weak::new())) };
}

/// A reference to a driver, which may be gone.
#[derive(Clone)]
pub(super) struct Driver(Weak<LocalSet>);

impl Driver {
    /// The driver inside of which this is called.
    pub(super) fn current() -> Option<Self> {
        let driver = POLLED.try_with(|polled| polled.borrow().clone()).ok()?;
        driver.is_alive().then_some(driver)
    }

    pub(super) fn is_alive(&self) -> bool {
        self.0.strong_count() > 0
    }

    /// Spawns a future, unless the driver is gone: then the future is handed back.
    pub(super) fn spawn<F>(&self, future: F) -> Result<JoinHandle<F::Output>, F>
    where
        F: Future + 'static,
    {
        match self.0.upgrade() {
            Some(set) => Ok(set.spawn_local(future)),
            None => Err(future),
        }
    }
}

/// Runs what `make` returns on the driver around, or, without one, on a driver of its own.
pub(super) async fn drive<F: Future>(make: impl FnOnce(Driver) -> F) -> F::Output {
    if let Some(driver) = Driver::current() {
        return make(driver).await;
    }
    let set = Rc::new(LocalSet::new());
    let driver = Driver(Rc::downgrade(&set));
    let mut driven = pin!(set.run_until(make(driver.clone())));
    poll_fn(|cx| {
        let _polled = Polled::enter(driver.clone());
        driven.as_mut().poll(cx)
    })
    .await
}

/// Keeps a driver in its place for one poll.
struct Polled {
    before: Driver,
}

impl Polled {
    fn enter(driver: Driver) -> Self {
        Self { before: POLLED.with(|polled| polled.replace(driver)) }
    }
}

impl Drop for Polled {
    fn drop(&mut self) {
        let before = std::mem::replace(&mut self.before, Driver(Weak::new()));
        POLLED.with(|polled| polled.replace(before));
    }
}
