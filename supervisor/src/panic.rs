//! Panics of the user's code: where one happened, kept by a hook for the failure that is made of it, and drops that
//! must not pass one on.

use arbour_primitives::scope::{panic_message, put_away};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;

thread_local! {
    static LAST: Cell<Option<PanicPlace>> = const { Cell::new(None) };
}

/// The place of a panic, and its backtrace where `RUST_BACKTRACE` asks for one.
#[derive(Debug)]
pub(crate) struct PanicPlace {
    pub(crate) location: String,
    pub(crate) backtrace: Option<Backtrace>,
}

impl fmt::Display for PanicPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.location)
    }
}

/// Puts a hook before the one that is installed, once. It notes the place and calls the other.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            note(info);
            previous(info);
        }));
    });
}

fn note(info: &PanicHookInfo<'_>) {
    let location = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then_some(backtrace);
    // While a thread ends there is no slot to keep it in; the failure then has no place.
    let _ = LAST.try_with(|last| last.set(Some(PanicPlace { location, backtrace })));
}

/// The place of the last panic on this thread, once.
pub(crate) fn take() -> Option<PanicPlace> {
    LAST.try_with(Cell::take).ok().flatten()
}

/// Notes the place of a panic that is about to be resumed here and happened on another thread.
pub(crate) fn put(place: Option<PanicPlace>) {
    let _ = LAST.try_with(|last| last.set(place));
}

/// Drops what is the user's: a panic of that is reported, with its owner, and goes no further.
pub(crate) fn discard<T>(owner: impl fmt::Display, owned: T) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(owned))) {
        let message = panic_message(&payload);
        tracing::error!(
            panic = message,
            "what {owner} owned panicked when it was dropped; nothing else is concerned"
        );
        put_away(payload);
    }
}
