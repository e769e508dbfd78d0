//! The reply to an ask: sent once, or dropped with a reason; and the wait for it.

use super::diagnostics::Waiting;
use super::envelope::{Companion, Fate, Sender, Witness};
use super::error::{AskError, Progress};
use arbour_primitives::scope::Gate;
use arbour_primitives::standstill;
use arbour_primitives::sync::PromiseCell;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// The way back to an asker, part of the message. It may be kept and answered later, or passed on.
///
/// Clones are one reply: the first answer counts. They let a message with a reply be redelivered.
pub struct Reply<R> {
    request: Arc<Request<R>>,
}

/// What the reply, the wait for it and the message in the mailbox share.
struct Request<R> {
    cell: PromiseCell<R>,
    sender: Sender,
}

/// A request that is about to be sent: the reply, who tells of it, and the wait.
#[inline]
pub(super) fn request<R: Send + 'static>(
    deadline: Option<Instant>,
    waiting: Waiting,
) -> (Reply<R>, Witness, Awaited<R>) {
    let request = Arc::new(Request { cell: PromiseCell::new(2), sender: Sender::now(deadline, waiting) });
    let witness = Witness::counted(Arc::clone(&request) as Arc<dyn Companion>);
    let awaited = Awaited { request: Arc::clone(&request), over: false };
    (Reply { request }, witness, awaited)
}

/// A reply that is waited for. Dropped before there is one, the request is given up.
pub(super) struct Awaited<R> {
    request: Arc<Request<R>>,
    /// Nothing more will come.
    over: bool,
}

impl<R> Awaited<R> {
    fn try_take(&mut self) -> Option<Result<R, AskError>> {
        if self.over {
            return None;
        }
        let taken = self.request.cell.try_take()?;
        self.over = true;
        Some(taken.map_err(reason))
    }

    /// One poll, with its waker where it is known that it will be needed; `actor` is who was asked.
    pub(super) fn poll(
        &mut self,
        waker: Option<Waker>,
        actor: &str,
        cx: &Context<'_>,
    ) -> Poll<Result<R, AskError>> {
        let polled = self.request.cell.poll_with(waker, cx);
        let kept = ready!(standstill::tell(polled, || format!("the reply of the actor {actor}")));
        self.over = true;
        Poll::Ready(kept.map_err(reason))
    }

    fn give_up(&mut self) -> AskError {
        self.over = true;
        let begun = self.request.cell.give_up();
        AskError::TimedOut(if begun { Progress::Unknown } else { Progress::NotHandled })
    }
}

impl<R> Drop for Awaited<R> {
    #[inline]
    fn drop(&mut self) {
        self.request.sender.waits_no_more();
        if !self.over {
            self.request.cell.give_up();
        }
    }
}

impl<R> Reply<R> {
    /// Answers. After the first answer, and when the asker has gone, it changes nothing.
    pub fn send(self, value: R) {
        self.request.sender.waits_no_more();
        // An asker that has gone is no mistake of whoever answers.
        let _ = self.request.cell.keep(value);
    }

    /// Whether nobody waits for the reply any more.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.request.cell.is_abandoned()
    }

    /// By when the asker wants the reply, if it said so.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.request.sender.deadline
    }
}

impl<R: Send + 'static> Reply<R> {
    /// Another one who tells what becomes of the message that this reply is part of.
    pub(super) fn witness(&self) -> Witness {
        self.request.cell.join();
        Witness::counted(Arc::clone(&self.request) as Arc<dyn Companion>)
    }
}

impl<R> Clone for Reply<R> {
    fn clone(&self) -> Self {
        self.request.cell.join();
        Self { request: Arc::clone(&self.request) }
    }
}

impl<R> Drop for Reply<R> {
    fn drop(&mut self) {
        self.request.cell.leave();
    }
}

impl<R> fmt::Debug for Reply<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("abandoned", &self.is_abandoned()).finish()
    }
}

impl<R: Send> Companion for Request<R> {
    fn sender(&self) -> &Sender {
        &self.sender
    }

    fn begin(&self) -> bool {
        self.cell.begin()
    }

    fn is_abandoned(&self) -> bool {
        self.cell.is_abandoned()
    }

    fn became(&self, fate: Fate) {
        self.cell.because(fate as u8);
        self.sender.waits_no_more();
    }

    fn join(&self) {
        self.cell.join();
    }

    fn leave(&self) {
        self.cell.leave();
    }
}

/// A request that was sent: a future of its reply, given by [`Address::request`](super::Address::request).
///
/// # Cancel safety
///
/// Dropped before the message is handled, the message is skipped. Dropped while it is handled, the handler goes on,
/// and [`Reply::is_abandoned`] tells.
#[must_use = "dropped, the request is given up"]
pub struct PendingReply<R> {
    awaited: Awaited<R>,
    gate: Gate,
    actor: Arc<str>,
}

impl<R> PendingReply<R> {
    pub(super) fn new(awaited: Awaited<R>, actor: &Arc<str>) -> Self {
        Self { awaited, gate: Gate::new(), actor: Arc::clone(actor) }
    }

    /// The reply, or why there is none, if that is known now. Once it has been given there is nothing more to come.
    #[must_use]
    pub fn try_take(&mut self) -> Option<Result<R, AskError>> {
        self.awaited.try_take()
    }

    /// Waits for the reply at most so long, and gives up then.
    ///
    /// # Cancel safety
    ///
    /// As for the request itself.
    ///
    /// # Errors
    ///
    /// [`AskError::TimedOut`], which says whether the message may have been handled; else as the request itself.
    pub async fn within(mut self, time: Duration) -> Result<R, AskError> {
        match timeout(time, &mut self).await {
            Ok(replied) => replied,
            Err(_) => Err(self.give_up()),
        }
    }

    /// Waits for no reply any more.
    pub(super) fn give_up(mut self) -> AskError {
        self.awaited.give_up()
    }
}

/// What the cell calls a reason.
fn reason(fate: u8) -> AskError {
    const CRASHED: u8 = Fate::Crashed as u8;
    const HANDLED: u8 = Fate::Handled as u8;
    const REFUSED: u8 = Fate::Refused as u8;
    match fate {
        CRASHED => AskError::Crashed,
        HANDLED => AskError::NoReply,
        REFUSED => AskError::Refused,
        _ => AskError::Stopped,
    }
}

impl<R> Future for PendingReply<R> {
    type Output = Result<R, AskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { awaited, gate, actor } = &mut *self;
        ready!(gate.poll_enter(cx));
        awaited.poll(None, actor, cx)
    }
}

impl<R> fmt::Debug for PendingReply<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingReply").field("actor", &self.actor).finish_non_exhaustive()
    }
}
