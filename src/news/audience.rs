//! Who hears what: subscribers by the name they listen for.

use super::Event;
use crate::stream::SendStream;
use std::collections::HashMap;
use std::sync::Arc;

/// How many may have come before those who went are looked for.
const FEW: usize = 16;

pub(super) struct Audience<E> {
    of_all: Vec<SendStream<E>>,
    of_one: HashMap<Arc<str>, Vec<SendStream<E>>>,
    /// How many there were when those who went were last forgotten, and how many have come since.
    count: usize,
    /// At how many that is done again.
    limit: usize,
}

/// What stands in line.
pub(super) enum Item<E> {
    Told(E),
    Subscribed(Subscriber<E>),
}

/// One who listens, for one name or for all.
pub(super) struct Subscriber<E> {
    pub(super) about: Option<Arc<str>>,
    pub(super) sender: SendStream<E>,
}

impl<E: Event> Audience<E> {
    pub(super) fn new() -> Self {
        Self { of_all: Vec::new(), of_one: HashMap::new(), count: 0, limit: FEW }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.of_all.is_empty() && self.of_one.is_empty()
    }

    pub(super) fn hear(&mut self, item: Item<E>) {
        match item {
            Item::Told(event) => self.tell(&event),
            Item::Subscribed(subscriber) => self.admit(subscriber),
        }
    }

    fn admit(&mut self, subscriber: Subscriber<E>) {
        if self.count == self.limit {
            self.forget_those_who_went();
        }
        self.count += 1;
        match subscriber.about {
            None => self.of_all.push(subscriber.sender),
            Some(name) => self.of_one.entry(name).or_default().push(subscriber.sender),
        }
    }

    fn tell(&mut self, event: &E) {
        tell_each(&mut self.of_all, event);
        let Some(listeners) = self.of_one.get_mut(event.about()) else { return };
        tell_each(listeners, event);
        if listeners.is_empty() {
            self.of_one.remove(event.about());
        }
    }

    /// Subscribers of names about which nothing is told any more would stay for ever otherwise.
    fn forget_those_who_went(&mut self) {
        self.of_all.retain(|listener| !listener.is_closed());
        self.of_one.retain(|_, listeners| {
            listeners.retain(|listener| !listener.is_closed());
            !listeners.is_empty()
        });
        self.count = self.of_all.len() + self.of_one.values().map(Vec::len).sum::<usize>();
        self.limit = FEW.max(2 * self.count);
    }
}

/// One who does not take it any more is forgotten.
fn tell_each<E: Clone>(listeners: &mut Vec<SendStream<E>>, event: &E) {
    listeners.retain(|listener| listener.try_send(event.clone()).is_ok());
}
