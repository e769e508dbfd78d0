//! A run at a standstill: who waits, and for what.

use std::fmt;

/// Nobody can ever be woken: every task waits, and no timer is set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct Deadlock {
    /// The tasks that have not ended, in the order in which they were spawned; the first is the body.
    pub waiting: Vec<Waiting>,
}

/// One task of a [`Deadlock`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waiting {
    /// Its name: given, or the place where it was spawned.
    pub task: String,
    /// What the awaits of Arbour in it wait for, outermost first.
    pub waits_for: Vec<String>,
    /// It was not woken although it could go on: what it waited for has lost a wake-up.
    pub was_ready: bool,
}

impl fmt::Display for Deadlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody can ever be woken: no timer is set, and")?;
        self.waiting.iter().try_for_each(|waiting| write!(f, "\n  {waiting}"))
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { task, waits_for, was_ready } = self;
        match (was_ready, waits_for.as_slice()) {
            (true, _) => write!(f, "{task} could go on, and nobody has woken it"),
            (false, []) => write!(f, "{task} waits for a future that is not Arbour's"),
            (false, all) => write!(f, "{task} waits for {}", all.join(", and for ")),
        }
    }
}
