//! What is handed to a node to be run beside its body, or after it.

use super::remains::Remains;
use super::runtime::BoxFuture;
use super::subject::Subject;
use core::panic::Location;

/// A clean-up or finalizer that has not begun.
pub(super) struct Deferred {
    pub(super) future: BoxFuture,
    /// Where it was given to its scope: its name in reports.
    pub(super) place: &'static Location<'static>,
}

/// What a scope did not take.
pub(super) enum Turned<T> {
    /// No scope is left that could.
    Alone(T),
    /// This scope is being aborted, or its budget is over.
    Refused(T, Subject),
}

/// Something for whoever polls a node.
pub(super) enum Mail {
    /// A clean-up: starts at once, beside the body.
    CleanUp(Deferred),
    /// The remains of a scope that foreign code dropped: polled at once, beside the body.
    Adopt(Remains),
}
