//! Nothing is watched.

use crate::actor::error::Circle;
use std::sync::Arc;
use std::task::Context;

/// That an actor waits for another.
pub(in crate::actor) struct Waiting;

/// Where that is kept until the wait is over.
pub(in crate::actor) struct Held;

/// How long a handler is given.
pub(in crate::actor) struct Patience;

/// How deep a mailbox may be.
pub(in crate::actor) struct Depth;

#[inline]
pub(in crate::actor) const fn is_watched() -> bool {
    false
}

#[inline]
pub(in crate::actor) fn begin_to_wait(
    _slot: usize,
    _still: impl Fn() -> bool + Send + 'static,
) -> Result<Waiting, Circle> {
    Ok(Waiting)
}

#[inline]
pub(in crate::actor) fn know(_slot: usize, _name: &Arc<str>) {}

#[inline]
pub(in crate::actor) fn forget(_slot: usize) {}

impl Waiting {
    #[inline]
    pub(in crate::actor) fn of_nobody() -> Self {
        Self
    }
}

impl Held {
    #[inline]
    pub(in crate::actor) fn new(_waiting: Waiting) -> Self {
        Self
    }

    #[inline]
    pub(in crate::actor) fn let_go(&self) {}
}

impl Patience {
    #[inline]
    pub(in crate::actor) fn new(_actor: &Arc<str>, _kind: &'static str, _sequence: u64) -> Self {
        Self
    }

    #[inline]
    pub(in crate::actor) fn poll(&mut self, _cx: &mut Context<'_>) {}
}

impl Depth {
    #[inline]
    pub(in crate::actor) fn new() -> Self {
        Self
    }

    #[inline]
    pub(in crate::actor) fn look(&mut self, _actor: &str, _queued: impl FnOnce() -> usize) {}
}
