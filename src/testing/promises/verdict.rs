//! What a suite finds: which clauses are broken, and how.

use std::fmt;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use thiserror::Error;
use tokio::time::{Instant, timeout};

/// Whether a clause holds, or how it is broken.
pub(super) type Outcome = Result<(), String>;

/// How long a clause may take where nothing else is said: what takes longer waits for ever.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Promises that an implementation does not keep, in the order of the suite. It prints as a list, also where
/// it is unwrapped.
#[derive(Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub struct BrokenPromises {
    /// Each clause that is broken.
    pub clauses: Vec<BrokenPromise>,
}

/// One promise that an implementation does not keep.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrokenPromise {
    /// The clause, by the name it has in the suite.
    pub clause: &'static str,
    /// What happened instead.
    pub why: String,
}

impl fmt::Debug for BrokenPromises {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for BrokenPromises {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.clauses.len() == 1 { "" } else { "s" };
        write!(f, "{} clause{s} of the suite broken:", self.clauses.len())?;
        self.clauses.iter().try_for_each(|BrokenPromise { clause, why }| write!(f, "\n- {clause}: {why}"))
    }
}

/// The verdict of a suite while it is run.
#[derive(Debug)]
pub(super) struct Verdict {
    patience: Duration,
    kept: Vec<&'static str>,
    broken: Vec<BrokenPromise>,
}

impl Verdict {
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, kept: Vec::new(), broken: Vec::new() }
    }

    /// Runs one clause. `about` says what is special in this run, if anything.
    pub(super) async fn hear(
        &mut self,
        clause: &'static str,
        about: &str,
        check: impl Future<Output = Outcome>,
    ) {
        let _told = TellClause(clause);
        let begin = Instant::now();
        let outcome = timeout(self.patience, check).await;
        // What is polled again because its time is up, and then is ready, was not woken before.
        let outcome = outcome.ok().filter(|_| begin.elapsed() < self.patience);
        let for_ever = || Err(format!("not over after {:?}: it waits for ever", self.patience));
        let outcome = outcome.unwrap_or_else(for_ever);
        match outcome {
            Ok(()) => self.kept.push(clause),
            Err(why) => self.broken.push(BrokenPromise { clause, why: format!("{about}{why}") }),
        }
    }

    /// The names of the clauses, or those that are broken.
    pub(super) fn given(mut self) -> Result<Vec<&'static str>, BrokenPromises> {
        self.kept.dedup();
        if self.broken.is_empty() { Ok(self.kept) } else { Err(BrokenPromises { clauses: self.broken }) }
    }
}

/// Tells in which clause an implementation panicked.
struct TellClause(&'static str);

impl Drop for TellClause {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the clause `{}` was being checked", self.0);
        }
    }
}

pub(super) fn ensure(holds: bool, why: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(why()) }
}

/// Polls a future once, and then drops it: what it gave, if it was ready.
pub(super) async fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    match glance(&mut future).await {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Polls a future once.
pub(super) async fn glance<F: Future + ?Sized>(future: &mut Pin<&mut F>) -> Poll<F::Output> {
    std::future::poll_fn(|cx: &mut Context<'_>| Poll::Ready(future.as_mut().poll(cx))).await
}

/// Lets everybody else run for a while.
pub(super) async fn turns() {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}
