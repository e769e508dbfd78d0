//! What a runtime gives to the scopes: the task's identity, a spawner, a timer, what code takes along.
//!
//! This crate has no runtime and no clock. The crate above installs its own once per process;
//! without it scopes work, but a deadline is only recorded, strangers polled inside a scope cannot
//! be told from it, and clean-up that has no living scope left is dropped, with a report.

use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::OnceLock;
use std::time::Instant;

/// A future that owns what it needs and may change threads.
pub type BoxFuture<T = ()> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The services of a runtime.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::exhaustive_structs, reason = "made by the one crate that installs it")]
pub struct Runtime {
    /// The number of the task that runs on this thread; 0 outside of tasks. Never used again.
    pub task_id: fn() -> u64,
    /// Spawns a future on the runtime of this thread, or hands it back when there is none.
    pub spawn: fn(BoxFuture) -> Result<(), BoxFuture>,
    /// The time, which stands still where a test has paused it.
    pub now: fn() -> Instant,
    /// Resolves when the time has come.
    pub sleep_until: fn(Instant) -> BoxFuture,
    /// Lets a future take along what is in force where this is called (tracing's span, scoped values).
    pub carry: fn(BoxFuture) -> BoxFuture,
    /// Takes what one await may cost of the runtime's own budget for a poll; pending, with a wake to come,
    /// where none is left.
    pub charge: fn(&mut Context<'_>) -> Poll<()>,
    /// Whether the task has used up what the runtime lets it do in one poll, so that the runtime's own
    /// futures are pending although they are ready.
    pub is_spent: fn() -> bool,
}

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// Installs the runtime's services; the first call in a process counts, later ones do nothing.
pub fn install(runtime: Runtime) {
    let _ = RUNTIME.set(runtime);
}

#[inline]
pub(super) fn task_id() -> u64 {
    RUNTIME.get().map_or(0, |runtime| (runtime.task_id)())
}

pub(super) fn charge(cx: &mut Context<'_>) -> Poll<()> {
    RUNTIME.get().map_or(Poll::Ready(()), |runtime| (runtime.charge)(cx))
}

/// Whether the runtime's own futures may be pending although they are ready.
pub(super) fn is_spent() -> bool {
    RUNTIME.get().is_some_and(|runtime| (runtime.is_spent)())
}

pub(super) fn spawn(future: BoxFuture) -> Result<(), BoxFuture> {
    match RUNTIME.get() {
        Some(runtime) => (runtime.spawn)(future),
        None => Err(future),
    }
}

/// The time; none without a runtime.
pub(super) fn now() -> Option<Instant> {
    RUNTIME.get().map(|runtime| (runtime.now)())
}

pub(super) fn sleep_until(deadline: Instant) -> Option<BoxFuture> {
    RUNTIME.get().map(|runtime| (runtime.sleep_until)(deadline))
}

/// Clean-up, which is polled elsewhere, goes on with what was in force where it was asked for.
pub(super) fn carry(future: BoxFuture) -> BoxFuture {
    match RUNTIME.get() {
        Some(runtime) => (runtime.carry)(future),
        None => future,
    }
}
