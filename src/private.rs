//! What the attributes expand to. No part of the interface: it may change in any release.

use crate::root::Root;
use std::pin::Pin;
use std::process::exit;

/// The options of an attribute, as the macro writes them down.
#[derive(Debug)]
pub struct RuntimeOptions {
    root: Root,
}

impl RuntimeOptions {
    #[must_use]
    pub fn new() -> Self {
        Self { root: Root::new() }
    }

    #[must_use]
    pub fn worker_threads(self, threads: usize) -> Self {
        Self { root: self.root.worker_threads(threads) }
    }

    #[must_use]
    pub fn current_thread(self) -> Self {
        Self { root: self.root.current_thread() }
    }

    #[must_use]
    pub fn start_paused(self, paused: bool) -> Self {
        Self { root: self.root.start_paused(paused) }
    }
}

impl Default for RuntimeOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Runs a program. One that a signal cancelled before it had a value ends as the signal would have
/// ended it: with exit code 128 and its number.
pub fn main<F: Future>(options: RuntimeOptions, body: F) -> F::Output {
    let outcome = options.root.run(body);
    match outcome.result {
        Ok(value) => value,
        Err(cancelled) => {
            tracing::error!(%cancelled, "the program was stopped before it had ended");
            exit(outcome.signal.map_or(1, |signal| 128 + i32::from(signal.number())))
        }
    }
}

/// Runs a test, which hears no signals.
///
/// Its body is boxed: a binary of hundreds of tests compiles a root once, and not for each of them.
pub fn test<F: Future>(options: RuntimeOptions, body: F) -> F::Output {
    let body: Pin<Box<dyn Future<Output = F::Output> + '_>> = Box::pin(body);
    let outcome = options.root.signals(false).run(body);
    outcome.result.unwrap_or_else(|cancelled| panic!("the test's root scope was cancelled: {cancelled}"))
}
