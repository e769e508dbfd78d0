//! Seeded task orders: of the tasks that are ready, a generator chooses which is polled next.
//!
//! Each task spawned through Arbour stays a task of tokio, with its handle, its number and its budget, but
//! is polled by turns: its future has a waker of its own, which puts it among the ready ones, and the
//! [driver](Simulation::block_on), the future that the runtime blocks on, gives the turn to one of
//! them after the other. What is spawned by `tokio::spawn` is not asked to wait for a turn.
//!
//! # Invariants
//!
//! 1. A task is polled only while it has the turn, and at most one has it. It gives it back when it has
//!    been polled or is dropped, by a panic too.
//! 2. A task stands among the ready ones once, from its wake (or its spawning) until it gets the turn.
//! 3. The driver is woken when it may have something to do: the turn is given back, or a task becomes
//!    ready while nobody has it.
//! 4. Nothing foreign runs, and no waker or task is dropped, while the state is locked.
//!
//! The order of turns is a function of the seed and of what the tasks do.

mod deadlock;
mod driver;
mod random;
mod task;
mod trace;

pub use deadlock::{Deadlock, Waiting};
pub use random::Random;
pub use trace::{Step, Trace};

pub(crate) use task::Simulated;

use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Waker;
use task::Task;

/// One run under a seed.
#[derive(Clone)]
pub struct Simulation {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
}

struct State {
    random: Random,
    /// In the order in which they became ready.
    ready: Vec<Arc<Task>>,
    turn: Turn,
    /// All tasks there were, by their number. The first is the body.
    tasks: Vec<Weak<Task>>,
    driver: Option<Waker>,
    trace: Trace,
}

/// Who may poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Nobody,
    Of(u32),
    /// As above, in order to tell what it waits for.
    Inspected(u32),
}

thread_local! {
    static CURRENT: RefCell<Option<Simulation>> = const { RefCell::new(None) };
}

impl Simulation {
    /// A run under this seed, in which nothing has been spawned.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let state = State {
            random: Random::new(seed),
            ready: Vec::new(),
            turn: Turn::Nobody,
            tasks: Vec::new(),
            driver: None,
            trace: Trace::default(),
        };
        Self { shared: Arc::new(Shared { state: Mutex::new(state) }) }
    }

    /// The simulation that runs on this thread.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
    }

    /// What was polled so far, in order.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.state().trace.clone()
    }

    /// Draws from the generator of this run.
    #[must_use]
    pub fn random(&self) -> u64 {
        self.state().random.next()
    }

    /// The names of tasks that have not ended, in the order in which they were spawned.
    #[must_use]
    pub fn unfinished_tasks(&self) -> Vec<String> {
        let tasks: Vec<Arc<Task>> = self.state().tasks.iter().filter_map(Weak::upgrade).collect();
        tasks.iter().filter(|task| !task.has_ended()).map(|task| task.name.clone()).collect()
    }

    /// The names of tasks that have ended and whose waker somebody still keeps: waiters that were left
    /// behind in some queue.
    #[must_use]
    pub fn forgotten_waiters(&self) -> Vec<String> {
        let tasks: Vec<Arc<Task>> = self.state().tasks.iter().filter_map(Weak::upgrade).collect();
        tasks.iter().map(|task| task.name.clone()).collect()
    }

    /// Makes this the simulation of the thread until the guard is dropped.
    fn enter(&self) -> Entered {
        Entered { before: CURRENT.replace(Some(self.clone())) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes a task in and returns its number.
    fn admit(&mut self, task: &Weak<Task>, name: &str) -> u32 {
        self.tasks.push(task.clone());
        self.trace.name(name)
    }

    /// One of the ready tasks; those of greater weight come sooner.
    fn choose(&mut self) -> Option<Arc<Task>> {
        let weights: u64 = self.ready.iter().map(|task| u64::from(task.weight)).sum();
        let mut at = if weights == 0 { return None } else { self.random.below(weights) };
        let index = self.ready.iter().position(|task| {
            let here = at < u64::from(task.weight);
            at = at.saturating_sub(u64::from(task.weight));
            here
        })?;
        Some(self.ready.remove(index))
    }
}

/// Restores what was the thread's simulation before.
#[must_use]
struct Entered {
    before: Option<Simulation>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let before = self.before.take();
        let _ = CURRENT.try_with(|current| current.replace(before));
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Simulation")
            .field("tasks", &state.tasks.len())
            .field("steps", &state.trace.len())
            .finish_non_exhaustive()
    }
}
