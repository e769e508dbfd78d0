//! The cancel scope and its future.

use super::cause::Cancelled;
use super::frame::{Ended, Frame, Plan};
use super::handle::ScopeHandle;
use super::tree;
use core::fmt;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;
use std::panic::resume_unwind;
use std::time::Instant;

/// A scope that has not begun: shield and deadline are chosen, handles given out, then
/// [`run`](CancelScope::run) gives it a body.
///
/// # Examples
///
/// ```
/// use arbour_primitives::scope::CancelScope;
///
/// # futures::executor::block_on(async {
/// let scope = CancelScope::new();
/// let handle = scope.handle();
/// let outcome = scope
///     .run(async {
///         handle.cancel("enough");
///         std::future::pending::<()>().await;
///     })
///     .await;
/// assert_eq!(outcome.unwrap_err().to_string(), "cancelled: enough");
/// # });
/// ```
#[must_use = "a scope does nothing until it runs a body"]
pub struct CancelScope {
    /// `None` once it was given to the running scope.
    handle: Option<ScopeHandle>,
}

impl CancelScope {
    /// A scope without a deadline and without a shield. It is in no tree until its body is first
    /// polled; a `cancel` before that is kept.
    pub fn new() -> Self {
        let node = tree::lock().fresh(Plan::Scope.link(), false);
        Self { handle: Some(ScopeHandle { node }) }
    }

    /// Sets the deadline, an absolute time; without one there is no limit.
    pub fn deadline(self, deadline: Instant) -> Self {
        self.handle().set_deadline(Some(deadline));
        self
    }

    /// Puts a shield on, so that cancellation from outside does not reach the body.
    #[track_caller]
    pub fn shield(self, shield: bool) -> Self {
        let handle = self.handle();
        handle.set_shield(shield);
        tree::lock().note_place(&handle.node, Location::caller());
        self
    }

    /// A handle, which also works before the scope begins.
    ///
    /// # Panics
    ///
    /// Never: the handle is there until `run` consumes the scope.
    #[must_use]
    pub fn handle(&self) -> ScopeHandle {
        self.handle.clone().expect("a scope that has not begun has its handle")
    }

    /// Runs `body` in this scope. The scope is placed under the one current at the first poll.
    ///
    /// # Cancel safety
    ///
    /// A scope dropped half-way by foreign code is adopted by the nearest living scope: its
    /// children are cancelled, its clean-up and finalizers run.
    ///
    /// # Errors
    ///
    /// [`Cancelled`] when the scope itself was cancelled and its body gave no value. Cancelled from
    /// outside, it ends its body and stays pending: the outermost cancelled scope resolves.
    ///
    /// # Panics
    ///
    /// Resumes a panic of the body, after children, clean-up and finalizers have ended.
    pub fn run<F: Future>(mut self, body: F) -> Scope<F> {
        let frame = match self.handle.take() {
            Some(handle) => Frame::with_node(body, handle.node, Plan::Scope, ()),
            None => Frame::new(body, Plan::Scope, ()),
        };
        Scope { frame }
    }
}

impl Default for CancelScope {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for CancelScope {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            tree::change(|tree, effects| tree.end_node(handle.node, effects));
        }
    }
}

impl fmt::Debug for CancelScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelScope").field("handle", &self.handle).finish()
    }
}

pin_project! {
    /// The future of [`CancelScope::run`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Scope<F: Future> {
        #[pin]
        frame: Frame<F>,
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = Result<F::Output, Cancelled>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().frame.poll_end(cx).map(resolve)
    }
}

/// What a scope resolves to.
#[inline]
pub(super) fn resolve<T>(how: Ended<T>) -> Result<T, Cancelled> {
    match how {
        Ended::Value(value) => Ok(value),
        Ended::Cancelled(cancelled) => Err(cancelled),
        Ended::Panicked(payload) => resume_unwind(payload),
    }
}

impl<F: Future> fmt::Debug for Scope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}
