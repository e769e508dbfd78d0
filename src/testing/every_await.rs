//! Faults at every await: a scenario is run again and again, and each time hit at a later poll.

use super::block_on;
use crate::{CancelScope, ScopeHandle};
use std::future::poll_fn;
use std::task::{Context, Poll};

/// One run of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Run<T> {
    /// The poll at which this run was hit, counted from 1. The last run ends before it comes.
    pub poll: usize,
    /// What the scenario gave; `None` when it was dropped or cancelled before it could.
    pub output: Option<T>,
}

/// Drops a scenario at its k-th poll, for k = 1, 2, … until a run ends untouched, and calls `check`
/// after each. Returns the number of runs.
///
/// This is what `select!`, a timeout or an aborted task does to a future at an unlucky moment. The
/// scenario is woken and then dropped where it would have been polled, the first time unpolled.
/// Each run has a runtime of its own with paused time and a scope around it, so that `check` sees
/// the state after everything that was dropped has ended, clean-up included.
///
/// `make` builds the scenario anew, with state of its own where it needs some.
///
/// # Panics
///
/// With a panic of the scenario or of `check`; the poll is printed on standard error.
///
/// # Examples
///
/// A lock that is released however far its holder came:
///
/// ```
/// use arbour::{clean_up, testing::drop_at_every_await};
/// use std::cell::Cell;
/// use std::sync::atomic::{AtomicI32, Ordering};
/// use tokio::task::yield_now;
///
/// static HELD: AtomicI32 = AtomicI32::new(0);
///
/// struct Lock;
/// impl Lock {
///     fn take() -> Self {
///         HELD.fetch_add(1, Ordering::Relaxed);
///         Self
///     }
/// }
/// impl Drop for Lock {
///     fn drop(&mut self) {
///         clean_up(async {
///             yield_now().await; // a goodbye on the wire
///             HELD.fetch_sub(1, Ordering::Relaxed);
///         });
///     }
/// }
///
/// let finished = Cell::new(0);
/// let runs = drop_at_every_await(
///     || async {
///         let _lock = Lock::take();
///         yield_now().await;
///         yield_now().await;
///     },
///     |run| {
///         assert_eq!(HELD.load(Ordering::Relaxed), 0, "still held after a drop at poll {}", run.poll);
///         finished.set(finished.get() + usize::from(run.output.is_some()));
///     },
/// );
/// assert_eq!((runs, finished.get()), (4, 1));
/// ```
pub fn drop_at_every_await<F: Future>(
    mut make: impl FnMut() -> F,
    mut check: impl FnMut(Run<F::Output>),
) -> usize {
    every_poll(|poll| {
        let mut fault = Fault::at(poll);
        let around = CancelScope::new().run(async {
            let mut scenario = Box::pin(make());
            fault.strike(|cx| scenario.as_mut().poll(cx).map(Some), || Poll::Ready(None)).await
        });
        let output = block_on(around).unwrap_or_default();
        check(Run { poll, output });
        fault.struck
    })
}

/// Cancels the scope of a scenario just before its k-th poll, for k = 1, 2, … until a run ends
/// untouched, and calls `check` after each. Returns the number of runs.
///
/// Unlike a drop, a cancellation delivers what is ready, respects shields, and runs the scenario at
/// least up to its first await. A run that was cancelled may therefore still give its output. Each
/// run has a runtime of its own with paused time; `check` is called after everything has ended.
///
/// # Panics
///
/// With a panic of the scenario or of `check`; the poll is printed on standard error.
///
/// # Examples
///
/// A transfer that happens as a whole or not at all:
///
/// ```
/// use arbour::{shield, testing::cancel_at_every_await};
/// use std::cell::Cell;
/// use tokio::task::yield_now;
///
/// let (taken, given) = (Cell::new(0), Cell::new(0));
/// let runs = cancel_at_every_await(
///     || async {
///         yield_now().await;
///         shield(async {
///             taken.set(taken.get() + 1);
///             yield_now().await;
///             given.set(given.get() + 1);
///         })
///         .await;
///     },
///     |_| assert_eq!(taken.get(), given.get()),
/// );
/// assert_eq!(runs, 4);
/// ```
pub fn cancel_at_every_await<F: Future>(
    mut make: impl FnMut() -> F,
    mut check: impl FnMut(Run<F::Output>),
) -> usize {
    every_poll(|poll| {
        let mut fault = Fault::at(poll);
        let scope = CancelScope::new();
        let handle = scope.handle();
        let mut scenario = Box::pin(scope.run(make()));
        let outcome = block_on(fault.strike(|cx| scenario.as_mut().poll(cx), || cancel(&handle, poll)));
        check(Run { poll, output: outcome.ok() });
        fault.struck
    })
}

fn cancel<T>(handle: &ScopeHandle, poll: usize) -> Poll<T> {
    handle.cancel(format!("a test cancels it at poll {poll}"));
    Poll::Pending
}

/// Calls `run` with 1, 2, … until it says that it was left untouched.
fn every_poll(mut run: impl FnMut(usize) -> bool) -> usize {
    for poll in 1.. {
        let _told = TellPoll(poll);
        if !run(poll) {
            return poll;
        }
    }
    unreachable!("a scenario that never ends exhausts patience before it exhausts usize")
}

/// Tells at which poll a run was hit, when the run panics.
struct TellPoll(usize);

impl Drop for TellPoll {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the run that was hit at poll {} failed", self.0);
        }
    }
}

/// Counts polls and strikes once.
struct Fault {
    left: usize,
    struck: bool,
}

impl Fault {
    fn at(poll: usize) -> Self {
        Self { left: poll, struck: false }
    }

    /// Polls with `poll`; before the chosen poll calls `blow`, whose output, if any, replaces it.
    fn strike<T>(
        &mut self,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
        mut blow: impl FnMut() -> Poll<T>,
    ) -> impl Future<Output = T> {
        poll_fn(move |cx| {
            self.left = self.left.saturating_sub(1);
            if self.left == 0
                && !std::mem::replace(&mut self.struck, true)
                && let Poll::Ready(output) = blow()
            {
                return Poll::Ready(output);
            }
            poll(cx)
        })
    }
}
