//! What receiving ends do to the state.

use super::super::error::{RecvError, SendError, TryRecvError};
use super::{CALLED, Claim, End, LINE, Receiver, State, WAITING};
use crate::waiting::{Key, Step, Visit, Wakes};
use core::task::Waker;
use std::collections::VecDeque;

impl<T> State<T> {
    /// Another receiving end, open if `of` is.
    pub(in super::super) fn clone_receive_end(&mut self, of: &End) -> End {
        self.change_entry(|state| state.open_receivers += usize::from(of.is_open()));
        self.clone_end(of)
    }

    /// A receiving end more, where there is one (invariant 10).
    pub(in super::super) fn upgrade_receive_end(&mut self) -> Option<End> {
        if self.open_receivers == 0 && !crate::loom::fault("stream_receives_after_the_break") {
            return None;
        }
        self.change_entry(|state| state.open_receivers += 1);
        Some(self.new_end(true))
    }

    /// Counts an end out that is dropped: no future of it is left. Carries out the items that nobody
    /// can take any more.
    pub(in super::super) fn drop_receive_end(&mut self, end: &End, wakes: &mut Wakes) -> VecDeque<T> {
        if !end.shut() {
            return VecDeque::new();
        }
        self.change_entry(|state| state.open_receivers -= 1);
        if self.open_receivers > 0 {
            return VecDeque::new();
        }
        self.refuse_senders(WAITING, |_| true, SendError::Broken, wakes);
        self.wake_watchers(|_| true, wakes);
        self.shed(wakes)
    }

    /// Closes one end while others may use it: receives that wait through it are refused, those that
    /// were called keep their item.
    pub(in super::super) fn close_receive_end(&mut self, end: &End, wakes: &mut Wakes) -> VecDeque<T> {
        self.refuse_receivers(|receiver| receiver.end == end.id, RecvError::Closed, wakes);
        self.drop_receive_end(end, wakes)
    }

    pub(in super::super) fn try_recv(&mut self, end: &End, wakes: &mut Wakes) -> Result<T, TryRecvError> {
        if !end.is_open() {
            return Err(TryRecvError::Closed);
        }
        if let Some(item) = self.flow_out(end) {
            wakes.add(self.let_next_in());
            return Ok(item);
        }
        if self.is_rendezvous() && self.has_unclaimed() {
            return self.take(wakes).ok_or(TryRecvError::Empty);
        }
        Err(if self.has_ended() { TryRecvError::EndOfStream } else { TryRecvError::Empty })
    }

    /// Whether an item stands before the receivers of a rendezvous beyond those that belong to the called.
    /// Where nobody waits, the sender who is next steps up for a newcomer.
    pub(super) fn has_unclaimed(&mut self) -> bool {
        self.available() > self.receivers.len(CALLED)
            || (self.receivers.is_empty(WAITING) && self.next_sender_steps_up())
    }

    fn next_sender_steps_up(&mut self) -> bool {
        let Some(key) = self.senders.first(WAITING) else { return false };
        let offers = matches!(self.senders[key].claim, Claim::Item(_));
        if offers {
            self.senders.move_to_back(key, LINE);
        }
        offers
    }

    /// Takes the oldest item and lets the next sender have the room.
    pub(super) fn take(&mut self, wakes: &mut Wakes) -> Option<T> {
        let item = match self.queue.pop_front() {
            Some(item) => Some(item),
            None => self.take_from_line(wakes),
        };
        // Who waits may be let in, called or told the end; who was called has an item as before.
        if !self.senders.is_empty(WAITING) || self.has_waiting_receiver() {
            self.serve(wakes);
        }
        item
    }

    fn take_from_line(&mut self, wakes: &mut Wakes) -> Option<T> {
        let key = self.senders.first(LINE)?;
        let sender = &mut self.senders[key];
        if sender.end.is_none() {
            return self.take_handed(key);
        }
        let item = core::mem::replace(&mut sender.claim, Claim::Sent).into_item();
        wakes.add(sender.waker.take());
        self.senders.take_out(key);
        item
    }

    /// One poll of a receive.
    pub(in super::super) fn poll_recv(
        &mut self,
        end: &End,
        seat: &mut Option<Key>,
        visit: &mut Visit<'_>,
    ) -> Step<Result<T, RecvError>> {
        if let Some(key) = *seat {
            return self.poll_called(key, seat, visit);
        }
        match self.try_recv(end, &mut visit.wakes) {
            Ok(item) => Step::Done(Ok(item)),
            Err(TryRecvError::EndOfStream) => Step::Done(Err(RecvError::EndOfStream)),
            Err(TryRecvError::Closed) => Step::Done(Err(RecvError::Closed)),
            Err(TryRecvError::Empty) => self.wait_for_call(end, seat, visit),
        }
    }

    pub(super) fn wait_for_call<R>(
        &mut self,
        end: &End,
        seat: &mut Option<Key>,
        visit: &mut Visit<'_>,
    ) -> Step<R> {
        let Some(waker) = visit.take_waker() else { return Step::NeedWaker };
        let receiver = Receiver { end: end.id, waker: Some(waker), refused: None };
        *seat = Some(self.receivers.join(WAITING, receiver));
        // At a rendezvous one receiver more is room for one sender more.
        if !self.senders.is_empty(WAITING) {
            self.settle(&mut visit.wakes);
        }
        Step::Wait
    }

    fn poll_called(
        &mut self,
        key: Key,
        seat: &mut Option<Key>,
        visit: &mut Visit<'_>,
    ) -> Step<Result<T, RecvError>> {
        if self.receivers.lane(key) == Some(WAITING) {
            return visit.refresh(&mut self.receivers[key].waker);
        }
        *seat = None;
        if let Some(why) = self.receivers.leave(key).refused {
            return Step::Done(Err(why));
        }
        let item = self.take(&mut visit.wakes).expect("an item waits for each called receiver (invariant 3)");
        Step::Done(Ok(item))
    }

    /// Whether this receiver waits or was called: it has not been refused.
    pub(in super::super) fn stands(&self, key: Key) -> bool {
        self.receivers.lane(key).is_some()
    }

    /// Gives up the place of a receive that is dropped, and hands its call on. Carries out the item
    /// that was owed to it if nobody is left to take it.
    pub(in super::super) fn forsake_receiver(
        &mut self,
        key: Key,
        wakes: &mut Wakes,
    ) -> (Option<Waker>, VecDeque<T>) {
        let waker = self.receivers.leave(key).waker;
        if !crate::loom::fault("stream_keeps_wake") {
            self.settle(wakes);
        }
        let shed = if self.open_receivers == 0 { self.shed(wakes) } else { VecDeque::new() };
        (waker, shed)
    }
}
