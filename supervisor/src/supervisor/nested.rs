//! A supervisor that is the child of another: what it tells the one around it.

use super::handle::SupervisorHandle;
use super::inside::Inside;
use crate::child::ChildContext;

/// Where a supervisor stands. One that stands by itself has nobody to tell.
#[derive(Debug, Default)]
pub(crate) struct Nested {
    child: Option<(ChildContext, Inside)>,
}

impl Nested {
    pub(crate) fn new(cx: ChildContext, inside: Inside) -> Self {
        Self { child: Some((cx, inside)) }
    }

    /// It is about to run: from the one around it, it can be seen, and seen through.
    pub(super) fn enter(&self, itself: &SupervisorHandle) {
        if let Some((cx, inside)) = &self.child {
            itself.stands_in(cx.supervisor());
            inside.set(itself.clone());
        }
    }

    /// Its children are up, and so it is.
    pub(super) fn ready(&self) {
        if let Some((cx, _)) = &self.child {
            cx.ready();
        }
    }
}
