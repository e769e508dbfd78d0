//! Why a tell or an ask did not come about.

use std::fmt;

/// The actor takes no messages any more: it has ended, or is being drained. Hands the message back.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the actor has stopped or is stopping; the message was not delivered")]
#[non_exhaustive]
pub struct TellError<M> {
    /// The message, untouched.
    pub message: M,
}

impl<M> fmt::Debug for TellError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TellError").finish_non_exhaustive()
    }
}

/// A message was not taken at once. Hands it back.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TryTellError<M> {
    /// The mailbox is full, or others wait for room in it.
    #[error("the actor's mailbox is full; the message was not delivered")]
    Full(M),
    /// The actor has ended, or is being drained.
    #[error("the actor has stopped or is stopping; the message was not delivered")]
    Stopped(M),
}

impl<M> TryTellError<M> {
    /// The message, untouched.
    pub fn into_message(self) -> M {
        match self {
            Self::Full(message) | Self::Stopped(message) => message,
        }
    }
}

impl<M> fmt::Debug for TryTellError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "TryTellError::Full",
            Self::Stopped(_) => "TryTellError::Stopped",
        })
    }
}

/// Why there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
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
}
