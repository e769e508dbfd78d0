//! The cancel scope as users see it: one that knows the runtime, so that its deadline is kept.

use arbour_primitives::scope::{CancelScope as Bare, Scope, ScopeHandle};
use std::time::Instant;

/// A scope that has not begun: shield and deadline are chosen, handles given out, then
/// [`run`](CancelScope::run) gives it a body.
///
/// # Examples
///
/// ```
/// use arbour::CancelScope;
///
/// # arbour::testing::block_on(async {
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
#[derive(Debug)]
#[must_use = "a scope does nothing until it runs a body"]
pub struct CancelScope {
    bare: Bare,
}

impl CancelScope {
    /// A scope without a deadline and without a shield. It is in no tree until its body is first
    /// polled; a `cancel` before that is kept.
    pub fn new() -> Self {
        crate::runtime::install();
        Self { bare: Bare::new() }
    }

    /// Sets the deadline, an absolute time; without one there is no limit. A scope with a deadline must
    /// be polled inside a tokio runtime with its timer.
    pub fn deadline(self, deadline: Instant) -> Self {
        Self { bare: self.bare.deadline(deadline) }
    }

    /// Puts a shield on, so that cancellation from outside does not reach the body.
    #[track_caller]
    pub fn shield(self, shield: bool) -> Self {
        Self { bare: self.bare.shield(shield) }
    }

    /// A handle, which also works before the scope begins.
    #[must_use]
    pub fn handle(&self) -> ScopeHandle {
        self.bare.handle()
    }

    /// Runs `body` in this scope. The scope is placed under the one current at the first poll.
    ///
    /// # Cancel safety
    ///
    /// A scope dropped half-way by foreign code is adopted by the nearest living scope: its children
    /// are cancelled, its clean-up and finalizers run.
    ///
    /// # Errors
    ///
    /// [`Cancelled`](arbour_primitives::scope::Cancelled) when the scope itself was cancelled and its
    /// body gave no value. Cancelled from outside, it ends its body and stays pending: the outermost
    /// cancelled scope resolves.
    ///
    /// # Panics
    ///
    /// Resumes a panic of the body, after children, clean-up and finalizers have ended.
    pub fn run<F: Future>(self, body: F) -> Scope<F> {
        self.bare.run(body)
    }
}

impl Default for CancelScope {
    fn default() -> Self {
        Self::new()
    }
}
