//! What an end that takes items ahead of their use does to the state.

use super::super::error::{RecvError, TryRecvError};
use super::{End, State};
use crate::waiting::{Key, Step, Visit, Wakes};
use std::collections::VecDeque;

/// The items that an end has taken ahead.
pub(in super::super) struct Ahead<T> {
    pub(in super::super) items: VecDeque<T>,
    /// Whether the end counts among the `borrowers`: from when it took items, until it has come back for more or
    /// put them back.
    borrows: bool,
    limit: usize,
}

impl<T> Ahead<T> {
    /// Nothing yet; never more than `limit` at a time.
    pub(in super::super) const fn new(limit: usize) -> Self {
        Self { items: VecDeque::new(), borrows: false, limit }
    }
}

impl<T> State<T> {
    /// One poll of an end that has used what it took ahead.
    pub(in super::super) fn poll_take_ahead(
        &mut self,
        end: &End,
        ahead: &mut Ahead<T>,
        seat: &mut Option<Key>,
        visit: &mut Visit<'_>,
    ) -> Step<Result<(), RecvError>> {
        self.used_up(ahead, &mut visit.wakes);
        let taken = self.poll_recv_many(end, (&mut ahead.items, ahead.limit), seat, visit);
        self.borrow(ahead);
        taken.map(|count| count.map(drop))
    }

    /// The same without waiting.
    pub(in super::super) fn try_take_ahead(
        &mut self,
        end: &End,
        ahead: &mut Ahead<T>,
        wakes: &mut Wakes,
    ) -> Result<(), TryRecvError> {
        self.used_up(ahead, wakes);
        let taken = self.try_recv_many(end, &mut ahead.items, ahead.limit, wakes);
        self.borrow(ahead);
        taken.map(drop)
    }

    /// Puts back at the front what was not used, if need be beyond the capacity. The end is still open:
    /// one that was closed has taken nothing.
    pub(in super::super) fn put_back(&mut self, ahead: &mut Ahead<T>, wakes: &mut Wakes) {
        if !ahead.items.is_empty() {
            ahead.items.append(&mut self.queue);
            core::mem::swap(&mut self.queue, &mut ahead.items);
        }
        self.used_up(ahead, wakes);
    }

    /// The first of the items is given out at once.
    fn borrow(&mut self, ahead: &mut Ahead<T>) {
        ahead.borrows = ahead.items.len() > 1;
        self.borrowers += usize::from(ahead.borrows);
    }

    fn used_up(&mut self, ahead: &mut Ahead<T>, wakes: &mut Wakes) {
        if core::mem::take(&mut ahead.borrows) {
            self.borrowers -= 1;
            if !crate::loom::fault("stream_keeps_borrower") {
                self.settle(wakes);
            }
        }
    }
}
