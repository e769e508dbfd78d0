//! Running a blocking function on a thread, from asynchronous code.

use super::attendance::{Attendance, Attended, Outcome, Runner, Slot, Work};
use super::caught::Caught;
use super::context::Call;
use super::error::ThreadError;
use super::runtime_handle::RuntimeHandle;
use crate::carried::Carried;
use crate::panic::discard;
use crate::scope::CancelScope;
use arbour_primitives::scope::{ScopeHandle, panic_message, shield};
use arbour_primitives::sync::CapacityLimiter;
use futures::channel::oneshot;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::{Arc, OnceLock};
use tokio::runtime::Handle;

/// The tokens of [`default_limiter`].
const DEFAULT_TOKENS: usize = 40;

/// The limiter of every call that names none: 40 tokens for the whole process. Its total may be changed.
///
/// # Examples
///
/// ```
/// use arbour::thread::default_limiter;
///
/// assert_eq!(default_limiter().total(), 40);
/// ```
#[must_use]
pub fn default_limiter() -> &'static CapacityLimiter {
    static LIMITER: OnceLock<CapacityLimiter> = OnceLock::new();
    LIMITER.get_or_init(|| CapacityLimiter::new(DEFAULT_TOKENS))
}

/// What a cancelled caller does about the thread, or the other runtime, that it waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(clippy::exhaustive_enums, reason = "one waits or one does not")]
pub enum OnCancel {
    /// It waits, as behind a shield, and gets the value.
    #[default]
    Wait,
    /// It goes at once; what it started runs on, and what that gives is dropped.
    Abandon,
}

/// Runs a blocking function on a thread of the runtime's blocking pool, behind [`default_limiter`].
///
/// Inside the thread, the caller's tracing span and scoped values are in force, and [`is_cancelled`](super::is_cancelled) and
/// [`block_on`](super::block_on) know the caller.
///
/// # Cancel safety
///
/// In a cancelled scope the function is never begun, also if the call waited for a token or a thread before. Once
/// begun, the call withstands cancellation like a [`shield`], and delivers the value. [`call`] can
/// choose otherwise.
///
/// Dropped half-way by foreign code, a function that has begun belongs to the enclosing scope, which waits for it
/// within its clean-up budget; after that, or without a scope, it counts as [`abandoned`](super::abandoned).
///
/// # Errors
///
/// [`ThreadError`] when the function was not run: no runtime here, no thread to be had, or the runtime is shutting
/// down.
///
/// # Panics
///
/// Resumes a panic of the function.
///
/// # Examples
///
/// ```
/// use arbour::{testing::block_on, thread};
///
/// block_on(async {
///     let digest = thread::run_sync(|| (0..1000_u64).sum::<u64>()).await;
///     assert_eq!(digest.unwrap(), 499_500);
/// });
/// ```
#[track_caller]
pub fn run_sync<F, T>(function: F) -> impl Future<Output = Result<T, ThreadError>> + Send + use<F, T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    call().run_sync(function)
}

/// A call into a thread with a limiter of its own, or another way to be cancelled.
///
/// # Examples
///
/// ```
/// use arbour::sync::CapacityLimiter;
/// use arbour::{testing::block_on, thread};
///
/// block_on(async {
///     let one_at_a_time = CapacityLimiter::new(1);
///     let line = thread::call().limiter(&one_at_a_time).run_sync(|| "read from a slow disk").await;
///     assert_eq!(line.unwrap(), "read from a slow disk");
///     assert_eq!(one_at_a_time.borrowed(), 0);
/// });
/// ```
pub fn call() -> CallBuilder {
    CallBuilder { limiter: default_limiter().clone(), on_cancel: OnCancel::Wait }
}

/// A call into a thread that is about to be made; see [`call`].
#[derive(Debug, Clone)]
#[must_use = "nothing is run yet"]
pub struct CallBuilder {
    limiter: CapacityLimiter,
    on_cancel: OnCancel,
}

impl CallBuilder {
    /// The limiter that gives the token. Default: [`default_limiter`].
    pub fn limiter(mut self, limiter: &CapacityLimiter) -> Self {
        self.limiter = limiter.clone();
        self
    }

    /// What a cancelled caller does. Default: [`OnCancel::Wait`].
    ///
    /// An abandoned function keeps its token until it returns. What it runs on the runtime stands outside of the
    /// caller's scope, from the beginning.
    pub fn on_cancel(mut self, on_cancel: OnCancel) -> Self {
        self.on_cancel = on_cancel;
        self
    }

    /// Runs the function. See [`run_sync`].
    ///
    /// # Cancel safety
    ///
    /// As for [`run_sync`]; with [`OnCancel::Abandon`], a cancelled or dropped call ends at once.
    ///
    /// # Errors
    ///
    /// As for [`run_sync`].
    ///
    /// # Panics
    ///
    /// As for [`run_sync`]. A panic of an abandoned function goes nowhere.
    #[track_caller]
    pub fn run_sync<F, T>(
        self,
        function: F,
    ) -> impl Future<Output = Result<T, ThreadError>> + Send + use<F, T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let place = Location::caller();
        async move {
            crate::runtime::install();
            let runtime = Handle::try_current().map_err(|_| ThreadError::NoRuntime { place })?;
            let scope = CancelScope::new();
            let in_scope = InScope { options: self, place, runtime, scope: scope.handle() };
            match scope.run(in_scope.run(function)).await {
                Ok(Ok(outcome)) => Ok(Caught::value_or_resume(outcome)),
                Ok(Err(error)) => Err(error),
                Err(cancelled) => Err(ThreadError::Cancelled { place, cause: cancelled.cause }),
            }
        }
    }
}

/// A call within its scope.
struct InScope {
    options: CallBuilder,
    place: &'static Location<'static>,
    runtime: Handle,
    scope: ScopeHandle,
}

impl InScope {
    /// Hands the function to a thread as often as a cancellation takes it back and is then lifted.
    async fn run<F, T>(self, mut function: F) -> Result<Outcome<T>, ThreadError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        loop {
            let token = self.options.limiter.acquire().await;
            if self.scope.is_cancelled() {
                // The next wait for a token does not begin before that is lifted.
                continue;
            }
            let (result, outcome) = oneshot::channel();
            let slot = Slot::new(Work { function, token, result });
            let call = self.hand_over(&slot)?;
            let on_cancel = self.options.on_cancel;
            let mut attendance = Attendance::new(slot, call, outcome, on_cancel, self.scope.cancelled());
            let attended = poll_fn(move |cx| attendance.poll(cx));
            let attended = match on_cancel {
                OnCancel::Wait => shield(attended).await,
                OnCancel::Abandon => attended.await,
            };
            match attended {
                Attended::Ended(outcome) => return Ok(outcome),
                Attended::TakenBack(work) => function = work.function,
                Attended::Dropped => return Err(ThreadError::ShuttingDown { place: self.place }),
            }
        }
    }

    /// Gives the work to the runtime's blocking pool.
    fn hand_over<F, T>(&self, slot: &Arc<Slot<F, T>>) -> Result<Arc<Call>, ThreadError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let host = (self.options.on_cancel == OnCancel::Wait).then(|| self.scope.clone());
        let way_back = RuntimeHandle::new(self.runtime.clone(), host);
        let call = Arc::new(Call::new(self.place, self.scope.clone(), way_back));
        let runner = Runner { slot: Arc::clone(slot), call: Arc::clone(&call) };
        let mut carried = Carried::capture();
        let run = move || carried.run(|| runner.run());
        // The pool says by a panic that the system gave it no thread. It keeps `run`, which then finds the slot
        // empty should it ever have its turn.
        let spawned = catch_unwind(AssertUnwindSafe(|| drop(self.runtime.spawn_blocking(run))));
        spawned.map_err(|payload| {
            discard("a call into a thread", slot.take_back(&call));
            ThreadError::NoThread { place: self.place, reason: panic_message(&payload).to_owned() }
        })?;
        Ok(call)
    }
}
