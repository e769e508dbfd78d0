//! Cancel scopes: a body that can be cancelled from outside, and clean-up that always runs.
//!
//! A [`CancelScope`] runs a **body**, which is a future. Scopes form a tree; cancelling one cancels
//! everything inside. Delivery is by drop, in Rust's own way: the cancelled body is dropped at an
//! await, so any future takes part, nothing can swallow it, and nobody's error type needs a variant
//! for it.
//!
//! - [`lazily`] is a scope that costs next to nothing until its body asks for it.
//! - [`shield`] finishes a section even in a cancelled scope; [`catch_cancel`] reacts in place.
//! - [`defer`] runs a future after the body and its children; [`clean_up`] starts one at once,
//!   beside the body. Both are shielded, and the scope cannot end before they have.
//! - [`join!`](crate::join), [`race`], [`join_all`] and their kin poll several futures in one task, each
//!   in a node of its own.
//! - [`checkpoint`] and its kin are for code that computes for long between its awaits.
//! - [`cancelled`] and [`stopping`] wait for the two gears of stopping.
//!
//! What foreign code (`select!`, a timeout) drops half-way is adopted by the nearest scope that is
//! still alive. What needs a clock or a task is one crate above; see [`task`] and [`runtime`].
//!
//! The semantics follow Trio's and AnyIO's cancel scopes, translated to futures that are dropped.

mod after;
mod beat;
#[doc(hidden)]
pub mod branch;
mod budget;
mod catch;
mod cause;
mod checkpoint;
mod clean_up;
mod current;
mod effects;
mod few;
mod frame;
mod gate;
mod handle;
mod label;
mod lazy;
mod mail;
#[cfg(test)]
mod models;
mod node;
mod remains;
mod report;
mod run;
pub mod runtime;
mod shield;
mod subject;
mod survey;
pub mod task;
#[cfg(all(test, not(arbour_loom)))]
mod tests;
mod tree;
mod wait;

pub use beat::{Beats, Polling};
pub use branch::{
    AllFailed, FirstOk, JoinAll, NothingToRace, Race, Raced, TryJoinAll, first_ok, join_all, race,
    try_join_all,
};
pub use catch::{Catch, catch_cancel};
pub use cause::{Cancelled, Cause};
pub use checkpoint::{cancel_shielded_checkpoint, checkpoint, checkpoint_if_cancelled};
pub use clean_up::{Origin, clean_up, defer};
pub use frame::{Ended, Observe, Payload};
pub use gate::Gate;
pub use handle::ScopeHandle;
pub use label::{Kind, Label};
pub use lazy::{Lazily, lazily};
pub use run::{CancelScope, Scope};
pub use runtime::BoxFuture;
pub use shield::{Shield, shield};
pub use survey::{Sight, Stage, survey};
pub use wait::{UntilCancelled, UntilStopping, cancelled, is_called, stopping, take_nudge};

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a panic said, for a report.
#[must_use]
pub fn panic_message(payload: &Payload) -> &str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic whose payload is no text")
}

/// Drops what a panic carried, once it was told. That is the user's too, and its own panic goes no further: what that
/// one carries is leaked, for it may be no better.
#[doc(hidden)]
pub fn put_away(payload: Payload) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
}

/// Lets each outermost poll on this thread take so many units instead of the usual, so that a
/// simulation sees awaits yield that are ready; `None` puts the usual back.
#[doc(hidden)]
pub fn set_allowance(units: Option<u32>) {
    current::set_allowance(units);
}

/// The number of nodes that have not ended, in the whole process; for tests that look for leaks.
#[doc(hidden)]
#[must_use]
pub fn living_nodes() -> usize {
    tree::lock().living()
}
