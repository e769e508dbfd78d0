//! How far one wait at a stream has come.

use crate::scope::Gate;
use crate::waiting::Key;
use core::mem::ManuallyDrop;
use core::task::{Context, Poll};

/// A wait for an item or for room: a future's, or a stream's or sink's that goes from one wait to the next.
///
/// One word says all of it, because most waits are over before they began to wait, and what is written and
/// looked at then is half of what an item costs. For the same reason it does nothing when it is dropped:
/// whoever has a turn [leaves](Self::leave) it.
#[derive(Debug, Default)]
pub(super) enum Turn {
    /// Not begun, or tried without a place being taken.
    #[default]
    New,
    /// It has a place in the stream, which whoever drops it gives up.
    Seated(Key),
    /// Not begun: held up at the gate of its scope, or to go on in a place that another has waited in. Both are
    /// rare, and all others are the smaller for the box.
    Held(ManuallyDrop<Box<Held>>),
    Over,
}

/// A wait that passes the gate before it goes on.
#[derive(Debug, Default)]
pub(super) struct Held {
    gate: Gate,
    seat: Option<Key>,
}

impl Turn {
    /// Whether the wait begins now, without more ado. It is asked once in each poll, and first.
    #[inline]
    pub(super) fn begins(&self) -> bool {
        self.is_new() && Gate::admits()
    }

    /// Ready where the stream may be asked; `begun` says whether the wait [began](Self::begins) in this poll.
    pub(super) fn poll_enter(&mut self, begun: bool, cx: &mut Context<'_>) -> Poll<()> {
        if begun {
            return Poll::Ready(());
        }
        match core::mem::take(self) {
            Self::New => self.pass(Gate::new(), None, cx),
            Self::Held(held) => {
                let Held { gate, seat } = *ManuallyDrop::into_inner(held);
                self.pass(gate, seat, cx)
            }
            begun => {
                *self = begun;
                Poll::Ready(())
            }
        }
    }

    fn pass(&mut self, mut gate: Gate, seat: Option<Key>, cx: &mut Context<'_>) -> Poll<()> {
        let passed = gate.poll_enter(cx);
        *self = match passed {
            Poll::Ready(()) => Self::at(seat),
            Poll::Pending => Self::held(gate, seat),
        };
        passed
    }

    /// Asks the stream, which may give a place, or take it.
    #[inline]
    pub(super) fn ask<R>(&mut self, ask: impl FnOnce(&mut Option<Key>) -> R) -> R {
        let mut seat = self.seat();
        let answer = ask(&mut seat);
        *self = Self::at(seat);
        answer
    }

    fn at(seat: Option<Key>) -> Self {
        seat.map_or(Self::New, Self::Seated)
    }

    #[inline]
    pub(super) const fn is_new(&self) -> bool {
        matches!(self, Self::New)
    }

    #[inline]
    pub(super) const fn is_over(&self) -> bool {
        matches!(self, Self::Over)
    }

    /// Goes on in a place that another has waited in. A wait that has not begun passes its gate first.
    pub(super) fn take_over(&mut self, key: Key, begun: bool) {
        *self = if begun { Self::Seated(key) } else { Self::held(Gate::new(), Some(key)) };
    }

    fn held(gate: Gate, seat: Option<Key>) -> Self {
        Self::Held(ManuallyDrop::new(Box::new(Held { gate, seat })))
    }

    fn seat(&self) -> Option<Key> {
        match self {
            Self::Seated(key) => Some(*key),
            Self::Held(held) => held.seat,
            Self::New | Self::Over => None,
        }
    }

    /// Ends the wait before its time: `give_up` does that with its place.
    #[inline]
    pub(super) fn leave(&mut self, give_up: impl FnOnce(Key)) {
        if !self.is_new()
            && !self.is_over()
            && let Some(key) = self.stop()
        {
            give_up(key);
        }
    }

    /// The same, by the caller: it gives up the place, if there is one, or goes on in it.
    #[inline(never)]
    pub(super) fn stop(&mut self) -> Option<Key> {
        match core::mem::take(self) {
            Self::Seated(key) => Some(key),
            Self::Held(held) => ManuallyDrop::into_inner(held).seat,
            Self::New | Self::Over => None,
        }
    }
}
