//! Whoever takes messages of a kind, without the type of the actor.

use super::Actor;
use super::address::Address;
use super::diagnostics::Waiting;
use super::envelope::Envelope;
use super::error::{AskError, Circle, TellError};
use super::reply::{PendingReply, Reply, request};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

type Delivering<'a, M> = Pin<Box<dyn Future<Output = Result<(), TellError<Envelope<M>>>> + Send + 'a>>;

/// Whoever takes messages `M`: an actor whose own messages can be made of them. Cheap to clone.
///
/// It is an address, and keeps its actor alive as one does.
///
/// # Examples
///
/// ```
/// use arbour::{Actor, Context, Failure, Recipient, spawn_actor, task_group};
///
/// struct Sum(u64);
///
/// enum Message {
///     Small(u8),
///     Large(u64),
/// }
///
/// impl From<u8> for Message {
///     fn from(n: u8) -> Self {
///         Self::Small(n)
///     }
/// }
///
/// impl Actor for Sum {
///     type Message = Message;
///
///     async fn handle(&mut self, message: Message, _: &mut Context<Self>) -> Result<(), Failure> {
///         self.0 += match message {
///             Message::Small(n) => n.into(),
///             Message::Large(n) => n,
///         };
///         Ok(())
///     }
/// }
///
/// # arbour::testing::block_on(async {
/// task_group(async |group| {
///     let sum = spawn_actor(&group, "sum", Sum(0), 16);
///     let bytes: Recipient<u8> = sum.recipient();
///     bytes.tell(7).await.unwrap();
///     sum.tell(Message::Large(700)).await.unwrap();
/// })
/// .await
/// .unwrap();
/// # });
/// ```
pub struct Recipient<M> {
    to: Arc<dyn Deliver<M>>,
}

/// An address without the type of its actor.
trait Deliver<M>: Send + Sync {
    fn name(&self) -> &Arc<str>;

    fn may_be_waited_for(&self) -> Result<Waiting, Circle>;

    fn deliver(&self, envelope: Envelope<M>) -> Delivering<'_, M>;

    fn try_deliver(&self, envelope: Envelope<M>) -> Result<(), TellError<Envelope<M>>>;
}

impl<A, M> Deliver<M> for Address<A>
where
    A: Actor<Message: From<M>>,
    M: Send + 'static,
{
    fn name(&self) -> &Arc<str> {
        &self.slot.name
    }

    fn may_be_waited_for(&self) -> Result<Waiting, Circle> {
        self.slot.may_be_waited_for()
    }

    fn deliver(&self, envelope: Envelope<M>) -> Delivering<'_, M> {
        Box::pin(self.deliver_converted(envelope))
    }

    fn try_deliver(&self, envelope: Envelope<M>) -> Result<(), TellError<Envelope<M>>> {
        self.try_deliver_converted(envelope)
    }
}

impl<M: Send + 'static> Recipient<M> {
    /// Sends a message; see [`Address::tell`].
    ///
    /// # Cancel safety
    ///
    /// As for [`Address::tell`].
    ///
    /// # Errors
    ///
    /// As for [`Address::tell`].
    pub async fn tell(&self, message: M) -> Result<(), TellError<M>> {
        let told = self.to.deliver(Envelope::telling(message)).await;
        told.map_err(|refused| refused.map(|envelope| envelope.message))
    }

    /// Sends a message if there is room at once; see [`Address::try_tell`].
    ///
    /// # Errors
    ///
    /// As for [`Address::try_tell`].
    pub fn try_tell(&self, message: M) -> Result<(), TellError<M>> {
        let told = self.to.try_deliver(Envelope::telling(message));
        told.map_err(|refused| refused.map(|envelope| envelope.message))
    }

    /// Sends a message with a way back, and waits for the reply; see [`Address::ask`].
    ///
    /// # Cancel safety
    ///
    /// As for [`Address::ask`].
    ///
    /// # Errors
    ///
    /// As for [`Address::ask`].
    pub async fn ask<R: Send + 'static>(&self, message: impl FnOnce(Reply<R>) -> M) -> Result<R, AskError> {
        let waiting = self.to.may_be_waited_for().map_err(AskError::WouldDeadlock)?;
        let (reply, witness, awaited) = request(None, waiting);
        let envelope = Envelope::asking(message(reply), witness);
        self.to.deliver(envelope).await.map_err(AskError::unsent)?;
        PendingReply::new(awaited, self.to.name()).await
    }
}

impl<M> Recipient<M> {
    /// The actor's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.to.name()
    }
}

impl<A: Actor> Address<A> {
    /// The actor as whoever takes these messages, of which its own can be made.
    #[must_use]
    pub fn recipient<M>(&self) -> Recipient<M>
    where
        A::Message: From<M>,
        M: Send + 'static,
    {
        Recipient { to: Arc::new(self.clone()) }
    }
}

impl<M> Clone for Recipient<M> {
    fn clone(&self) -> Self {
        Self { to: Arc::clone(&self.to) }
    }
}

impl<M> fmt::Debug for Recipient<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recipient").field("name", self.to.name()).finish()
    }
}
