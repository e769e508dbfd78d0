//! The receiving side of an actor: its mailbox, and where the next message comes from.

use super::Actor;
use super::agenda::Agenda;
use super::context::Context;
use super::envelope::{Envelope, Fate};
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
    /// The id of the scope of the incarnation.
    pub(super) scope: u64,
}

/// What there is to do for an actor that has nothing to do.
pub(super) enum Next {
    /// The [first](Inbox::first) message is to be handled.
    First,
    /// It is asked to stop: what is queued is handled first.
    Stopping,
    /// Somebody asks how it is.
    Questions,
    /// There will be no more messages.
    Ended,
}

impl<M> Inbox<M> {
    pub(super) fn new(slot: Arc<Slot<M>>, stream: Reader<Envelope<M>>, on_restart: OnRestart) -> Self {
        Self { slot, stream, on_restart, closed: false, scope: 0 }
    }

    /// An incarnation begins: a mailbox that was closed by a drain takes messages again.
    pub(super) fn begin<A: Actor<Message = M>>(&mut self, incarnation: u64) -> Context<A> {
        if let Some(scope) = ScopeHandle::current() {
            self.scope = scope.id();
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

    /// What the last incarnation failed on, which is the first message of this one.
    pub(super) fn left(&self) -> Option<Flight<M>> {
        if self.slot.redelivery.copy.is_some() { self.redelivered() } else { None }
    }

    /// The next message, if it is at hand and nothing else comes first.
    #[inline]
    pub(super) fn at_once<A: Actor<Message = M>>(&mut self, cx: &mut Context<A>) -> Option<Envelope<M>> {
        if is_called() || cx.set_agenda().is_some() || self.slot.tells_itself() {
            return None;
        }
        self.stream.next_at_hand()
    }

    /// A message from elsewhere than the mailbox comes first.
    fn put_first(&mut self, envelope: Envelope<M>) -> Poll<Next> {
        self.stream.put_first(envelope);
        Poll::Ready(Next::First)
    }

    /// The message that is [`Next::First`].
    #[inline]
    pub(super) fn first(&mut self) -> Option<Envelope<M>> {
        self.stream.first()
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
    fn redelivered(&self) -> Option<Flight<M>> {
        let flight = self.slot.take_flight()?;
        if flight.attempt <= self.slot.redelivery.times {
            return Some(flight);
        }
        let Flight { witness, attempt, .. } = flight;
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
    type Output = Next;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, poll: &mut task::Context<'_>) -> Poll<Self::Output> {
        self.poll_waiting(poll)
    }
}

impl<A: Actor> NextUp<'_, A> {
    #[inline(never)]
    fn poll_waiting(&mut self, poll: &mut task::Context<'_>) -> Poll<Next> {
        if let Some(asked) = asked(self.inbox, &mut self.cx.heard) {
            return Poll::Ready(asked);
        }
        // All is paid for, wherever it comes from: an actor that always has something to do lets others run.
        task::ready!(self.gate.poll_enter(poll));
        if self.cx.set_agenda().is_some() || self.inbox.slot.tells_itself() {
            return self.poll_all(poll);
        }
        self.inbox.stream.poll_fill(poll).map(|filled| if filled.is_ok() { Next::First } else { Next::Ended })
    }

    /// The same for an actor that has something to do beside its mailbox.
    #[inline(never)]
    fn poll_all(&mut self, poll: &mut task::Context<'_>) -> Poll<Next> {
        let Self { inbox, cx, .. } = self;
        loop {
            if let Some(message) = cx.set_agenda().and_then(Agenda::due) {
                return inbox.put_first(Envelope::own(message));
            }
            if let Poll::Ready(next) = poll_queued(inbox, poll) {
                if let Some(agenda) = cx.set_agenda() {
                    agenda.taken();
                }
                return Poll::Ready(next);
            }
            let Some(agenda) = cx.set_agenda() else { return Poll::Pending };
            if let Some(message) = agenda.due_after_all() {
                return inbox.put_first(Envelope::own(message));
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

/// The next message of the mailbox or of the line beside it, or the end of both.
fn poll_queued<M>(inbox: &mut Inbox<M>, poll: &mut task::Context<'_>) -> Poll<Next> {
    if let Some(envelope) = inbox.slot.next_in_line() {
        return inbox.put_first(envelope);
    }
    match inbox.stream.poll_fill(poll) {
        Poll::Ready(Ok(())) => {
            inbox.slot.move_up();
            Poll::Ready(Next::First)
        }
        none => match inbox.slot.first_in_line() {
            Some(envelope) => inbox.put_first(envelope),
            None => none.map(|_end| Next::Ended),
        },
    }
}

/// What was asked of the actor itself, which comes before all messages.
#[inline]
fn asked<M>(inbox: &mut Inbox<M>, heard: &mut bool) -> Option<Next> {
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
