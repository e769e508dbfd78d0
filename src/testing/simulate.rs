//! One run of a test under one seed.

use super::runtime::{Equipment, on_this_thread};
use crate::{Cancelled, Root};
use arbour_primitives::scope::{Payload, panic_message};
use arbour_supervisor::simulation::{Deadlock, Simulation, Trace};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How a run under one seed ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Simulated<T> {
    /// The seed: the same body under it goes the same way.
    pub seed: u64,
    /// What the body gave, or why it gave nothing.
    pub result: Result<T, SimulationError>,
    /// What was polled, in order.
    pub trace: Trace,
}

/// Why a simulated run gave no value.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SimulationError {
    /// The body panicked.
    #[error("panicked: {message}")]
    #[non_exhaustive]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// Every task waited, and nobody was left to wake one.
    #[error(transparent)]
    Deadlock(Deadlock),
    /// The body cancelled its own root scope.
    #[error("{0}")]
    Cancelled(Cancelled),
    /// The body and all that its scopes waited for had ended, and these tasks had not; their names. They
    /// were spawned outside of every scope: by clean-up with no scope left to run it, or below a task of
    /// `tokio::spawn`.
    #[error("left running outside of every scope: {}", .0.join(", "))]
    UnfinishedTasks(Vec<String>),
    /// Tasks ended and left their waker in some queue; the names of those tasks.
    #[error("left waiting in some queue after they had ended: {}", .0.join(", "))]
    ForgottenWaiters(Vec<String>),
}

/// Runs `body` once, in the order of turns that `seed` stands for: of the tasks that are ready, a
/// generator chooses which is polled next, and how many awaits of Arbour it may pass in that poll before
/// it must yield.
///
/// Everything runs on this thread, with the clock paused, and there are no sockets. A run in which nobody
/// can ever be woken ends at once and says who waits for what. The order is a function of the seed as long
/// as the body is deterministic: no real time, no threads, no `HashMap` that is iterated over, and every
/// `select!` `biased`. Tasks of `tokio::spawn` take part, in the order of the runtime, which no seed
/// changes.
///
/// `#[arbour::test(seeds = 1000)]` does this for a whole test, a thousand times.
///
/// # Panics
///
/// Inside another runtime.
///
/// # Examples
///
/// Two tasks that wait for each other:
///
/// ```
/// use arbour::stream::memory_stream;
/// use arbour::task_group;
/// use arbour::testing::{SimulationError, simulate};
///
/// let run = simulate(1, async {
///     let (ping, pinged) = memory_stream::<()>(1);
///     let (pong, ponged) = memory_stream::<()>(1);
///     task_group(async |group| {
///         group.task().name("left").spawn_value(async move { ponged.recv().await.map(|()| ping.try_send(())) });
///         group.task().name("right").spawn_value(async move { pinged.recv().await.map(|()| pong.try_send(())) });
///     })
///     .await
/// });
/// let Err(SimulationError::Deadlock(deadlock)) = run.result else { panic!("nobody sends") };
/// assert_eq!(
///     deadlock.to_string(),
///     "nobody can ever be woken: no timer is set, and
///   the body waits for the end of 2 child tasks
///   left waits for an item of a memory stream of () (capacity 1, 0 queued, 1 sender, 1 receiver)
///   right waits for an item of a memory stream of () (capacity 1, 0 queued, 1 sender, 1 receiver)"
/// );
/// ```
pub fn simulate<F: Future>(seed: u64, body: F) -> Simulated<F::Output> {
    let Finished { end, trace } = run(seed, body);
    Simulated { seed, result: end.map_err(SimulationError::from), trace }
}

/// A run that is over.
pub(super) struct Finished<T> {
    pub(super) end: Result<T, Ending>,
    pub(super) trace: Trace,
}

/// Why there is no value, with the payload of a panic.
pub(super) enum Ending {
    Panicked(Payload),
    Other(SimulationError),
}

impl From<Ending> for SimulationError {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Panicked(payload) => Self::Panicked { message: panic_message(&payload).to_owned() },
            Ending::Other(error) => error,
        }
    }
}

pub(super) fn run<F: Future>(seed: u64, body: F) -> Finished<F::Output> {
    let simulation = Simulation::new(seed);
    let root = Root::new().signals(false).run_async(body);
    // What the body leaves half done when it panics is dropped with the runtime, and seen by nobody.
    let ended = catch_unwind(AssertUnwindSafe(|| {
        on_this_thread(Equipment { io: false, paused: true }, |runtime| {
            let ended = simulation.block_on(runtime, root);
            // The runtime drops them.
            (ended, simulation.unfinished_tasks())
        })
    }));
    let end = match ended {
        Err(payload) => Err(Ending::Panicked(payload)),
        Ok((Err(deadlock), _)) => Err(Ending::Other(SimulationError::Deadlock(deadlock))),
        Ok((Ok(outcome), unfinished)) => {
            let value = outcome.result.map_err(SimulationError::Cancelled);
            let whole = value.and_then(|value| nothing_left(value, unfinished, &simulation));
            whole.map_err(Ending::Other)
        }
    };
    Finished { end, trace: simulation.trace() }
}

/// The ledger of a run that gave its value: no task is left, and no waiter.
fn nothing_left<T>(value: T, unfinished: Vec<String>, simulation: &Simulation) -> Result<T, SimulationError> {
    let forgotten = simulation.forgotten_waiters();
    match (unfinished.is_empty(), forgotten.is_empty()) {
        (true, true) => Ok(value),
        (false, _) => Err(SimulationError::UnfinishedTasks(unfinished)),
        (true, false) => Err(SimulationError::ForgottenWaiters(forgotten)),
    }
}

/// Draws a number from the generator of the simulation that runs on this thread, so that what a test
/// leaves to chance is replayed with its seed.
///
/// # Panics
///
/// Outside a simulation, where nothing could replay it.
///
/// # Examples
///
/// ```
/// use arbour::testing::{random, simulate};
///
/// let draw = |seed| simulate(seed, async { [random(), random()] }).result.unwrap();
/// assert_eq!(draw(7), draw(7));
/// assert_ne!(draw(7), draw(8));
/// ```
#[must_use]
pub fn random() -> u64 {
    Simulation::current().expect("a number to be replayed is drawn in a simulation").random()
}
