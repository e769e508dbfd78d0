//! Any number of branches of one type, polled when they were woken.

use super::arm::{Arm, Branch};
use super::bells::Bells;
use super::drive::Drive;
use crate::standstill;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

/// The branches of a combinator for collections.
pub(super) struct Many<F: Future> {
    pub(super) drive: Drive,
    branches: Vec<Pin<Box<Branch<F>>>>,
    bells: Bells,
    /// Kept between polls for its room.
    woken: Vec<usize>,
}

impl<F: Future> Many<F> {
    pub(super) fn new(
        futures: impl IntoIterator<Item = F>,
        decides: fn(&F::Output) -> bool,
        drive: fn(usize, bool) -> Drive,
    ) -> Self {
        let branches: Vec<_> =
            futures.into_iter().map(|future| Box::pin(Branch::new(future, decides))).collect();
        let count = branches.len();
        Self { drive: drive(count, false), branches, bells: Bells::all_rung(count), woken: Vec::new() }
    }

    /// Ready when all branches have ended and there is an outcome.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.drive.poll_begin(cx));
        if standstill::is_asked() {
            self.bells.ring_all();
        }
        self.bells.answer(cx.waker(), &mut self.woken);
        self.put_in_order();
        let open = !self.drive.is_closing();
        for at in 0..self.woken.len() {
            self.poll_branch(self.woken[at]);
            if open && self.drive.is_closing() {
                self.close();
                break;
            }
        }
        self.drive.poll_concluded(cx)
    }

    fn put_in_order(&mut self) {
        if self.drive.is_biased() {
            self.woken.sort_unstable();
        }
        let first = self.drive.first_place(self.woken.len());
        self.woken.rotate_left(first);
    }

    fn poll_branch(&mut self, index: usize) {
        let mut cx = Context::from_waker(self.bells.waker(index));
        self.drive.poll_arm(index, self.branches[index].as_mut(), &mut cx);
    }

    /// Cancels the branches that still run, then polls each: most end at once.
    fn close(&mut self) {
        for branch in self.branches.iter_mut().filter(|branch| branch.is_running()) {
            branch.as_mut().cancel(self.drive.closing_cause());
        }
        (0..self.branches.len()).for_each(|index| self.poll_branch(index));
    }

    /// The values, in the order of the branches; none where a branch was cancelled.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Option<F::Output>> {
        std::mem::take(&mut self.branches).into_iter().map(|mut branch| branch.as_mut().take())
    }
}
