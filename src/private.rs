//! What the attributes expand to. No part of the interface: it may change in any release.

use crate::root::Root;
use crate::testing::{Equipment, Verdict, on_this_thread};
use std::ops::Range;
use std::pin::Pin;
use std::process::exit;

/// The options of an attribute, as the macro writes them down.
#[derive(Debug)]
pub struct RuntimeOptions {
    root: Root,
    current_thread: bool,
    start_paused: bool,
}

impl RuntimeOptions {
    #[must_use]
    pub fn new() -> Self {
        Self { root: Root::new(), current_thread: false, start_paused: false }
    }

    #[must_use]
    pub fn worker_threads(self, threads: usize) -> Self {
        Self { root: self.root.worker_threads(threads), ..self }
    }

    #[must_use]
    pub fn current_thread(self) -> Self {
        Self { root: self.root.current_thread(), current_thread: true, ..self }
    }

    #[must_use]
    pub fn start_paused(self, paused: bool) -> Self {
        Self { root: self.root.start_paused(paused), start_paused: paused, ..self }
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
    let RuntimeOptions { root, current_thread, start_paused } = options;
    let root = root.signals(false);
    let outcome = if current_thread {
        let equipment = Equipment { io: true, paused: start_paused };
        on_this_thread(equipment, |runtime| runtime.block_on(root.run_async(body)))
    } else {
        root.run(body)
    };
    outcome.result.unwrap_or_else(|cancelled| panic!("the test's root scope was cancelled: {cancelled}"))
}

/// Runs a test once under each of these seeds.
pub fn test_under_seeds<F: Future<Output: Verdict>>(seeds: Range<u64>, make: fn() -> F) -> F::Output {
    crate::testing::under_seeds(seeds, make)
}
