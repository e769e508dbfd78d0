//! What the world outside wants of a supervisor.

use super::nested::Nested;
use crate::machine::Event;
use arbour_primitives::scope::{ScopeHandle, UntilCancelled, UntilStopping};
use std::pin::Pin;
use std::task::{Context, Poll};

/// What the world outside wants of the supervisor; each is heard once.
pub(super) struct Outside {
    scope: ScopeHandle,
    within: Nested,
    cancelled: Option<UntilCancelled>,
    stopping: Option<UntilStopping>,
}

impl Outside {
    pub(super) fn new(scope: ScopeHandle, within: Nested) -> Self {
        let (cancelled, stopping) = (Some(scope.cancelled()), Some(scope.stopping()));
        Self { scope, within, cancelled, stopping }
    }

    /// Tells the supervisor outside, if there is one, that all children are up.
    pub(super) fn all_ready(&self) {
        self.within.ready();
    }

    /// Ready with what is wanted now.
    pub(super) fn poll_wish(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if ready(&mut self.cancelled, cx) {
            return Poll::Ready(Event::CancelAll { clean_up_until: self.scope.clean_up_until() });
        }
        if ready(&mut self.stopping, cx) {
            return Poll::Ready(Event::Shutdown { deadline: self.scope.drain_deadline() });
        }
        Poll::Pending
    }
}

/// Polls something that happens once; afterwards it is gone.
fn ready<F: Future<Output = ()> + Unpin>(once: &mut Option<F>, cx: &mut Context<'_>) -> bool {
    let happened = once.as_mut().is_some_and(|future| Pin::new(future).poll(cx).is_ready());
    if happened {
        *once = None;
    }
    happened
}
