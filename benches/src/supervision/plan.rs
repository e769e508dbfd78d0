//! What the children of all systems do: crash as often as they are told, and say how long they were away.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Keeps what panics on purpose from being printed, which would be most of what is measured.
pub fn silence_panics() {
    std::panic::set_hook(Box::new(|_| {}));
}

/// How a child crashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Error,
    Panic,
}

/// The error of a child that crashes.
#[derive(Debug, thiserror::Error)]
#[error("as told")]
pub(super) struct Told;

/// Fills the window with crashes, waits for the clock, crashes as often again, and then stays up.
#[derive(Debug)]
pub(super) struct Plan {
    how: How,
    /// Crashes before the clock starts, and while it runs.
    crashes: u64,
    /// Those that stand before the one that crashes, and go down with it.
    pub(super) siblings: usize,
    runs: AtomicU64,
    pub(super) filled: Notify,
    pub(super) go: Notify,
    pub(super) done: Notify,
    /// The supervisor is to stop.
    pub(super) over: Notify,
}

impl Plan {
    pub(super) fn new(how: How, crashes: u64, siblings: usize) -> Self {
        let [filled, go, done, over] = std::array::from_fn(|_| Notify::new());
        Self { how, crashes, siblings, runs: AtomicU64::new(0), filled, go, done, over }
    }

    /// A limit that is never reached, and remembers them all.
    pub(super) fn limit(&self) -> (u32, Duration) {
        let limit = u32::try_from(2 * self.crashes + 1).expect("so many crashes fit");
        (limit, Duration::from_secs(3_600))
    }

    /// One run of the child that crashes; `Ok` says that it is to stay.
    pub(super) async fn run(&self) -> Result<(), Told> {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        if run == self.crashes {
            self.filled.notify_one();
            self.go.notified().await;
        }
        if run == 2 * self.crashes {
            self.done.notify_one();
            return Ok(());
        }
        match self.how {
            How::Error => Err(Told),
            How::Panic => panic!("as told"),
        }
    }
}

/// What an actor is told that is to crash and to serve again.
#[derive(Debug, Clone, Copy)]
pub(super) enum Word {
    Crash,
    Next,
}

/// How long it took from each panic to the first message that the next incarnation handled.
#[derive(Debug, Default)]
pub(super) struct Laps {
    began: Mutex<Option<Instant>>,
    pub(super) laps: Mutex<Vec<Duration>>,
    pub(super) next: Notify,
}

impl Laps {
    /// Does what an actor was told.
    pub(super) fn hear(&self, word: Word) {
        match word {
            Word::Crash => {
                *self.began.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                panic!("as told")
            }
            Word::Next => self.served(),
        }
    }

    fn served(&self) {
        if let Some(began) = self.began.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.laps.lock().unwrap_or_else(PoisonError::into_inner).push(began.elapsed());
            self.next.notify_one();
        }
    }
}
