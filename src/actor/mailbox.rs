//! The mailbox of a slot: the stream, and the message in flight.
//!
//! # Invariants
//!
//! 1. At most one incarnation at a time takes from a mailbox; the supervisor keeps that.
//! 2. With redelivery, a message that is being handled has its copy in `flight`, until its handler
//!    returns. A copy that is found there when an incarnation begins is of a handler that failed or
//!    panicked: one that was cancelled takes its copy with it.
//! 3. A message is counted, in `taken`, when it is first taken.

use super::redelivery::Redelivery;
use super::reply::{Asker, Fate};
use crate::stream::ReceiveStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A message, with the asker that waits for its reply.
pub(super) struct Envelope<M> {
    pub(super) message: M,
    asker: Option<Arc<dyn Asker>>,
}

impl<M> Envelope<M> {
    pub(super) fn telling(message: M) -> Self {
        Self { message, asker: None }
    }

    pub(super) fn asking(message: M, asker: Arc<dyn Asker>) -> Self {
        Self { message, asker: Some(asker) }
    }

    fn became(&self, what: Fate) {
        if let Some(asker) = &self.asker {
            asker.became(what);
        }
    }

    fn asker_has_gone(&self) -> bool {
        self.asker.as_ref().is_some_and(|asker| asker.has_gone())
    }
}

pub(super) struct Mailbox<M> {
    name: Arc<str>,
    stream: ReceiveStream<Envelope<M>>,
    redelivery: Redelivery<M>,
    state: Mutex<State<M>>,
}

struct State<M> {
    taken: u64,
    flight: Option<Flight<M>>,
}

/// The copy of the message that is being handled.
struct Flight<M> {
    envelope: Envelope<M>,
    attempt: u32,
}

/// A message to handle.
pub(super) struct Delivery<'a, M> {
    /// `None` once it was given to the handler.
    message: Option<M>,
    asker: Option<Arc<dyn Asker>>,
    mailbox: &'a Mailbox<M>,
    pub(super) sequence: u64,
    pub(super) attempt: u32,
    fate: Fate,
}

impl<M> Mailbox<M> {
    pub(super) fn new(name: Arc<str>, stream: ReceiveStream<Envelope<M>>, redelivery: Redelivery<M>) -> Self {
        Self { name, stream, redelivery, state: Mutex::new(State { taken: 0, flight: None }) }
    }

    /// Refuses new work; what is queued can still be taken.
    pub(super) fn close(&self) {
        self.stream.close();
    }

    /// Takes new work again: the slot was drained and is started anew.
    pub(super) fn reopen(&self) {
        self.stream.reopen();
    }

    /// The message that the last incarnation failed on, if it is to be delivered again.
    pub(super) fn redeliver(&self) -> Option<Delivery<'_, M>> {
        let copy = self.redelivery.copy?;
        let (sequence, flight) = self.end_flight();
        let flight = flight?;
        if flight.attempt > self.redelivery.times {
            flight.envelope.became(Fate::Crashed);
            tracing::error!(
                actor = &*self.name,
                sequence,
                attempts = flight.attempt,
                "a message crashed the actor each time it was delivered; it is given up, and the actor goes on with the next"
            );
            return None;
        }
        let attempt = flight.attempt + 1;
        let message = copy(&flight.envelope.message);
        let asker = flight.envelope.asker.clone();
        self.state().flight = Some(Flight { attempt, ..flight });
        Some(self.delivery(message, asker, sequence, attempt))
    }

    /// The next message that somebody still wants; `None` when the mailbox has ended.
    pub(super) async fn next(&self) -> Option<Delivery<'_, M>> {
        loop {
            let envelope = self.stream.recv().await.ok()?;
            if !envelope.asker_has_gone() {
                return Some(self.take(envelope));
            }
        }
    }

    fn take(&self, envelope: Envelope<M>) -> Delivery<'_, M> {
        let Envelope { message, asker } = envelope;
        let delivery = self.delivery(message, asker, self.count(), 1);
        // A panic of the copy is one of the delivery.
        delivery.keep_copy();
        delivery
    }

    fn count(&self) -> u64 {
        let mut state = self.state();
        state.taken += 1;
        state.taken
    }

    /// Takes the copy in flight, with the number of its message.
    fn end_flight(&self) -> (u64, Option<Flight<M>>) {
        let mut state = self.state();
        (state.taken, state.flight.take())
    }

    fn delivery(
        &self,
        message: M,
        asker: Option<Arc<dyn Asker>>,
        sequence: u64,
        attempt: u32,
    ) -> Delivery<'_, M> {
        let message = Some(message);
        Delivery { message, asker, mailbox: self, sequence, attempt, fate: Fate::Stopped }
    }

    /// Nothing foreign runs under this lock: copies are made before it, and dropped after it.
    fn state(&self) -> MutexGuard<'_, State<M>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M> Delivery<'_, M> {
    fn keep_copy(&self) {
        let (Some(copy), Some(message)) = (self.mailbox.redelivery.copy, &self.message) else { return };
        let envelope = Envelope { message: copy(message), asker: self.asker.clone() };
        self.mailbox.state().flight = Some(Flight { envelope, attempt: self.attempt });
    }

    /// The message, for the handler.
    pub(super) fn message(&mut self) -> Option<M> {
        self.message.take()
    }

    /// The handler has returned.
    pub(super) fn handled(mut self, well: bool) {
        self.fate = if well { Fate::Handled } else { Fate::Crashed };
    }
}

impl<M> Drop for Delivery<'_, M> {
    fn drop(&mut self) {
        // A handler that neither returned nor panics was cancelled, which is no failure.
        let fate = if std::thread::panicking() { Fate::Crashed } else { self.fate };
        if let Some(asker) = &self.asker {
            asker.became(fate);
        }
        if fate == Fate::Crashed {
            let (actor, sequence, attempt) = (&*self.mailbox.name, self.sequence, self.attempt);
            tracing::warn!(actor, sequence, attempt, "the handler of a message failed");
        } else if self.mailbox.redelivery.copy.is_some() {
            let copy = self.mailbox.state().flight.take();
            drop(copy);
        }
    }
}
