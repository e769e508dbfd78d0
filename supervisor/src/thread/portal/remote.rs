//! Calling a portal from asynchronous code, of another runtime as a rule.

use super::{Portal, stopped_for_finished};
use crate::panic::discard;
use crate::thread::call::OnCancel;
use crate::thread::caught::Caught;
use crate::thread::error::CallError;
use crate::thread::runtime_handle::Child;
use arbour_primitives::scope::{Cause, Gate, ScopeHandle, UntilCancelled, clean_up, shield};
use std::future::poll_fn;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::task::Context;

impl Portal {
    /// Runs a future in the portal and awaits what it gives.
    ///
    /// # Cancel safety
    ///
    /// When the caller is cancelled, so is the future. With [`OnCancel::Wait`] the caller stays until that has ended,
    /// clean-up included, and gets its value if it gave one all the same; with [`OnCancel::Abandon`] it goes at once.
    /// The same holds for a drop by foreign code, where waiting is a clean-up of the scope around. In a cancelled
    /// scope nothing is begun.
    ///
    /// # Errors
    ///
    /// [`CallError::Cancelled`] when the portal was cancelled before the future gave a value, and
    /// [`CallError::Stopped`] when the portal takes no more calls.
    ///
    /// # Panics
    ///
    /// Resumes a panic of the future.
    ///
    /// # Examples
    ///
    /// ```
    /// use arbour::thread::{OnCancel, Portal};
    ///
    /// let portal = Portal::start()?;
    /// let answer = arbour::testing::block_on(portal.call_async(async { 42 }, OnCancel::Wait))?;
    /// assert_eq!(answer, 42);
    /// portal.finish();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn call_async<F>(
        &self,
        future: F,
        on_cancel: OnCancel,
    ) -> impl Future<Output = Result<F::Output, CallError>> + Send
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.call_async_at(Location::caller(), future, on_cancel)
    }

    async fn call_async_at<F>(
        &self,
        place: &'static Location<'static>,
        future: F,
        on_cancel: OnCancel,
    ) -> Result<F::Output, CallError>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        begin().await;
        let mut call = RemoteCall { child: Some(self.child(place, future)?), on_cancel };
        let host = ScopeHandle::current();
        let watched = host.as_ref().map(|host| (host, host.cancelled()));
        let outcome = match on_cancel {
            OnCancel::Wait => shield(call.ended(watched)).await,
            OnCancel::Abandon => call.ended(None).await,
        };
        if matches!(outcome, Err(CallError::Cancelled(_))) {
            // Where the caller is cancelled too, that is the same cancellation, and no error of its own.
            begin().await;
        }
        outcome.map(Caught::value_or_resume).map_err(stopped_for_finished)
    }
}

/// Pending while the current scope is cancelled.
async fn begin() {
    let mut gate = Gate::new();
    poll_fn(|cx| gate.poll_enter(cx)).await;
}

/// A caller's end of a call. Dropped early it cancels what it called.
struct RemoteCall<T: Send + 'static> {
    /// `None` once it has ended.
    child: Option<Child<T>>,
    on_cancel: OnCancel,
}

impl<T: Send + 'static> RemoteCall<T> {
    /// Waits for the end; a cancellation of the caller's scope, if it is `watched`, is passed on.
    async fn ended(
        &mut self,
        mut watched: Option<(&ScopeHandle, UntilCancelled)>,
    ) -> Result<Result<T, Caught>, CallError> {
        let Some(child) = &mut self.child else { return Err(CallError::Finished) };
        let scope = child.scope.clone();
        let mut pass_on = move |cx: &mut Context<'_>| {
            if let Some((host, cancelled)) = &mut watched
                && Pin::new(cancelled).poll(cx).is_ready()
            {
                scope.cancel(host.cause().unwrap_or(Cause::Dropped));
                watched = None;
            }
        };
        let outcome = {
            let mut ended = pin!(child.ended());
            poll_fn(|cx| {
                let ended = ended.as_mut().poll(cx);
                if ended.is_pending() {
                    pass_on(cx);
                }
                ended
            })
            .await
        };
        self.child = None;
        outcome
    }
}

impl<T: Send + 'static> Drop for RemoteCall<T> {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        child.scope.cancel("its caller has gone");
        if self.on_cancel == OnCancel::Wait {
            clean_up(async move {
                if let Ok(Err(panic)) = child
                    .ended()
                    .await
                    .map(|outcome| outcome.map(|value| discard("a call through a portal", value)))
                {
                    tracing::error!(%panic, "a call through a portal panicked after its caller was dropped");
                }
            });
        }
    }
}
