//! The future of a tell.

use super::Actor;
use super::address::Address;
use super::diagnostics::is_watched;
use super::envelope::Envelope;
use super::error::TellError;
use super::mailbox::Overflow;
use super::own;
use crate::stream::SendError;
use crate::stream::futures::Send;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

type Slow<'a, M> = Pin<Box<dyn Future<Output = Result<(), TellError<Envelope<M>>>> + std::marker::Send + 'a>>;

/// The future of [`Address::tell`].
#[must_use = "futures do nothing unless polled"]
pub struct Tell<'a, A: Actor> {
    way: Way<'a, A::Message>,
}

/// Nearly every message that is told goes straight into the mailbox, or waits in its line.
enum Way<'a, M> {
    Straight(Send<'a, Envelope<M>>),
    /// It is told by the actor to itself, or to a mailbox that does not have anybody wait.
    Else(Slow<'a, M>),
}

impl<'a, A: Actor> Tell<'a, A> {
    #[inline]
    pub(super) fn new(address: &'a Address<A>, envelope: Envelope<A::Message>) -> Self {
        let straight = address.slot.overflow == Overflow::Wait
            && !is_watched()
            && !own::is_polled(address.slot.identity());
        let way = if straight {
            Way::Straight(address.mailbox.send(envelope))
        } else {
            Way::Else(Box::pin(address.deliver(envelope)))
        };
        Self { way }
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
        let told = match &mut self.get_mut().way {
            Way::Straight(send) => match ready!(Pin::new(send).poll(cx)) {
                Ok(()) => Ok(()),
                Err(refused) => Err(stopped(refused)),
            },
            Way::Else(slow) => ready!(slow.as_mut().poll(cx)),
        };
        Poll::Ready(told.map_err(|refused| refused.map(|envelope| envelope.message)))
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
