//! Faults that tests plant, to see that they are found. In what is shipped there are none.

#[cfg(not(test))]
pub(crate) const fn fault(_name: &str) -> bool {
    false
}

#[cfg(test)]
pub(crate) use planted::{fault, with_fault};

#[cfg(test)]
mod planted {
    use std::cell::Cell;

    thread_local! {
        static PLANTED: Cell<Option<&'static str>> = const { Cell::new(None) };
    }

    /// Whether this fault is planted in this thread now.
    pub(crate) fn fault(name: &str) -> bool {
        PLANTED.get() == Some(name)
    }

    /// What comes of this while the fault is planted; `None` if it panics.
    pub(crate) fn with_fault<T>(name: &'static str, run: impl FnOnce() -> T) -> Option<T> {
        PLANTED.set(Some(name));
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
        PLANTED.set(None);
        outcome.ok()
    }
}
