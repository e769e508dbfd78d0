//! The cloneable handle to a scope.

use super::cause::Cause;
use super::current;
use super::node::{ABORT, CANCELLED, DRAIN, Node};
use super::tree;
use core::task::Waker;
use std::time::Instant;

/// A handle to a scope: cancels it, asks it to drain, moves its deadline, lifts its shield.
///
/// A handle does not keep its scope open, and may be used from any thread, before the scope begins
/// and after it has ended; then its calls change nothing.
#[derive(Debug, Clone)]
pub struct ScopeHandle {
    pub(super) node: Node,
}

impl ScopeHandle {
    /// The scope that is current here, if any.
    ///
    /// Code of another task that an executor runs inside a scope's body sees no current scope.
    #[must_use]
    pub fn current() -> Option<Self> {
        current::node().map(|node| Self { node })
    }

    /// A number that no other scope of this process has, or will have.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.node.id()
    }

    /// Whether this scope is that one, or stands inside of it, however deep.
    ///
    /// It walks up from this scope.
    #[must_use]
    pub fn is_inside(&self, outer: &Self) -> bool {
        tree::lock().is_inside(self.node.index, outer.node.index)
    }

    /// Cancels the scope and everything inside. The first cause is kept.
    ///
    /// Every flag is set before anybody is woken; the innermost are woken first.
    pub fn cancel(&self, cause: impl Into<Cause>) {
        let cause = cause.into();
        tree::change(|tree, effects| tree.cancel(&self.node, cause, effects));
    }

    /// Asks the scope, and everything inside that no shield stands before, to come to an end by
    /// itself: [`stopping`](super::stopping) resolves there.
    pub fn drain(&self) {
        tree::change(|tree, effects| tree.drain(&self.node, effects));
    }

    /// Asks the scope to [drain](Self::drain), and says by when it and everything inside should have come to an end.
    ///
    /// Nothing happens at that time by itself: whoever asks says when it will go on to cancel. Of several times the
    /// earliest counts, also where they were said to different scopes on the way.
    pub fn drain_until(&self, until: Instant) {
        tree::change(|tree, effects| tree.drain_until(&self.node, until, effects));
    }

    /// By when the scope should have come to its end, if it, or one around it, was asked to
    /// [drain by a time](Self::drain_until).
    #[must_use]
    pub fn drain_deadline(&self) -> Option<Instant> {
        tree::lock().drain_deadline(&self.node)
    }

    /// Aborts the scope and everything inside: bodies are dropped though shielded, clean-ups and
    /// finalizers are dropped unrun, and reported.
    pub fn abort(&self, cause: impl Into<Cause>) {
        let cause = cause.into();
        tree::change(|tree, effects| tree.abort(&self.node, cause, effects));
    }

    /// Whether the scope is cancelled: by itself, or by an ancestor with no shield between.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.node.has(CANCELLED)
    }

    /// Whether the scope, or one around it, was asked to drain.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.node.has(DRAIN)
    }

    /// Whether the scope, or one around it, was aborted.
    #[must_use]
    pub fn is_aborted(&self) -> bool {
        self.node.has(ABORT)
    }

    /// Wakes `waker` at each change of what is asked of the scope (cancelled, lifted, draining), until
    /// the scope has ended; then the waker is dropped. For bridges to foreign kinds of cancellation.
    ///
    /// A change that came before this call wakes nobody, so look once after it.
    pub fn watch(&self, waker: &Waker) {
        tree::change(|tree, effects| tree.watch(&self.node, &mut 0, waker, effects));
    }

    /// The cause in force: the scope's own, or that of the nearest ancestor that cancels it.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        let cause = tree::lock().cause(&self.node)?;
        Some((*cause).clone())
    }

    /// The scope's own deadline.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        tree::lock().deadline(&self.node)
    }

    /// The nearest deadline in force: the scope's own, or one of an ancestor with no shield between.
    #[must_use]
    pub fn effective_deadline(&self) -> Option<Instant> {
        tree::lock().effective_deadline(&self.node)
    }

    /// Sets or takes away the scope's own deadline, also while it runs.
    ///
    /// A deadline that has passed cancels the scope at its next poll, which this call brings about.
    pub fn set_deadline(&self, deadline: Option<Instant>) {
        tree::change(|tree, effects| tree.set_deadline(&self.node, deadline, effects));
    }

    /// Whether cancellation from outside stops at this scope.
    #[must_use]
    pub fn is_shielded(&self) -> bool {
        tree::lock().is_shielded(&self.node)
    }

    /// Puts the scope's shield on or takes it off, also while it runs. A scope that is cancelled
    /// itself is not protected by its shield.
    pub fn set_shield(&self, shield: bool) {
        tree::change(|tree, effects| tree.set_shield(&self.node, shield, effects));
    }
}
