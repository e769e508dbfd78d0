//! The future of an ask: the request is sent, then its reply waited for.

use super::Actor;
use super::address::Address;
use super::diagnostics::is_watched;
use super::envelope::Envelope;
use super::error::{AskError, TellError};
use super::reply::{Awaited, Reply, request};
use arbour_primitives::scope::Gate;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

type Sending<'a, M> = Pin<Box<dyn Future<Output = Result<(), TellError<Envelope<M>>>> + Send + 'a>>;

/// See the module. It is one await from its first poll to the reply.
pub(super) struct Ask<'a, A: Actor, R, F> {
    address: &'a Address<A>,
    gate: Gate,
    /// What makes the message, until that is done.
    message: Option<F>,
    /// Of a message that did not go straight into the mailbox.
    sending: Option<Sending<'a, A::Message>>,
    awaited: Option<Awaited<R>>,
}

/// Neither a message nor what makes it is pinned.
impl<A: Actor, R, F> Unpin for Ask<'_, A, R, F> {}

impl<'a, A, R, F> Ask<'a, A, R, F>
where
    A: Actor,
    R: Send + 'static,
    F: FnOnce(Reply<R>) -> A::Message,
{
    #[inline]
    pub(super) fn new(address: &'a Address<A>, message: F) -> Self {
        Self { address, gate: Gate::new(), message: Some(message), sending: None, awaited: None }
    }

    /// Sends the message, or begins to.
    #[inline]
    fn begin(&mut self, message: F) -> Result<(), AskError> {
        let address = self.address;
        let waiting = address.slot.may_be_waited_for().map_err(AskError::WouldDeadlock)?;
        let (reply, witness, awaited) = request(None, waiting);
        self.awaited = Some(awaited);
        let mut envelope = Some(Envelope::asking(message(reply), witness));
        if address.takes_straight() && !is_watched() {
            address.mailbox.send_at_once(&mut envelope);
        }
        self.sending = envelope.map(|envelope| Box::pin(address.deliver(envelope)) as _);
        Ok(())
    }

    fn poll_sending(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AskError>> {
        let Some(sending) = &mut self.sending else { return Poll::Ready(Ok(())) };
        let sent = ready!(sending.as_mut().poll(cx)).map_err(AskError::unsent);
        self.sending = None;
        self.awaited.take_if(|_| sent.is_err());
        Poll::Ready(sent)
    }
}

impl<A, R, F> Future for Ask<'_, A, R, F>
where
    A: Actor,
    R: Send + 'static,
    F: FnOnce(Reply<R>) -> A::Message,
{
    type Output = Result<R, AskError>;

    /// # Panics
    ///
    /// When it is polled again after it was ready.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        ready!(this.gate.poll_enter(cx));
        let mut waker = None;
        if let Some(message) = this.message.take() {
            this.begin(message)?;
            waker = Some(cx.waker().clone());
        }
        ready!(this.poll_sending(cx))?;
        let awaited = this.awaited.as_mut().expect("an ask was polled after it was ready");
        let replied = ready!(awaited.poll(waker, this.address.name(), cx));
        this.awaited = None;
        Poll::Ready(replied)
    }
}
