//! Which actor's code runs on this thread: whoever would wait for it there would wait for itself.

use std::cell::Cell;

thread_local! {
    /// The identity of the slot whose hook or handler is polled here; 0 without one.
    static POLLED: Cell<usize> = const { Cell::new(0) };
}

/// Says, as long as it lives, that the code of this slot is polled on this thread.
pub(super) struct Polled {
    before: usize,
}

impl Polled {
    #[inline]
    pub(super) fn begin(slot: usize) -> Self {
        Self { before: POLLED.replace(slot) }
    }
}

impl Drop for Polled {
    fn drop(&mut self) {
        POLLED.set(self.before);
    }
}

/// The identity of the slot whose code is polled here; 0 without one.
#[cfg(feature = "diagnostics")]
pub(super) fn polled() -> usize {
    POLLED.get()
}

/// Whether the code of this slot is polled here. Tasks that it has spawned are not its own code.
pub(super) fn is_polled(slot: usize) -> bool {
    POLLED.get() == slot
}
