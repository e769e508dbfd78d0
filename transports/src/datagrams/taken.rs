//! What a sink of datagrams has taken and not sent yet.

use super::{DatagramError, Unsent};
use arbour_primitives::scope::Gate;
use std::collections::VecDeque;
use std::fmt;
use std::task::{Context, Poll, ready};

/// Objects on their way: one, for who asks before each whether the sink is ready.
pub(crate) struct Taken<T> {
    items: VecDeque<T>,
    gate: Gate,
}

impl<T> Taken<T> {
    pub(crate) fn new() -> Self {
        Self { items: VecDeque::new(), gate: Gate::new() }
    }

    pub(crate) fn push(&mut self, item: T) {
        self.items.push_back(item);
    }

    /// Sends all of it, one after the other. What cannot be sent is given back, and the next goes on behind it.
    pub(crate) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        mut send: impl FnMut(&mut Context<'_>, &T) -> Poll<Result<(), DatagramError>>,
    ) -> Poll<Result<(), Unsent<T>>> {
        ready!(self.gate.poll_enter(cx));
        while let Some(item) = self.items.front() {
            let sent = ready!(send(cx, item));
            if let (Some(item), Err(error)) = (self.items.pop_front(), sent) {
                return Poll::Ready(Err(Unsent { item, error }));
            }
        }
        self.gate = Gate::new();
        Poll::Ready(Ok(()))
    }
}

impl<T> fmt::Debug for Taken<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Taken").field(&self.items.len()).finish()
    }
}
