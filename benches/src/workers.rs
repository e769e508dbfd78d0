//! The runtimes that every scenario runs on.

use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

/// How many threads run tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a bench has no users to break")]
pub enum Workers {
    /// The calling thread alone.
    One,
    /// A pool of two; the calling thread only waits.
    Two,
}

impl Workers {
    /// Both, for scenarios that run on each.
    pub const BOTH: [Self; 2] = [Self::One, Self::Two];

    /// The part of a cell's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::One => "one thread",
            Self::Two => "two workers",
        }
    }

    /// A runtime of its own for one sample, so that no row inherits another's state.
    ///
    /// # Panics
    ///
    /// When the system refuses threads.
    #[must_use]
    pub fn start(self) -> Started {
        self.build(Builder::enable_time)
    }

    /// The same, with sockets.
    ///
    /// # Panics
    ///
    /// When the system refuses threads or descriptors.
    #[must_use]
    pub fn start_with_sockets(self) -> Started {
        self.build(Builder::enable_all)
    }

    fn build(self, enable: fn(&mut Builder) -> &mut Builder) -> Started {
        let mut builder = match self {
            Self::One => Builder::new_current_thread(),
            Self::Two => Builder::new_multi_thread(),
        };
        let runtime = enable(builder.worker_threads(2)).build();
        Started { runtime: runtime.expect("a runtime needs only memory and two threads") }
    }
}

/// A runtime for one sample.
#[derive(Debug)]
pub struct Started {
    runtime: Runtime,
}

impl Started {
    /// Runs a future as a task of the runtime, not on the thread that waits: servers do so too, and
    /// what a task spawns goes to its own worker's queue.
    ///
    /// # Panics
    ///
    /// With the panic of the future.
    pub fn run<F>(&self, future: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let task = self.runtime.spawn(future);
        self.runtime.block_on(task).expect("the work of a bench does not panic")
    }

    /// Runs a future on the calling thread, as one of the tasks that live there.
    ///
    /// # Panics
    ///
    /// With the panic of the future.
    pub fn run_beside<F>(&self, tasks: &LocalSet, future: F) -> F::Output
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let task = tasks.spawn_local(future);
        tasks.block_on(&self.runtime, task).expect("the work of a bench does not panic")
    }
}
