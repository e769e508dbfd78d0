//! The only file that knows std from loom, chosen by the private cfg `arbour_loom` alone.
//!
//! The rest of the crate takes `Arc`, `Mutex`, atomics and `thread` from here, so crates above can
//! model *through* this one. [`model`] runs its body exhaustively under loom and once, with real
//! threads, in an ordinary build: the same file is a plain test and a model.

pub use imp::*;

/// Text that is shared. No race depends on it, so loom need not see its count.
pub type Text = std::sync::Arc<str>;

/// A number that is written only while nobody else can read it: loom need not branch on it.
pub(crate) use core::sync::atomic::AtomicU64 as UnwatchedU64;

/// A mutex without poisoning: nothing foreign ever runs under it, so a panic inside is a bug of
/// ours that the next test shows, not a state to hand on.
#[derive(Debug, Default)]
pub struct Mutex<T>(imp::RawMutex<T>);

impl<T> Mutex<T> {
    /// A mutex that is not locked.
    #[cfg(not(arbour_loom))]
    pub const fn new(value: T) -> Self {
        Self(imp::RawMutex::new(value))
    }

    /// A mutex that is not locked.
    #[cfg(arbour_loom)]
    pub fn new(value: T) -> Self {
        Self(imp::RawMutex::new(value))
    }

    /// Locks, waiting for whoever holds it.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        imp::lock(&self.0)
    }

    /// The value, of which nobody else can have a hold.
    pub fn value_mut(&mut self) -> &mut T {
        imp::value_mut(&mut self.0)
    }
}

#[cfg(not(arbour_loom))]
#[allow(clippy::disallowed_types, reason = "the shim is where std's types are named")]
mod imp {
    pub(super) use parking_lot::Mutex as RawMutex;
    pub use parking_lot::MutexGuard;
    pub use std::sync::{Arc, atomic};
    pub use std::{thread, thread_local};

    #[inline]
    pub(super) fn lock<T>(mutex: &RawMutex<T>) -> MutexGuard<'_, T> {
        mutex.lock()
    }

    #[inline]
    pub(super) fn value_mut<T>(mutex: &mut RawMutex<T>) -> &mut T {
        mutex.get_mut()
    }

    /// Runs a model's body once, with real threads.
    pub fn model(_bounds: super::Bounds, body: impl Fn() + Send + Sync + 'static) {
        body();
    }

    /// Drives a future to its end on this thread.
    #[cfg(test)]
    pub use futures::executor::block_on;

    /// Whether the fault of this name is planted: never, in what is shipped.
    #[inline(always)]
    pub(crate) const fn fault(_name: &str) -> bool {
        false
    }
}

#[cfg(arbour_loom)]
mod imp {
    pub use loom::future::block_on;
    pub(super) use loom::sync::Mutex as RawMutex;
    pub use loom::sync::{Arc, MutexGuard, atomic};
    pub use loom::{thread, thread_local};

    pub(super) fn lock<T>(mutex: &RawMutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn value_mut<T>(mutex: &mut RawMutex<T>) -> &mut T {
        mutex.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
    use std::time::{Duration, Instant};

    /// Whether the fault of this name is planted, by the variable `ARBOUR_FAULT`.
    ///
    /// Each planted fault has a model that must fail with it: a model that passes is vacuous.
    pub(crate) fn fault(name: &str) -> bool {
        static PLANTED: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
        PLANTED.get_or_init(|| std::env::var("ARBOUR_FAULT").ok()).as_deref() == Some(name)
    }

    /// Explores every interleaving of a model's body within its bounds.
    ///
    /// Prints one line, `model … bound … executions … seconds …`, for the command that runs the
    /// models, and fails when the exploration was cut off: loom itself ends early in silence.
    pub fn model(bounds: super::Bounds, body: impl Fn() + Send + Sync + 'static) {
        use std::sync::Arc as StdArc;
        use std::sync::atomic::{AtomicU64, Ordering};
        const LIMIT: Duration = Duration::from_secs(600);

        let executions = StdArc::new(AtomicU64::new(0));
        let counted = StdArc::clone(&executions);
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = bounds.preemptions;
        builder.max_branches = 50_000;
        builder.max_duration = Some(LIMIT);
        builder.max_permutations = None;
        builder.checkpoint_file = None;
        let start = Instant::now();
        builder.check(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            body();
        });
        let seconds = start.elapsed().as_secs_f64();
        assert!(start.elapsed() < LIMIT, "model was cut off after {seconds:.0} s");
        let bound = bounds.preemptions.map_or_else(|| "none".to_owned(), |n| n.to_string());
        let name = std::thread::current().name().unwrap_or("?").to_owned();
        println!(
            "model {name} bound {bound} executions {} seconds {seconds:.2}",
            executions.load(Ordering::Relaxed)
        );
    }
}

/// What a waker of ours is kept in: std's `Wake` knows no other, and nothing is ordered by its count.
#[allow(clippy::disallowed_types, reason = "the shim is where std's types are named")]
pub(crate) type WakeArc<T> = std::sync::Arc<T>;

/// How far a model is explored.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Bounds {
    /// The most preemptions in one execution; `None` explores all of them.
    pub preemptions: Option<usize>,
}

impl Bounds {
    /// Every interleaving.
    pub const EXHAUSTIVE: Self = Self { preemptions: None };

    /// At most `n` preemptions in one execution.
    #[must_use]
    pub const fn preemptions(n: usize) -> Self {
        Self { preemptions: Some(n) }
    }
}
