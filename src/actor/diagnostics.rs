//! Watching actors for circles of waiting, slow handlers and deep mailboxes: the feature `diagnostics`.
//!
//! Without the feature all of this is nothing: types without size and calls without code.

#[cfg(feature = "diagnostics")]
mod graph;
#[cfg(not(feature = "diagnostics"))]
mod off;
#[cfg(feature = "diagnostics")]
mod on;

#[cfg(not(feature = "diagnostics"))]
pub(super) use off::{Depth, Held, Patience, Waiting, begin_to_wait, forget, is_watched, know};
#[cfg(feature = "diagnostics")]
pub(super) use on::{Depth, Held, Patience, Waiting, begin_to_wait, forget, is_watched, know};
#[cfg(feature = "diagnostics")]
pub use on::{report_deep_mailboxes_at, report_slow_handlers_after};
