//! Structured concurrency: spawning and joining, cancelling, what a scope costs a poll.

mod cancel;
mod poll;
mod spawn_join;

use crate::harness::Bench;
use crate::workers::Workers;

/// So many child tasks in each scenario.
const TASKS: u64 = 100_000;

/// Every bench of the program `structured`.
#[must_use]
pub fn benches() -> Vec<Bench> {
    let mut benches: Vec<_> = Workers::BOTH.map(spawn_join::bench).into();
    benches.extend(Workers::BOTH.map(cancel::bench));
    benches.extend(poll::benches());
    benches
}
