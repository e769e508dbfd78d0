//! A panic on its way to another thread, with the place where it happened.

use crate::failure::Failure;
use crate::panic::{self, PanicPlace};
use arbour_primitives::scope::{Payload, panic_message};
use std::fmt;
use std::panic::resume_unwind;

/// What a panic carried, and where it was; without this the place would stay with the thread that panicked.
pub(super) struct Caught {
    payload: Payload,
    place: Option<PanicPlace>,
}

impl Caught {
    /// Takes over a panic that was caught on this thread just now.
    pub(super) fn here(payload: Payload) -> Self {
        Self { payload, place: panic::take() }
    }

    /// The value, or the panic, which goes on on this thread.
    pub(super) fn value_or_resume<T>(outcome: Result<T, Self>) -> T {
        outcome.unwrap_or_else(|caught| {
            panic::put(caught.place);
            resume_unwind(caught.payload)
        })
    }

    /// The failure of whoever panicked.
    pub(super) fn into_failure(mut self) -> Failure {
        panic::put(self.place);
        Failure::from_panic(&mut self.payload)
    }
}

impl fmt::Display for Caught {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(panic_message(&self.payload))
    }
}
