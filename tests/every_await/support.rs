//! What the sweeps share: the sweep, a thing that is held and given back, a few turns.

use arbour::clean_up;
use arbour::testing::{Run, cancel_at_every_await, drop_at_every_await, living_scopes};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::yield_now;

pub(crate) const MS: Duration = Duration::from_millis(1);

/// Drops, then cancels, a scenario at each of its polls. After each run nothing of it may live on; `check`
/// looks at what it left. Sweeps take turns, because living scopes are counted for the whole process.
pub(crate) fn sweep<F: Future>(make: impl Fn() -> F, check: impl Fn(Run<F::Output>)) {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let check = |run: Run<F::Output>| {
        let poll = run.poll;
        check(run);
        assert_eq!(living_scopes(), 0, "hit at poll {poll}, a scope lives on");
    };
    let runs = [drop_at_every_await(&make, check), cancel_at_every_await(&make, check)];
    assert!(runs.iter().all(|runs| *runs > 2), "the sweep has become vacuous: {runs:?} runs");
}

/// Counts what is held. Giving back takes a few turns of clean-up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held(Arc<AtomicUsize>);

impl Held {
    pub(crate) fn take(&self) -> Hold {
        self.0.fetch_add(1, Ordering::Relaxed);
        Hold(self.clone())
    }

    #[track_caller]
    pub(crate) fn is_nothing(&self) {
        assert_eq!(self.0.load(Ordering::Relaxed), 0, "something is held for ever");
    }
}

/// One thing that is held until it was dropped and cleaned up.
#[derive(Debug)]
pub(crate) struct Hold(Held);

impl Drop for Hold {
    fn drop(&mut self) {
        let Held(count) = self.0.clone();
        clean_up(async move {
            turns(2).await;
            count.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

/// Holds something for some turns.
pub(crate) async fn hold(held: Held, count: usize) {
    let _hold = held.take();
    turns(count).await;
}

/// Lets everybody else run so many times.
pub(crate) async fn turns(count: usize) {
    for _ in 0..count {
        yield_now().await;
    }
}
