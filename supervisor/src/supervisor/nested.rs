//! A supervisor that is the child of another: what it tells, and hears from, the one around it.

use super::handle::SupervisorHandle;
use super::inside::Inside;
use super::stop_by::StopBy;
use crate::child::ChildContext;
use std::time::Instant;

/// Where a supervisor stands. One that stands by itself has nobody to tell.
#[derive(Debug, Default)]
pub(crate) struct Nested {
    child: Option<(ChildContext, StopBy, Inside)>,
}

impl Nested {
    pub(crate) fn new(cx: ChildContext, stop_by: StopBy, inside: Inside) -> Self {
        Self { child: Some((cx, stop_by, inside)) }
    }

    /// It is about to run: from the one around it, it can be seen, and seen through.
    pub(super) fn enter(&self, itself: &SupervisorHandle) {
        if let Some((cx, _, inside)) = &self.child {
            itself.stands_in(cx.supervisor());
            inside.set(itself.clone());
        }
    }

    /// Its children are up, and so it is.
    pub(super) fn ready(&self) {
        if let Some((cx, ..)) = &self.child {
            cx.ready();
        }
    }

    /// By when it must have stopped, once it was asked to.
    pub(super) fn stop_by(&self) -> Option<Instant> {
        self.child.as_ref().and_then(|(_, stop_by, _)| stop_by.read())
    }
}
