//! The root of a program: a scope, the signals that stop it, and the time each gear has.

mod gears;
mod signals;
mod watchdog;

pub use signals::Signal;

use crate::{CancelScope, Cancelled, Cause, ScopeHandle, TaskKind};
use arbour_primitives::scope::Label;
use gears::{Gear, Gears};
use signals::Signals;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::time::{Instant, sleep_until};
use watchdog::Watchdog;

/// How long the runtime waits for blocking work when all tasks have ended.
const BLOCKING: Duration = Duration::from_secs(5);

/// A time that no clock can show is thirty years away.
const NEVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// Runs `body` on a runtime of its own until it has ended, and with it everything it started.
///
/// The body is the root scope. A first SIGTERM or Ctrl-C asks it to drain, a second cancels it, a third
/// aborts it; see [`Root`] for the times and for programs that bring their own runtime.
///
/// # Errors
///
/// [`Cancelled`] when the body was cancelled before it gave a value.
///
/// # Panics
///
/// Inside another runtime, when no runtime can be made, and with a panic of the body.
///
/// # Examples
///
/// ```
/// let answer = arbour::run(async { 6 * 7 });
/// assert_eq!(answer, Ok(42));
/// ```
pub fn run<F: Future>(body: F) -> Result<F::Output, Cancelled> {
    Root::new().run(body).result
}

/// The root of a program, to be given times and threads.
///
/// # Examples
///
/// Inside a runtime that is there already:
///
/// ```
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() {
///     let outcome = arbour::Root::new().run_async(async { "served" }).await;
///     assert_eq!((outcome.result, outcome.signal), (Ok("served"), None));
/// }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a root does nothing until it runs a body"]
pub struct Root {
    current_thread: bool,
    worker_threads: Option<usize>,
    start_paused: bool,
    signals: bool,
    gears: Gears,
}

/// How a root ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct RootOutcome<T> {
    /// The body's value, unless it was cancelled first.
    pub result: Result<T, Cancelled>,
    /// The first signal that asked the program to stop.
    pub signal: Option<Signal>,
}

impl Root {
    /// A root on as many threads as there are cores, that hears signals, and stops within 30 s to
    /// drain, 5 s to clean up after a cancel, 5 s to be gone after an abort.
    pub fn new() -> Self {
        Self {
            current_thread: false,
            worker_threads: None,
            start_paused: false,
            signals: true,
            gears: Gears::default(),
        }
    }

    /// Runs everything on the calling thread.
    pub fn current_thread(mut self) -> Self {
        self.current_thread = true;
        self
    }

    /// Runs tasks on so many threads. Default: the number of cores.
    pub fn worker_threads(mut self, threads: usize) -> Self {
        self.worker_threads = Some(threads);
        self
    }

    /// Starts with the clock paused, for tests; needs [`current_thread`](Self::current_thread).
    pub fn start_paused(mut self, paused: bool) -> Self {
        self.start_paused = paused;
        self
    }

    /// Whether SIGTERM and Ctrl-C are heard. Default: yes.
    pub fn signals(mut self, heard: bool) -> Self {
        self.signals = heard;
        self
    }

    /// Divides the time that an orchestrator gives the program between its stop signal and its kill: a sixth, at most
    /// 5 s, to clean up; as much for what must be aborted; the rest to drain. Of 30 s these are 20, 5 and 5 s.
    ///
    /// Blocking work that is still going on may keep the process for 5 s more when [`run`](Self::run) made the runtime.
    pub fn grace_period(mut self, total: Duration) -> Self {
        self.gears = Gears::within(total);
        self
    }

    /// How long the body may drain before it is cancelled. Default: 30 s.
    ///
    /// Supervisors inside hear of it, however deep: they have stopped their children by then, each with its share of
    /// what is left, and abort what has not gone.
    pub fn drain_time(mut self, time: Duration) -> Self {
        self.gears.drain = time;
        self
    }

    /// How long it may clean up before it is aborted. Default: 5 s.
    pub fn clean_up_time(mut self, time: Duration) -> Self {
        self.gears.clean_up = time;
        self
    }

    /// Runs `body` on a runtime of its own.
    ///
    /// # Panics
    ///
    /// Inside another runtime, when no runtime can be made, and with a panic of the body.
    pub fn run<F: Future>(self, body: F) -> RootOutcome<F::Output> {
        let mut builder =
            if self.current_thread { Builder::new_current_thread() } else { Builder::new_multi_thread() };
        if let (Some(threads), false) = (self.worker_threads, self.current_thread) {
            builder.worker_threads(threads);
        }
        let runtime = builder
            .enable_all()
            .start_paused(self.start_paused)
            .build()
            .unwrap_or_else(|error| panic!("no runtime could be made: {error}"));
        let outcome = runtime.block_on(self.run_async(body));
        runtime.shutdown_timeout(BLOCKING);
        outcome
    }

    /// Runs `body` in the runtime that is there already.
    ///
    /// While it runs, a thread of its own looks for tasks that have not yielded for 5 s, and reports them.
    ///
    /// # Cancel safety
    ///
    /// Like a scope: dropped half-way, what the body started is cancelled and adopted by the
    /// enclosing scope, or, without one, finished by the runtime.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, and with a panic of the body.
    pub async fn run_async<F: Future>(self, body: F) -> RootOutcome<F::Output> {
        arbour_supervisor::install();
        let _watched = Watchdog::of_the_process();
        let scope = CancelScope::new();
        let root = scope.handle();
        root.describe(Label::new(TaskKind::Root).since(Instant::now().into_std()));
        let mut running = pin!(scope.run(body));
        let mut signals = if self.signals { Signals::listen() } else { Signals::deaf() };
        let mut first = None;
        let mut gear = Gear::Running;
        let mut time_up = pin!(sleep_until(Instant::now()));
        let result = poll_fn(|cx| {
            if let Poll::Ready(result) = running.as_mut().poll(cx) {
                return Poll::Ready(Some(result));
            }
            while let Poll::Ready(signal) = signals.poll_next(cx) {
                first.get_or_insert(signal);
                gear = gear.next();
                self.gears.shift(gear, &root, &format!("received {signal}"));
                rearm(time_up.as_mut(), self.gears.time_in(gear));
            }
            while gear.is_timed() && time_up.as_mut().poll(cx).is_ready() {
                gear = gear.next();
                self.gears.shift(gear, &root, "its time was up");
                rearm(time_up.as_mut(), self.gears.time_in(gear));
            }
            if gear == Gear::Stuck { Poll::Ready(None) } else { Poll::Pending }
        })
        .await;
        let result = result.unwrap_or_else(|| Err(stuck()));
        RootOutcome { result, signal: first }
    }
}

impl Default for Root {
    fn default() -> Self {
        Self::new()
    }
}

impl Gears {
    /// Puts the next gear in, and says so.
    fn shift(&self, gear: Gear, root: &ScopeHandle, why: &str) {
        match gear {
            Gear::Running => {}
            Gear::Draining => {
                tracing::info!(why, "draining: no new work, what is queued is finished");
                root.drain_until(until(self.drain));
            }
            Gear::Cancelling => {
                tracing::warn!(why, "cancelling: work is dropped at its next await, clean-up runs");
                root.cancel_within(Cause::Shutdown, self.clean_up);
            }
            Gear::Aborting => {
                tracing::error!(why, "aborting: shields and clean-up are dropped");
                root.abort(Cause::Shutdown);
            }
            Gear::Stuck => {
                tracing::error!(
                    "something does not yield and cannot be stopped; the program goes on without it"
                )
            }
        }
    }
}

/// A time that no clock can show is never.
fn until(time: Duration) -> std::time::Instant {
    let now = Instant::now();
    now.checked_add(time).unwrap_or(now + NEVER).into_std()
}

fn rearm(sleep: std::pin::Pin<&mut tokio::time::Sleep>, time: Option<Duration>) {
    let Some(time) = time else { return };
    sleep.reset(until(time).into());
}

/// What a root gives that does not wait for its body any more.
fn stuck() -> Cancelled {
    Cancelled::new(Cause::Shutdown)
}
