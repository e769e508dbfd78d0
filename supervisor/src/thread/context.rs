//! What a function in a thread can ask, and do, about the call that it serves.

use super::abandoned::Entry;
use super::error::CallError;
use super::runtime_handle::RuntimeHandle;
use arbour_primitives::scope::{Cause, ScopeHandle};
use std::cell::RefCell;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::runtime::Handle;

thread_local! {
    static CURRENT: RefCell<Option<Arc<Call>>> = const { RefCell::new(None) };
}

/// One call into a thread, as both sides see it.
pub(super) struct Call {
    pub(super) place: &'static Location<'static>,
    /// The scope around the call, under that of the caller.
    scope: ScopeHandle,
    way_back: RuntimeHandle,
    progress: Mutex<Progress>,
    /// Why the caller has gone, once it has.
    gone: OnceLock<Cause>,
}

/// How far the function is, for whoever wants to leave it: `Attended` → `Ended`, or → `Abandoned` → `Ended`.
enum Progress {
    Attended,
    Abandoned { _entry: Entry },
    Ended,
}

impl Call {
    pub(super) fn new(
        place: &'static Location<'static>,
        scope: ScopeHandle,
        way_back: RuntimeHandle,
    ) -> Self {
        Self { place, scope, way_back, progress: Mutex::new(Progress::Attended), gone: OnceLock::new() }
    }

    pub(super) fn way_back(&self) -> &RuntimeHandle {
        &self.way_back
    }

    /// Why the caller does not want the value any more, if so.
    fn cause(&self) -> Option<Cause> {
        let gone = self.gone.get().cloned();
        gone.or_else(|| self.scope.is_cancelled().then(|| self.scope.cause().unwrap_or(Cause::Dropped)))
    }

    /// The caller goes: by a cancellation, or dropped by foreign code.
    pub(super) fn leave(&self) {
        let cause = self.scope.cause().unwrap_or(Cause::Dropped);
        let _ = self.gone.set(cause);
    }

    /// Counts the call as abandoned, unless its function has returned.
    pub(super) fn abandon(&self) {
        let mut progress = self.progress();
        if matches!(*progress, Progress::Attended) {
            *progress = Progress::Abandoned { _entry: Entry::new(self.place) };
            tracing::warn!(
                place = %self.place,
                "a call into a thread was abandoned: its function runs on, and keeps thread and token until it returns"
            );
        }
    }

    /// The function has returned. Whether the call had been abandoned before.
    pub(super) fn end(&self) -> bool {
        let before = std::mem::replace(&mut *self.progress(), Progress::Ended);
        matches!(before, Progress::Abandoned { .. })
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `function` as the one that serves this call. It must not panic.
    pub(super) fn enter<T>(self: &Arc<Self>, function: impl FnOnce() -> T) -> T {
        let before = CURRENT.replace(Some(Arc::clone(self)));
        let value = function();
        CURRENT.set(before);
        value
    }
}

/// The call that this thread serves.
pub(super) fn current() -> Option<Arc<Call>> {
    CURRENT.with_borrow(Clone::clone)
}

/// Whether this thread serves a call that was made in `runtime`.
pub(super) fn is_thread_of(runtime: &Handle) -> bool {
    CURRENT.with_borrow(|call| call.as_ref().is_some_and(|call| call.way_back.runtime().id() == runtime.id()))
}

/// Whether the caller of this thread's function was cancelled, or has gone. False in every other thread.
///
/// # Examples
///
/// ```
/// use arbour::thread::{self, OnCancel};
/// use arbour::{CancelScope, testing::block_on};
///
/// block_on(async {
///     let scope = CancelScope::new();
///     let caller = scope.handle();
///     let outcome = scope.run(thread::run_sync(move || {
///         caller.cancel("not needed any more");
///         while !thread::is_cancelled() {} // here is where work would be done, piece by piece
///         "stopped early"
///     }));
///     // What was begun is waited for, and its value delivered.
///     assert_eq!(outcome.await.unwrap().unwrap(), "stopped early");
/// });
/// ```
#[must_use]
pub fn is_cancelled() -> bool {
    current().is_some_and(|call| call.cause().is_some())
}

/// Gives an error once the caller of this thread's function was cancelled, or has gone: a long function asks from
/// time to time, and returns early.
///
/// # Errors
///
/// [`CallError::Cancelled`] with the cause, and [`CallError::NoRuntime`] in every other thread.
pub fn check_cancelled() -> Result<(), CallError> {
    let call = current().ok_or(CallError::NoRuntime)?;
    call.cause().map_or(Ok(()), |cause| Err(CallError::Cancelled(cause)))
}

/// Runs a future on the caller's runtime, and blocks this thread for its value.
///
/// It is a child task of the call: under the caller's scope, cancelled with it. In a call that may be abandoned
/// ([`OnCancel::Abandon`](super::OnCancel::Abandon)) it stands outside of that scope, so that it can finish whatever
/// becomes of the caller.
///
/// In paused time this thread keeps the clock from going on: a future that waits for a timer waits for ever.
///
/// # Errors
///
/// [`CallError::Cancelled`] when the caller is cancelled before the future gives its value, or has gone,
/// [`CallError::Finished`] when the runtime has ended, and [`CallError::NoRuntime`] in every other thread: those take
/// a [`RuntimeHandle`].
///
/// # Panics
///
/// Resumes a panic of the future.
///
/// # Examples
///
/// ```
/// use arbour::{testing::block_on, thread};
///
/// block_on(async {
///     let (sender, receiver) = arbour::stream::memory_stream(1);
///     let sent = thread::run_sync(move || thread::block_on(async move { sender.send("from a thread").await }));
///     sent.await.unwrap().unwrap().unwrap();
///     assert_eq!(receiver.recv().await.unwrap(), "from a thread");
/// });
/// ```
#[track_caller]
pub fn block_on<F>(future: F) -> Result<F::Output, CallError>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let call = current().ok_or(CallError::NoRuntime)?;
    let outcome = call.way_back.block_on(future);
    match (outcome, call.gone.get()) {
        // The scope of a call that was dropped ends without the thread.
        (Err(CallError::Finished), Some(cause)) => Err(CallError::Cancelled(cause.clone())),
        (outcome, _) => outcome,
    }
}

/// Runs a function on a thread of the caller's runtime, and blocks this one for its value. See
/// [`RuntimeHandle::run`].
///
/// # Errors
///
/// As for [`block_on`], without the cancellation: a function has no await to be cancelled at.
///
/// # Panics
///
/// Resumes a panic of the function.
#[track_caller]
pub fn run_in_runtime<F, T>(function: F) -> Result<T, CallError>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    block_on(async move { function() })
}
