//! The future of a tell.

use super::Actor;
use super::address::Address;
use super::diagnostics::is_watched;
use super::envelope::Envelope;
use super::error::TellError;
use crate::stream::SendError;
use crate::stream::futures::Send;
use arbour_primitives::scope::Gate;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

type Told<M> = Result<(), TellError<Envelope<M>>>;
type Slow<'a, M> = Pin<Box<dyn Future<Output = Told<M>> + std::marker::Send + 'a>>;

/// The future of [`Address::tell`].
#[must_use = "futures do nothing unless polled"]
pub struct Tell<'a, A: Actor> {
    address: &'a Address<A>,
    stage: Stage<'a, A::Message>,
}

/// Nearly every message that is told goes straight into the mailbox in its first poll, or waits in its line.
enum Stage<'a, M> {
    New(M),
    Straight(Send<'a, Envelope<M>>),
    /// It is told by the actor to itself, or to a mailbox that does not have anybody wait.
    Else(Slow<'a, M>),
    Over,
}

impl<'a, A: Actor> Tell<'a, A> {
    #[inline]
    pub(super) fn new(address: &'a Address<A>, message: A::Message) -> Self {
        Self { address, stage: Stage::New(message) }
    }

    /// Sends the message, if nothing stands in its way.
    #[inline]
    fn tell_at_once(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TellError<A::Message>>> {
        let Stage::New(message) = std::mem::replace(&mut self.stage, Stage::Over) else {
            panic!("a tell was polled after it was ready")
        };
        let (address, mut envelope) = (self.address, Some(Envelope::telling(message)));
        let begins = address.takes_straight() && !is_watched() && Gate::admits();
        if begins && address.mailbox.send_at_once(&mut envelope) {
            return Poll::Ready(Ok(()));
        }
        self.begin(envelope, begins, cx)
    }

    /// Begins to wait; `paid` says whether that has been charged for.
    #[inline(never)]
    fn begin(
        &mut self,
        envelope: Option<Envelope<A::Message>>,
        paid: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), TellError<A::Message>>> {
        let Some(envelope) = envelope else { return Poll::Ready(Ok(())) };
        let address = self.address;
        if address.takes_straight() && !is_watched() {
            let mut send = address.mailbox.send(envelope);
            let sent = if paid { send.poll_paid(cx) } else { Pin::new(&mut send).poll(cx) };
            self.stage = Stage::Straight(send);
            return self.told(sent.map(|sent| sent.map_err(stopped)));
        }
        self.stage = Stage::Else(Box::pin(address.deliver(envelope)));
        self.poll_waiting(cx)
    }

    #[inline(never)]
    fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TellError<A::Message>>> {
        let told = match &mut self.stage {
            Stage::Straight(send) => Pin::new(send).poll(cx).map(|sent| sent.map_err(stopped)),
            Stage::Else(slow) => slow.as_mut().poll(cx),
            Stage::New(_) | Stage::Over => Poll::Pending,
        };
        self.told(told)
    }

    fn told(&mut self, told: Poll<Told<A::Message>>) -> Poll<Result<(), TellError<A::Message>>> {
        let told = ready!(told);
        self.stage = Stage::Over;
        Poll::Ready(told.map_err(|refused| refused.map(|envelope| envelope.message)))
    }
}

/// No message is pinned.
impl<A: Actor> Unpin for Tell<'_, A> {}

impl<A: Actor> Future for Tell<'_, A> {
    type Output = Result<(), TellError<A::Message>>;

    /// # Panics
    ///
    /// When it is polled again after it was ready.
    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        match &this.stage {
            Stage::Straight(_) | Stage::Else(_) => this.poll_waiting(cx),
            Stage::New(_) | Stage::Over => this.tell_at_once(cx),
        }
    }
}

pub(super) fn stopped<M>(refused: SendError<M>) -> TellError<M> {
    TellError::Stopped(refused.into_item())
}

impl<A: Actor> fmt::Debug for Tell<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tell").finish_non_exhaustive()
    }
}
