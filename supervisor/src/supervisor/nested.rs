//! A supervisor that is the child of another: what it tells, and hears from, the one around it.

use super::stop_by::StopBy;
use crate::child::ChildContext;
use std::time::Instant;

/// Where a supervisor stands. One that stands by itself has nobody to tell.
#[derive(Debug, Default)]
pub(crate) struct Nested {
    child: Option<(ChildContext, StopBy)>,
}

impl Nested {
    pub(crate) fn new(cx: ChildContext, stop_by: StopBy) -> Self {
        Self { child: Some((cx, stop_by)) }
    }

    /// Its children are up, and so it is.
    pub(super) fn ready(&self) {
        if let Some((cx, _)) = &self.child {
            cx.ready();
        }
    }

    /// By when it must have stopped, once it was asked to.
    pub(super) fn stop_by(&self) -> Option<Instant> {
        self.child.as_ref().and_then(|(_, stop_by)| stop_by.read())
    }
}
