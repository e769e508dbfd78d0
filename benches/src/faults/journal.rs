//! What happened in a program, and when.

use std::fmt::Display;
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

/// What happened and when, in milliseconds of the program's clock.
#[derive(Debug, Clone)]
pub(super) struct Journal {
    began: Instant,
    lines: Arc<Mutex<Vec<(String, u128)>>>,
}

impl Journal {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), lines: Arc::default() }
    }

    pub(super) fn note(&self, what: impl Display) {
        let line = (what.to_string(), self.time());
        self.lines.lock().expect("nobody panics while it is held").push(line);
    }

    pub(super) fn time(&self) -> u128 {
        self.began.elapsed().as_millis()
    }

    pub(super) fn times_of(&self, what: &str) -> Vec<u128> {
        let lines = self.lines.lock().expect("nobody panics while it is held");
        lines.iter().filter(|(line, _)| line == what).map(|(_, when)| *when).collect()
    }

    pub(super) fn count(&self, what: &str) -> usize {
        self.times_of(what).len()
    }

    /// Everything so far, without times.
    pub(super) fn words(&self) -> String {
        let lines = self.lines.lock().expect("nobody panics while it is held");
        lines.iter().map(|(line, _)| line.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Everything so far, as `what@when`.
    pub(super) fn timed(&self) -> String {
        let lines = self.lines.lock().expect("nobody panics while it is held");
        lines.iter().map(|(line, when)| format!("{line}@{when}")).collect::<Vec<_>>().join(" ")
    }
}
