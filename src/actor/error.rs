//! Why a message was not taken, and why there is no reply.

use std::fmt;
use std::sync::Arc;

/// A message was not taken. Hands it back.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TellError<M> {
    /// The actor has ended, or is being drained.
    #[error("the actor has stopped or is stopping; the message was not delivered")]
    Stopped(M),
    /// The mailbox is full, and is not to be waited for: as it was declared, or because of `try_tell`.
    #[error("the actor's mailbox is full; the message was not delivered")]
    Full(M),
    /// Whoever sends would wait for itself.
    #[error("the message was not delivered: {circle}")]
    WouldDeadlock {
        /// The message, untouched.
        message: M,
        /// Who waits for whom.
        circle: Circle,
    },
    /// It would block a thread that runs asynchronous code.
    #[error(
        "the message was not delivered: it would block a thread that runs asynchronous code; await `tell` there"
    )]
    WouldBlock(M),
}

impl<M> TellError<M> {
    /// The message, untouched.
    pub fn into_message(self) -> M {
        match self {
            Self::Stopped(message) | Self::Full(message) | Self::WouldBlock(message) => message,
            Self::WouldDeadlock { message, .. } => message,
        }
    }

    pub(super) fn map<N>(self, convert: impl FnOnce(M) -> N) -> TellError<N> {
        match self {
            Self::Stopped(message) => TellError::Stopped(convert(message)),
            Self::Full(message) => TellError::Full(convert(message)),
            Self::WouldBlock(message) => TellError::WouldBlock(convert(message)),
            Self::WouldDeadlock { message, circle } => {
                TellError::WouldDeadlock { message: convert(message), circle }
            }
        }
    }
}

impl<M> fmt::Debug for TellError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped(_) => f.write_str("TellError::Stopped"),
            Self::Full(_) => f.write_str("TellError::Full"),
            Self::WouldDeadlock { circle, .. } => {
                f.debug_tuple("TellError::WouldDeadlock").field(circle).finish()
            }
            Self::WouldBlock(_) => f.write_str("TellError::WouldBlock"),
        }
    }
}

/// Why there is no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The actor had stopped, or stopped before it handled the message, or while it did.
    #[error("no reply: the actor has stopped")]
    Stopped,
    /// The handler failed or panicked on this message, as often as it was delivered.
    #[error("no reply: the actor crashed while it handled the message")]
    Crashed,
    /// The message was handled, and the reply was dropped unsent.
    #[error("no reply: the message was handled and the reply was dropped unsent")]
    NoReply,
    /// There was no place for the message in the mailbox, or it was displaced by another.
    #[error("no reply: the actor's mailbox is full")]
    Refused,
    /// The time was up.
    #[error("no reply in time: the message {0}")]
    TimedOut(Progress),
    /// Whoever asks would wait for itself: the message was not sent.
    #[error("no reply: {0}")]
    WouldDeadlock(Circle),
    /// It would block a thread that runs asynchronous code: the message was not sent.
    #[error("no reply: it would block a thread that runs asynchronous code; await `ask` there")]
    WouldBlock,
}

impl AskError {
    /// The message could not be sent.
    pub(super) fn unsent<M>(refused: TellError<M>) -> Self {
        match refused {
            TellError::Stopped(_) => Self::Stopped,
            TellError::Full(_) => Self::Refused,
            TellError::WouldDeadlock { circle, .. } => Self::WouldDeadlock(circle),
            TellError::WouldBlock(_) => Self::WouldBlock,
        }
    }
}

/// How far a message had come when the time was up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// It was not handled, and will not be.
    NotHandled,
    /// Its handler had begun, and goes on.
    Unknown,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHandled => "was not handled, and will not be",
            Self::Unknown => "is being handled, or was",
        })
    }
}

/// Actors that would wait for each other: each for the next, the last for the first.
#[derive(Clone, PartialEq, Eq)]
pub struct Circle {
    names: Arc<[Arc<str>]>,
}

impl Circle {
    pub(super) fn new(names: impl IntoIterator<Item = Arc<str>>) -> Self {
        Self { names: names.into_iter().collect() }
    }

    /// The actors' names, beginning with the one that would have waited now.
    #[must_use]
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.names {
            [own] => write!(f, "the actor {own} would wait for itself"),
            [first, ..] => {
                f.write_str("these actors would wait for each other: ")?;
                self.names.iter().try_for_each(|name| write!(f, "{name} → "))?;
                f.write_str(first)
            }
            [] => f.write_str("an actor would wait for itself"),
        }
    }
}

impl fmt::Debug for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
