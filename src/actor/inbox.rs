//! The receiving side of an actor: its mailbox, and where the next message comes from.

use super::Actor;
use super::agenda::Agenda;
use super::context::Context;
use super::envelope::{Envelope, Fate, Witness};
use super::mailbox::{OnRestart, Undelivered};
use super::slot::{Flight, Slot};
use crate::stream::ReceiveStream;
use crate::stream::futures::Recv;
use crate::{Cause, ScopeHandle};
use arbour_primitives::scope::{Gate, is_called, take_nudge};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{self, Poll};

/// What an incarnation takes its messages from. It belongs to the slot.
pub(super) struct Inbox<M> {
    pub(super) slot: Arc<Slot<M>>,
    stream: ReceiveStream<Envelope<M>>,
    on_restart: OnRestart,
    closed: AtomicBool,
}

/// What there is to do for an actor that has nothing to do.
pub(super) enum Next<M> {
    Message(Taken<M>),
    /// It is asked to stop: what is queued is handled first.
    Stopping,
    /// Somebody asks how it is.
    Questions,
    /// There will be no more messages.
    Ended,
}

/// A message to handle.
pub(super) struct Taken<M> {
    pub(super) message: M,
    pub(super) witness: Option<Witness>,
    pub(super) attempt: u32,
}

impl<M> Taken<M> {
    fn first(Envelope { message, witness }: Envelope<M>) -> Self {
        Self { message, witness, attempt: 1 }
    }

    fn own(message: M) -> Self {
        Self { message, witness: None, attempt: 1 }
    }
}

impl<M> Inbox<M> {
    pub(super) fn new(slot: Arc<Slot<M>>, stream: ReceiveStream<Envelope<M>>, on_restart: OnRestart) -> Self {
        Self { slot, stream, on_restart, closed: AtomicBool::new(false) }
    }

    /// An incarnation begins: a mailbox that was closed by a drain takes messages again.
    pub(super) fn open(&self, incarnation: u64) {
        if self.closed.swap(false, Ordering::Relaxed) {
            self.stream.reopen();
        }
        if incarnation > 1 && self.on_restart != OnRestart::Keep {
            self.clear();
        }
    }

    fn clear(&self) {
        while let Some(envelope) = self.try_next() {
            match self.on_restart {
                OnRestart::DeadLetter => self.slot.undelivered(envelope, Undelivered::Restarted),
                OnRestart::Keep | OnRestart::Drop => drop(envelope),
            }
        }
    }

    /// The next message, if there is one and nothing else comes first.
    #[inline]
    pub(super) fn at_once<A: Actor<Message = M>>(&self, cx: &mut Context<A>) -> Option<Taken<M>> {
        if is_called() || cx.set_agenda().is_some() || self.slot.tells_itself() {
            return None;
        }
        self.stream.recv_at_once().map(Taken::first)
    }

    /// What is queued, those in line last.
    fn try_next(&self) -> Option<Envelope<M>> {
        self.stream.try_recv().ok().or_else(|| self.slot.first_in_line())
    }

    pub(super) fn queued(&self) -> usize {
        self.stream.len() + self.slot.in_line()
    }

    /// Refuses new work if the actor is asked to stop, though a handler runs.
    pub(super) fn heed_stop(&self) {
        let asked = is_called() && !self.closed.load(Ordering::Relaxed);
        if asked && ScopeHandle::current().is_some_and(|scope| is_to_stop(&scope)) {
            self.close();
        }
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.stream.close();
    }

    /// The message that the last incarnation failed on, if it is to be delivered again.
    pub(super) fn redelivered(&self) -> Option<Taken<M>> {
        self.slot.redelivery.copy?;
        let Flight { message, witness, attempt } = self.slot.take_flight()?;
        if attempt <= self.slot.redelivery.times {
            return Some(Taken { message, witness, attempt: attempt + 1 });
        }
        if let Some(witness) = &witness {
            witness.became(Fate::Crashed);
        }
        tracing::error!(
            actor = &*self.slot.name,
            sequence = self.slot.taken(),
            attempts = attempt,
            "a message crashed the actor each time it was delivered; it is given up, and the actor goes on with the next"
        );
        None
    }
}

/// Waits for something to do.
pub(super) async fn next<A: Actor>(
    inbox: &Inbox<A::Message>,
    cx: &mut Context<A>,
    heard: &mut bool,
) -> Next<A::Message> {
    let (mut recv, mut gate) = (inbox.stream.recv(), Gate::new());
    poll_fn(move |poll| {
        if let Some(asked) = asked(inbox, heard) {
            return Poll::Ready(asked);
        }
        loop {
            // What comes from elsewhere than the mailbox is paid for too: an actor that always has some lets others run.
            if cx.set_agenda().is_some() || inbox.slot.tells_itself() {
                task::ready!(gate.poll_enter(poll));
            }
            if let Some(message) = cx.set_agenda().and_then(Agenda::due) {
                return Poll::Ready(Next::Message(Taken::own(message)));
            }
            if let Poll::Ready(received) = poll_queued(inbox, &mut recv, poll) {
                let Some(envelope) = received else { return Poll::Ready(Next::Ended) };
                if let Some(agenda) = cx.set_agenda() {
                    agenda.taken();
                }
                return Poll::Ready(Next::Message(Taken::first(envelope)));
            }
            let Some(agenda) = cx.set_agenda() else { return Poll::Pending };
            if let Some(message) = agenda.due_after_all() {
                return Poll::Ready(Next::Message(Taken::own(message)));
            }
            task::ready!(agenda.poll(poll));
        }
    })
    .await
}

/// The next message of the mailbox or of the line beside it; `None` at the end of both.
fn poll_queued<M>(
    inbox: &Inbox<M>,
    recv: &mut Recv<'_, Envelope<M>>,
    poll: &mut task::Context<'_>,
) -> Poll<Option<Envelope<M>>> {
    if let Some(envelope) = inbox.slot.next_in_line() {
        return Poll::Ready(Some(envelope));
    }
    match Pin::new(recv).poll(poll) {
        Poll::Ready(Ok(envelope)) => {
            inbox.slot.move_up();
            Poll::Ready(Some(envelope))
        }
        Poll::Ready(Err(_)) => Poll::Ready(inbox.slot.first_in_line()),
        Poll::Pending => {
            inbox.slot.first_in_line().map_or(Poll::Pending, |envelope| Poll::Ready(Some(envelope)))
        }
    }
}

/// What was asked of the actor itself, which comes before all messages.
#[inline]
fn asked<M>(inbox: &Inbox<M>, heard: &mut bool) -> Option<Next<M>> {
    if !is_called() {
        return None;
    }
    if take_nudge() {
        return Some(Next::Questions);
    }
    let scope = ScopeHandle::current().filter(|scope| !*heard && is_to_stop(scope))?;
    inbox.close();
    // Cancelled, it is about to be dropped.
    *heard = !scope.is_cancelled();
    heard.then_some(Next::Stopping)
}

/// Whether it is drained, or stopped by its supervisor. Cancelled by somebody else it may well come back, and its
/// mailbox waits for that.
fn is_to_stop(scope: &ScopeHandle) -> bool {
    scope.is_draining() || scope.cause() == Some(Cause::Shutdown)
}

impl<M> Drop for Inbox<M> {
    /// Nobody will take what is queued.
    fn drop(&mut self) {
        self.stream.close();
        while let Some(envelope) = self.try_next() {
            self.slot.undelivered(envelope, Undelivered::Stopped);
        }
    }
}
