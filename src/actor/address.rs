//! The cloneable handle to an actor: tell and ask.

use super::Actor;
use super::error::{AskError, TellError, TryTellError};
use super::mailbox::Envelope;
use super::reply::Reply;
use crate::stream::{SendStream, Statistics, TrySendError};
use arbour_primitives::standstill::telling;
use std::fmt;
use std::sync::Arc;
use tokio::sync::oneshot;

/// The way to an actor: the sending end of its mailbox. Cheap to clone.
///
/// Of a supervised actor it outlives every crash. An actor that nobody supervises ends when its last
/// address is gone.
///
/// A handler that asks its own actor waits for itself for ever, and so does one that tells it while
/// the mailbox is full: [`try_tell`](Address::try_tell) does not.
pub struct Address<A: Actor> {
    pub(super) name: Arc<str>,
    pub(super) mailbox: SendStream<Envelope<A::Message>>,
}

impl<A: Actor> Address<A> {
    /// Sends a message; waits while the mailbox is full. Messages of one sender are handled in their
    /// order.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropped before it returns, the message is dropped unsent, and the place in the line of
    /// those who wait is given up.
    ///
    /// # Errors
    ///
    /// [`TellError`] with the message when the actor takes no messages any more.
    pub async fn tell(&self, message: A::Message) -> Result<(), TellError<A::Message>> {
        let sent = self.mailbox.send(Envelope::telling(message)).await;
        sent.map_err(|refused| TellError { message: refused.into_item().message })
    }

    /// Sends a message if there is room at once.
    ///
    /// # Errors
    ///
    /// [`TryTellError`] with the message.
    pub fn try_tell(&self, message: A::Message) -> Result<(), TryTellError<A::Message>> {
        self.mailbox.try_send(Envelope::telling(message)).map_err(|refused| match refused {
            TrySendError::Full(envelope) => TryTellError::Full(envelope.message),
            other => TryTellError::Stopped(other.into_item().message),
        })
    }

    /// Sends a message with a way back, and waits for the reply: `ask(Message::Total)` for a variant
    /// `Total(Reply<u64>)`.
    ///
    /// # Cancel safety
    ///
    /// Dropped before the message is handled, it is skipped. Dropped while it is handled, the handler
    /// goes on, and [`Reply::is_abandoned`] tells.
    ///
    /// # Errors
    ///
    /// [`AskError`] says why there is no reply.
    pub async fn ask<R: Send + 'static>(
        &self,
        message: impl FnOnce(Reply<R>) -> A::Message,
    ) -> Result<R, AskError> {
        let (answer, answered) = oneshot::channel();
        let reply = Reply::new(answer);
        let asker = reply.asker();
        let envelope = Envelope::asking(message(reply), asker);
        self.mailbox.send(envelope).await.map_err(|_| AskError::Stopped)?;
        telling(answered, || format!("the reply of the actor {}", self.name))
            .await
            .unwrap_or(Err(AskError::Stopped))
    }

    /// The actor's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How full the mailbox is, and who waits.
    #[must_use]
    pub fn mailbox(&self) -> Statistics {
        self.mailbox.statistics()
    }
}

impl<A: Actor> Clone for Address<A> {
    fn clone(&self) -> Self {
        Self { name: Arc::clone(&self.name), mailbox: self.mailbox.clone() }
    }
}

impl<A: Actor> fmt::Debug for Address<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("name", &self.name).field("queued", &self.mailbox.len()).finish()
    }
}
