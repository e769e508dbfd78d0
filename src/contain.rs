//! Foreign code whose panic must not cost others what is theirs.

use arbour_primitives::scope::{panic_message, put_away};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs foreign code. A panic of it is reported, and goes no further.
pub(crate) fn contain(what: &'static str, foreign: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(foreign)) {
        let panicked = panic_message(&panic).to_owned();
        tracing::error!(panic = panicked, "{what} panicked; everything else goes on");
        put_away(panic);
    }
}
