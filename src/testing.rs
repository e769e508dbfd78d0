//! What tests of asynchronous code need: paused time, seeded orders of tasks, faults at every await, suites
//! of what transports promise.

mod every_await;
mod idle;
mod promises;
mod runtime;
mod seeds;
mod sequencer;
mod simulate;
mod time;

pub(crate) use runtime::{Equipment, on_this_thread};
#[doc(hidden)]
pub use seeds::{Verdict, under_seeds};

pub use arbour_engines::{BrokenClause, BrokenClauses, Fault, FaultyStore, check_lease_store};
pub use arbour_supervisor::simulation::{Deadlock, Step, Trace, Waiting};
pub use every_await::{Run, cancel_at_every_await, drop_at_every_await};
pub use idle::{AllTasksBlocked, wait_all_tasks_blocked};
pub use promises::{BrokenPromise, BrokenPromises, ObjectStreamCheck, check_object_stream};
#[cfg(feature = "transports")]
pub use promises::{ByteStreamCheck, ListenerCheck, check_byte_stream, check_listener};
pub use sequencer::{CurrentStep, NextStep, SequenceError, Sequencer};
pub use simulate::{Simulated, SimulationError, random, simulate};
pub use time::advance;

use std::pin::Pin;

/// Runs a future on a runtime of its own, on this thread, with the clock paused: time jumps to the
/// next timer whenever every task is idle.
///
/// # Panics
///
/// When the runtime cannot be made, and with the panic of the future.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tokio::time::{Instant, sleep};
///
/// arbour::testing::block_on(async {
///     let begin = Instant::now();
///     sleep(Duration::from_secs(3600)).await; // takes no time at all
///     assert_eq!(begin.elapsed(), Duration::from_secs(3600));
/// });
/// ```
pub fn block_on<F: Future>(future: F) -> F::Output {
    // Boxed, so that a binary of many tests compiles what runs them once.
    let future: Pin<Box<dyn Future<Output = F::Output> + '_>> = Box::pin(future);
    on_this_thread(Equipment { io: true, paused: true }, |runtime| runtime.block_on(future))
}

/// The number of scopes that have begun, or have a handle, and have not ended: groups, child tasks,
/// shields, clean-ups and finalizers are scopes too. Zero says that nothing has leaked.
///
/// It counts for the whole process, and the tests of one binary run side by side. A test that looks
/// for leaks therefore lives in a binary of its own, whose tests take turns.
///
/// # Examples
///
/// ```
/// use arbour::CancelScope;
/// use arbour::testing::{block_on, living_scopes};
///
/// let scope = CancelScope::new();
/// assert_eq!(living_scopes(), 1);
/// block_on(scope.run(async { assert_eq!(living_scopes(), 1) })).unwrap();
/// assert_eq!(living_scopes(), 0);
/// ```
#[must_use]
pub fn living_scopes() -> usize {
    arbour_primitives::scope::living_nodes()
}
