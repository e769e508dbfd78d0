//! What a mailbox holds, and what becomes of a message that finds it full.

use crate::stream::Capacity;

/// The mailbox of an actor: how many messages it holds, and what becomes of one that finds it full.
///
/// Default: 64 messages, and whoever sends waits for room. A number, or a [`Capacity`], is a mailbox with the default
/// policy.
///
/// # Examples
///
/// ```
/// use arbour::{Mailbox, Overflow};
///
/// let mailbox = Mailbox::bounded(2).overflow(Overflow::DropOldest);
/// assert_eq!(mailbox.overflow_policy(), Overflow::DropOldest);
/// assert_eq!(Mailbox::from(64), Mailbox::default());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Mailbox {
    pub(super) capacity: Capacity,
    pub(super) overflow: Overflow,
}

/// What becomes of a message that is told while the mailbox is full. Messages of asks count as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Overflow {
    /// Whoever sends waits for room: back-pressure. The default.
    #[default]
    Wait,
    /// It is handed back to whoever sends, at once.
    Refuse,
    /// It takes the place of the oldest message, which is [undelivered](super::ActorSpec::undelivered).
    DropOldest,
    /// It is [undelivered](super::ActorSpec::undelivered) itself.
    DropNewest,
}

impl Mailbox {
    /// A mailbox of so many messages; 0 is a rendezvous.
    pub fn bounded(messages: usize) -> Self {
        Capacity::from(messages).into()
    }

    /// A mailbox without limit: whoever sends is never held back, and memory is the limit.
    pub fn unbounded() -> Self {
        Capacity::Unbounded.into()
    }

    /// What becomes of a message that finds it full. Default: [`Overflow::Wait`].
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// What becomes of a message that finds it full.
    #[must_use]
    pub fn overflow_policy(&self) -> Overflow {
        self.overflow
    }

    /// How many messages it holds.
    #[must_use]
    pub fn capacity(&self) -> Capacity {
        self.capacity
    }
}

impl Default for Mailbox {
    fn default() -> Self {
        Self::bounded(64)
    }
}

impl From<usize> for Mailbox {
    fn from(messages: usize) -> Self {
        Self::bounded(messages)
    }
}

impl From<Capacity> for Mailbox {
    fn from(capacity: Capacity) -> Self {
        Self { capacity, overflow: Overflow::Wait }
    }
}

/// What becomes of the messages in the mailbox when the actor is restarted after it has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnRestart {
    /// The next incarnation handles them. The default.
    #[default]
    Keep,
    /// They are dropped; whoever asked hears [`AskError::Stopped`](super::AskError::Stopped).
    Drop,
    /// They are [undelivered](super::ActorSpec::undelivered).
    DeadLetter,
}

/// Why a message was not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Undelivered {
    /// The actor ended for good while it was queued.
    Stopped,
    /// The mailbox was full, and a newer message took its place.
    Displaced,
    /// The mailbox was full.
    Refused,
    /// The actor was restarted, and its mailbox is not [kept](OnRestart).
    Restarted,
}
