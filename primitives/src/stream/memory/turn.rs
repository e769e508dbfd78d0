//! How far one wait at a stream has come.

use crate::scope::Gate;
use crate::waiting::Key;
use core::task::{Context, Poll, ready};

/// A wait for an item or for room: a future's, or a stream's or sink's that goes from one wait to the next.
///
/// One word says all of it, because most waits are over before they began to wait, and what is written and
/// looked at then is half of what an item costs.
#[derive(Debug, Default)]
pub(super) enum Turn {
    /// Not begun, or tried without a place being taken.
    #[default]
    New,
    /// Held up at the gate of its scope.
    Held(Gate),
    /// It has a place in the stream, which whoever drops it gives up.
    Seated(Key),
    /// Not begun, in a place that another has waited in.
    Heir(Box<(Gate, Key)>),
    Over,
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
        if self.is_new() {
            *self = Self::Held(Gate::new());
        }
        match self {
            Self::Held(gate) => {
                ready!(gate.poll_enter(cx));
                *self = Self::New;
            }
            Self::Heir(heir) => {
                let (gate, key) = &mut **heir;
                ready!(gate.poll_enter(cx));
                *self = Self::Seated(*key);
            }
            Self::New | Self::Seated(_) | Self::Over => {}
        }
        Poll::Ready(())
    }

    /// Asks the stream, which may give a place, or take it.
    #[inline]
    pub(super) fn ask<R>(&mut self, ask: impl FnOnce(&mut Option<Key>) -> R) -> R {
        let mut seat = self.seat();
        let answer = ask(&mut seat);
        *self = seat.map_or(Self::New, Self::Seated);
        answer
    }

    #[inline]
    pub(super) const fn is_new(&self) -> bool {
        matches!(self, Self::New)
    }

    #[inline]
    pub(super) const fn is_over(&self) -> bool {
        matches!(self, Self::Over)
    }

    /// A wait that takes over a place.
    pub(super) fn in_place_of(key: Key) -> Self {
        Self::Heir(Box::new((Gate::new(), key)))
    }

    pub(super) fn seat(&self) -> Option<Key> {
        match self {
            Self::Seated(key) => Some(*key),
            Self::Heir(heir) => Some(heir.1),
            Self::New | Self::Held(_) | Self::Over => None,
        }
    }

    /// Ends the wait before its time: `give_up` does that with its place.
    #[inline]
    pub(super) fn leave(&mut self, give_up: impl FnOnce(Key)) {
        if self.is_new() || self.is_over() {
            return;
        }
        if let Some(key) = core::mem::take(self).seat() {
            give_up(key);
        }
    }
}
