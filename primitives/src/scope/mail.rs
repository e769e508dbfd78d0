//! What is handed to a node to be run beside its body, or after it.

use super::remains::Remains;
use super::runtime::BoxFuture;

/// An async finalizer that waits for its turn.
pub(super) struct Deferred {
    pub(super) future: BoxFuture,
}

/// Something for whoever polls a node.
pub(super) enum Mail {
    /// A clean-up: starts at once, beside the body.
    CleanUp(BoxFuture),
    /// The remains of a scope that foreign code dropped: polled at once, beside the body.
    Adopt(Remains),
}
