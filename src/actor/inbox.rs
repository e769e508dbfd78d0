//! The receiving side of an actor: its mailbox, and where the next message comes from.

use super::Actor;
use super::agenda::Agenda;
use super::context::Context;
use super::envelope::{Envelope, Fate, Witness};
use super::mailbox::{OnRestart, Undelivered};
use super::slot::{Flight, Slot};
use crate::stream::Reader;
use crate::{Cause, ScopeHandle};
use arbour_primitives::scope::{Gate, is_called, take_nudge};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

/// What an incarnation takes its messages from. It belongs to the slot.
pub(super) struct Inbox<M> {
    pub(super) slot: Arc<Slot<M>>,
    stream: Reader<Envelope<M>>,
    on_restart: OnRestart,
    closed: bool,
}

/// What there is to do for an actor that has nothing to do.
pub(super) enum Next<M> {
    /// The context is about this one already.
    Message(M),
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
    pub(super) fn new(slot: Arc<Slot<M>>, stream: Reader<Envelope<M>>, on_restart: OnRestart) -> Self {
        Self { slot, stream, on_restart, closed: false }
    }

    /// An incarnation begins: a mailbox that was closed by a drain takes messages again.
    pub(super) fn begin<A: Actor<Message = M>>(&mut self, incarnation: u64) -> Context<A> {
        if let Some(scope) = ScopeHandle::current() {
            self.slot.begin(scope, incarnation);
        }
        if std::mem::take(&mut self.closed) {
            self.stream.reopen();
        }
        if incarnation > 1 && self.on_restart != OnRestart::Keep {
            self.clear();
        }
        Context::new(Arc::clone(&self.slot), incarnation)
    }

    fn clear(&mut self) {
        while let Some(envelope) = self.try_next() {
            match self.on_restart {
                OnRestart::DeadLetter => self.slot.undelivered(envelope, Undelivered::Restarted),
                OnRestart::Keep | OnRestart::Drop => drop(envelope),
            }
        }
    }

    /// The next message, if there is one and nothing else comes first. What the last incarnation failed on is the first
    /// of this one.
    #[inline]
    fn at_once<A: Actor<Message = M>>(&mut self, cx: &mut Context<A>) -> Option<Taken<M>> {
        if cx.attempt() == 0
            && self.slot.redelivery.copy.is_some()
            && let Some(redelivered) = self.redelivered()
        {
            return Some(redelivered);
        }
        if is_called() || cx.set_agenda().is_some() || self.slot.tells_itself() {
            return None;
        }
        self.stream.next_at_hand().map(Taken::first)
    }

    /// What is queued, those in line last.
    fn try_next(&mut self) -> Option<Envelope<M>> {
        self.stream.try_read().ok().or_else(|| self.slot.first_in_line())
    }

    pub(super) fn queued(&self) -> usize {
        self.stream.len() + self.slot.in_line()
    }

    /// Refuses new work if the actor is asked to stop, though a handler runs.
    pub(super) fn heed_stop(&mut self) {
        let asked = is_called() && !self.closed;
        if asked && ScopeHandle::current().is_some_and(|scope| is_to_stop(&scope)) {
            self.close();
        }
    }

    fn close(&mut self) {
        self.closed = true;
        self.stream.close();
    }

    /// Lets those in who wait for the room of messages that were taken: the actor is about to wait for something else.
    #[inline]
    pub(super) fn give_back_room(&mut self) {
        self.stream.give_back();
    }

    /// Nobody takes from it now.
    pub(super) fn rest(&mut self) {
        self.stream.leave();
        self.stream.give_back();
    }

    /// The message that the last incarnation failed on, if it is to be delivered again.
    fn redelivered(&self) -> Option<Taken<M>> {
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

/// What there is to do, if that is known without waiting.
#[inline]
pub(super) fn at_once<A: Actor>(
    inbox: &mut Inbox<A::Message>,
    cx: &mut Context<A>,
) -> Option<Next<A::Message>> {
    if cx.ending {
        return Some(Next::Ended);
    }
    while let Some(taken) = inbox.at_once(cx) {
        if let Some(message) = cx.begin(taken) {
            return Some(Next::Message(message));
        }
    }
    None
}

/// Waits for something to do.
#[inline]
pub(super) fn next<'a, A: Actor>(inbox: &'a mut Inbox<A::Message>, cx: &'a mut Context<A>) -> NextUp<'a, A> {
    NextUp { inbox, cx, gate: Gate::new() }
}

/// The future of [`next`].
pub(super) struct NextUp<'a, A: Actor> {
    inbox: &'a mut Inbox<A::Message>,
    cx: &'a mut Context<A>,
    gate: Gate,
}

/// No message is pinned.
impl<A: Actor> Unpin for NextUp<'_, A> {}

impl<A: Actor> Future for NextUp<'_, A> {
    type Output = Next<A::Message>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, poll: &mut task::Context<'_>) -> Poll<Self::Output> {
        self.poll_waiting(poll)
    }
}

impl<A: Actor> NextUp<'_, A> {
    #[inline(never)]
    fn poll_waiting(&mut self, poll: &mut task::Context<'_>) -> Poll<Next<A::Message>> {
        if let Some(asked) = asked(self.inbox, &mut self.cx.heard) {
            return Poll::Ready(asked);
        }
        loop {
            let Some(taken) = task::ready!(self.poll_taken(poll)) else { return Poll::Ready(Next::Ended) };
            if let Some(message) = self.cx.begin(taken) {
                return Poll::Ready(Next::Message(message));
            }
            // Nobody wants it any more.
            self.gate = Gate::new();
        }
    }

    /// A message of the agenda or of the mailbox; none when there will be no more.
    fn poll_taken(&mut self, poll: &mut task::Context<'_>) -> Poll<Option<Taken<A::Message>>> {
        let Self { inbox, cx, gate } = self;
        // All is paid for, wherever it comes from: an actor that always has something to do lets others run.
        task::ready!(gate.poll_enter(poll));
        loop {
            if let Some(message) = cx.set_agenda().and_then(Agenda::due) {
                return Poll::Ready(Some(Taken::own(message)));
            }
            if let Poll::Ready(received) = poll_queued(inbox, poll) {
                let Some(envelope) = received else { return Poll::Ready(None) };
                if let Some(agenda) = cx.set_agenda() {
                    agenda.taken();
                }
                return Poll::Ready(Some(Taken::first(envelope)));
            }
            let Some(agenda) = cx.set_agenda() else { return Poll::Pending };
            if let Some(message) = agenda.due_after_all() {
                return Poll::Ready(Some(Taken::own(message)));
            }
            task::ready!(agenda.poll(poll));
        }
    }
}

impl<A: Actor> Drop for NextUp<'_, A> {
    #[inline]
    fn drop(&mut self) {
        self.inbox.stream.leave();
    }
}

/// The next message of the mailbox or of the line beside it; `None` at the end of both.
fn poll_queued<M>(inbox: &mut Inbox<M>, poll: &mut task::Context<'_>) -> Poll<Option<Envelope<M>>> {
    if let Some(envelope) = inbox.slot.next_in_line() {
        return Poll::Ready(Some(envelope));
    }
    match inbox.stream.poll_read(poll) {
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
fn asked<M>(inbox: &mut Inbox<M>, heard: &mut bool) -> Option<Next<M>> {
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
