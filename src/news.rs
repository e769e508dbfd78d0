//! What is told of changes to a list: to each subscriber once, in the order in which they were made.
//!
//! # Invariants
//!
//! 1. Changes are made one at a time, under one lock. Under it no foreign code runs: what a change takes out of a list
//!    is dropped, and subscribers are woken, after it was released.
//! 2. What a change tells stands in line under the same lock, and so does a subscription: a subscriber hears of every
//!    change after it, and of none before.
//! 3. One thread at a time delivers what stands in line, without the lock; whoever finds another at it leaves it to that
//!    one. So each hears of the changes in their order.
//!
//! Lock order: this one, then those of the list itself. Whoever only reads the list takes none of this.

mod audience;

use crate::contain::contain;
use crate::stream::{Capacity, ReceiveStream, memory_stream};
use audience::{Audience, Item, Subscriber};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What can be told of a change.
pub(crate) trait Event: Clone {
    /// The name that it is about.
    fn about(&self) -> &Arc<str>;
}

pub(crate) struct News<E> {
    desk: Mutex<Desk<E>>,
}

pub(crate) struct Desk<E> {
    line: VecDeque<Item<E>>,
    /// Who hears it; away while somebody delivers.
    audience: Option<Audience<E>>,
}

impl<E: Event> News<E> {
    pub(crate) fn new() -> Self {
        Self { desk: Mutex::new(Desk { line: VecDeque::new(), audience: Some(Audience::new()) }) }
    }

    /// Makes a change, then delivers what it tells.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut Desk<E>) -> R) -> R {
        let changed = change(&mut self.desk());
        self.deliver();
        changed
    }

    fn deliver(&self) {
        let Some(mut audience) = self.desk().audience_for_what_waits() else { return };
        while let Some(item) = self.next(&mut audience) {
            // With an event the last of a user's value may be dropped.
            contain("the drop of a value in a registry", || audience.hear(item));
        }
    }

    /// What stands first. Without anything left the audience goes back in the same step: whoever puts something in line
    /// after that delivers it.
    fn next(&self, audience: &mut Audience<E>) -> Option<Item<E>> {
        let mut desk = self.desk();
        let item = desk.line.pop_front();
        if item.is_none() {
            desk.audience = Some(std::mem::replace(audience, Audience::new()));
        }
        item
    }

    fn desk(&self) -> MutexGuard<'_, Desk<E>> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Event> Desk<E> {
    /// Puts an event in line, if somebody may hear it.
    pub(crate) fn tell(&mut self, event: impl FnOnce() -> E) {
        let nobody = self.line.is_empty() && self.audience.as_ref().is_some_and(Audience::is_empty);
        if !nobody {
            self.line.push_back(Item::Told(event()));
        }
    }

    /// A stream of what is told from now on, about this name or about all.
    pub(crate) fn subscribe(&mut self, about: Option<Arc<str>>) -> ReceiveStream<E> {
        let (sender, receiver) = memory_stream(Capacity::Unbounded);
        self.line.push_back(Item::Subscribed(Subscriber { about, sender }));
        receiver
    }

    /// `None` when nothing waits, or another delivers it.
    fn audience_for_what_waits(&mut self) -> Option<Audience<E>> {
        if self.line.is_empty() { None } else { self.audience.take() }
    }
}
