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
    /// Before its first poll, and when it is over: then the message is gone.
    New(Option<Envelope<M>>),
    Straight(Send<'a, Envelope<M>>),
    /// It is told by the actor to itself, or to a mailbox that does not have anybody wait.
    Else(Slow<'a, M>),
}

impl<'a, A: Actor> Tell<'a, A> {
    #[inline]
    pub(super) fn new(address: &'a Address<A>, message: A::Message) -> Self {
        Self { address, stage: Stage::New(Some(Envelope::own(message))) }
    }

    /// Begins to wait for what was not sent at once; `paid` says whether that has been charged for.
    #[inline(never)]
    fn begin(&mut self, paid: bool, cx: &mut Context<'_>) -> Poll<Result<(), TellError<A::Message>>> {
        let Stage::New(envelope) = &mut self.stage else { return Poll::Pending };
        let (address, envelope) = (self.address, envelope.take().expect(IS_OVER));
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
            Stage::New(_) => Poll::Pending,
        };
        self.told(told)
    }

    fn told(&mut self, told: Poll<Told<A::Message>>) -> Poll<Result<(), TellError<A::Message>>> {
        let told = ready!(told);
        self.stage = Stage::New(None);
        Poll::Ready(told.map_err(|refused| refused.map(|envelope| envelope.message)))
    }
}

const IS_OVER: &str = "a tell was polled after it was ready";

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
        let Stage::New(envelope) = &mut this.stage else { return this.poll_waiting(cx) };
        envelope.as_mut().expect(IS_OVER).trace();
        let begins = this.address.takes_straight() && !is_watched() && Gate::admits();
        if begins && this.address.mailbox.send_at_once(envelope) {
            return Poll::Ready(Ok(()));
        }
        this.begin(begins, cx)
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
