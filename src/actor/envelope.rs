//! What travels with a message: who waits for its reply, and who sent it.

use super::diagnostics::{Held, Waiting};
use std::sync::Arc;
use std::time::Instant;
use tracing::Span;
use tracing::level_filters::LevelFilter;

/// A message in a mailbox.
pub(super) struct Envelope<M> {
    pub(super) message: M,
    /// `None` for a message that is told while nobody traces: that is all it costs.
    pub(super) witness: Option<Witness>,
}

impl<M> Envelope<M> {
    pub(super) fn telling(message: M) -> Self {
        let mut envelope = Self::own(message);
        envelope.trace();
        envelope
    }

    /// Notes the span of whoever sends it, if anybody traces.
    #[inline]
    pub(super) fn trace(&mut self) {
        if LevelFilter::current() != LevelFilter::OFF {
            self.witness = Sender::of_now().map(|sender| Witness { of: Arc::new(sender) });
        }
    }

    /// One that the actor has set itself.
    pub(super) fn own(message: M) -> Self {
        Self { message, witness: None }
    }

    pub(super) fn asking(message: M, witness: Witness) -> Self {
        Self { message, witness: Some(witness) }
    }

    pub(super) fn map<N>(self, convert: impl FnOnce(M) -> N) -> Envelope<N> {
        Envelope { message: convert(self.message), witness: self.witness }
    }
}

/// Where a message comes from.
pub(super) struct Sender {
    span: Option<Span>,
    /// By when an asker wants its reply.
    pub(super) deadline: Option<Instant>,
    /// That an actor which asks waits for the one that is asked.
    waits: Option<Held>,
}

impl Sender {
    pub(super) fn now(deadline: Option<Instant>, waiting: Waiting) -> Self {
        Self { span: current_span(), deadline, waits: Some(Held::new(waiting)) }
    }

    /// Nobody waits any more.
    #[inline]
    pub(super) fn waits_no_more(&self) {
        if let Some(held) = &self.waits {
            held.let_go();
        }
    }

    fn of_now() -> Option<Self> {
        current_span().map(|span| Self { span: Some(span), deadline: None, waits: None })
    }
}

/// The span of whoever sends, if anybody traces.
fn current_span() -> Option<Span> {
    if LevelFilter::current() == LevelFilter::OFF {
        return None;
    }
    let span = Span::current();
    (!span.is_none()).then_some(span)
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Fate {
    /// Not handled, or its handler was cancelled.
    Stopped = 0,
    /// Its handler failed or panicked.
    Crashed = 1,
    Handled = 2,
    /// There was no place for it in the mailbox.
    Refused = 3,
}

/// What the actor's loop sees of whoever sent a message, without the type of the reply.
pub(super) trait Companion: Send + Sync {
    fn sender(&self) -> &Sender;

    /// The handler is about to begin; false when nobody waits for the reply any more.
    fn begin(&self) -> bool {
        true
    }

    fn is_abandoned(&self) -> bool {
        false
    }

    /// What became of the message: the reason, should no reply come.
    fn became(&self, fate: Fate) {
        let _ = fate;
    }

    fn join(&self) {}

    fn leave(&self) {}
}

impl Companion for Sender {
    fn sender(&self) -> &Sender {
        self
    }
}

/// Says what becomes of a message; as long as it lives, an unsent reply is not given up.
pub(super) struct Witness {
    of: Arc<dyn Companion>,
}

impl Witness {
    /// `of` counts it already.
    pub(super) fn counted(of: Arc<dyn Companion>) -> Self {
        Self { of }
    }

    pub(super) fn begin(&self) -> bool {
        self.of.begin()
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.of.is_abandoned()
    }

    pub(super) fn became(&self, fate: Fate) {
        self.of.became(fate);
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.of.sender().deadline
    }

    pub(super) fn span(&self) -> Option<&Span> {
        self.of.sender().span.as_ref()
    }
}

impl Clone for Witness {
    fn clone(&self) -> Self {
        self.of.join();
        Self { of: Arc::clone(&self.of) }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.of.leave();
    }
}
