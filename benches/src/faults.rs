//! Faults of our peers, each shown by a small program on the released crate: what `COMPARE.md` says, run.

mod journal;
mod kameo;
mod ractor;
mod version;

use journal::Journal;
use std::fmt;
use std::pin::Pin;
use tokio::runtime::Builder;

type Checked = Pin<Box<dyn Future<Output = Finding>>>;

/// A fault of a peer, and the program that looks for it.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    peer: &'static str,
    /// Its number in `COMPARE.md`.
    number: &'static str,
    clock: Clock,
    check: fn() -> Checked,
}

/// Which time a program lives in.
#[derive(Debug, Clone, Copy)]
enum Clock {
    /// Tokio's, paused: it jumps to the next timer when every task waits.
    Virtual,
    /// The machine's, on two threads: for a peer that reads it, and for handlers that do not await.
    Real,
}

/// What a program saw.
#[derive(Debug)]
struct Finding {
    shown: bool,
    seen: String,
}

impl Finding {
    fn new(shown: bool, seen: impl Into<String>) -> Self {
        Self { shown, seen: seen.into() }
    }
}

/// A fault with what was seen of it; one line.
#[derive(Debug)]
pub struct Report {
    fault: Fault,
    finding: Finding,
}

impl Fault {
    /// Its peer and its number: `kameo K1`.
    #[must_use]
    pub fn name(self) -> String {
        format!("{} {}", self.peer, self.number)
    }

    /// Runs its program, on a runtime of its own.
    ///
    /// # Panics
    ///
    /// When the runtime cannot be made.
    #[must_use]
    pub fn look(self) -> Report {
        let runtime = match self.clock {
            Clock::Virtual => Builder::new_current_thread().enable_time().start_paused(true).build(),
            Clock::Real => Builder::new_multi_thread().worker_threads(2).enable_time().build(),
        };
        let runtime = runtime.expect("a runtime on this thread needs only memory and descriptors");
        Report { fault: self, finding: runtime.block_on((self.check)()) }
    }
}

impl Report {
    /// Whether the fault is still there.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.finding.shown
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { peer, number, .. } = self.fault;
        let verdict = if self.finding.shown { "FAULT SHOWN" } else { "not shown" };
        write!(f, "{number:<4} {peer} {}: {verdict}: {}", version::of(peer), self.finding.seen)
    }
}

/// All that can be shown by a program.
#[must_use]
pub fn faults() -> Vec<Fault> {
    [kameo::FAULTS, ractor::FAULTS].concat()
}
