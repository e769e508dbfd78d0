//! The runtime of a test: one thread, and a hook that tells when every task is blocked.

use super::idle::Idle;
use arbour_primitives::scope::branch::set_turn;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How long the runtime waits for blocking work when the test is over.
const BLOCKING: Duration = Duration::from_secs(5);

/// What a test's runtime has besides tasks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Equipment {
    /// Sockets, signals and processes. A simulation has none.
    pub(crate) io: bool,
    /// Whether time stands still until every task waits.
    pub(crate) paused: bool,
}

/// Calls `run` with a runtime of this thread, on which tests can wait until all tasks are blocked.
///
/// # Panics
///
/// When the runtime cannot be made, and with a panic of `run`.
pub(crate) fn on_this_thread<R>(equipment: Equipment, run: impl FnOnce(&Runtime) -> R) -> R {
    arbour_supervisor::install();
    // Runs that are to repeat each other begin alike.
    set_turn(0);
    let idle = Arc::new(Idle::default());
    let parking = Arc::clone(&idle);
    let mut builder = Builder::new_current_thread();
    if equipment.io {
        builder.enable_io();
    }
    let runtime = builder
        .enable_time()
        .start_paused(equipment.paused)
        .on_thread_park(move || parking.reached())
        .build()
        .expect("a runtime on this thread needs only memory and descriptors");
    let result = {
        let _entered = idle.enter();
        run(&runtime)
    };
    runtime.shutdown_timeout(BLOCKING);
    result
}
