//! A hundred thousand that wait at one memory stream: who is woken, and what it takes to drop them.

mod crowd;
mod dropping;
mod waking;

/// So many wait.
const WAITERS: usize = 100_000;
