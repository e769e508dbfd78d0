//! What becomes of a combinator as its branches end: open, closing, resolved.

use super::arm::{Arm, End};
use super::order::Order;
use crate::scope::cause::Cause;
use crate::scope::frame::Payload;
use crate::scope::gate::{self, Gate};
use crate::scope::handle::ScopeHandle;
use crate::scope::{panic_message, put_away};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::panic::resume_unwind;

/// The state of one combinator, without its branches.
pub struct Drive {
    order: Order,
    /// Whether a branch that is lost decides: then the others can make up no outcome either.
    needs_all: bool,
    begun: bool,
    closing: bool,
    running: usize,
    winner: Option<usize>,
    loss: Option<Cause>,
    panic: Option<Payload>,
    gate: Gate,
}

impl Drive {
    /// Waits for the values of all branches.
    #[must_use]
    pub fn all(count: usize, biased: bool) -> Self {
        let order = if biased { Order::Biased } else { Order::FAIR };
        Self::new(count, order, true)
    }

    /// Waits for the first value that decides.
    #[must_use]
    pub fn first(count: usize, biased: bool) -> Self {
        let order = if biased { Order::Biased } else { Order::next_of_thread() };
        Self::new(count, order, false)
    }

    fn new(count: usize, order: Order, needs_all: bool) -> Self {
        Self {
            order,
            needs_all,
            begun: false,
            closing: false,
            running: count,
            winner: None,
            loss: None,
            panic: None,
            gate: Gate::new(),
        }
    }

    /// The branch whose value decided, if one did.
    #[must_use]
    pub fn winner(&self) -> Option<usize> {
        self.winner
    }

    /// Polls branches that share the task's waker.
    ///
    /// # Panics
    ///
    /// As for [`conclude`](Self::conclude).
    pub fn poll(&mut self, arms: &mut [Pin<&mut dyn Arm>], cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.poll_begin(cx));
        let (first, open) = (self.first_place(arms.len()), !self.closing);
        for index in (first..arms.len()).chain(0..first) {
            self.poll_arm(index, arms[index].as_mut(), cx);
            if open && self.closing {
                self.close(arms, cx);
                break;
            }
        }
        self.poll_concluded(cx)
    }

    fn close(&mut self, arms: &mut [Pin<&mut dyn Arm>], cx: &mut Context<'_>) {
        let running = |arm: &&mut Pin<&mut dyn Arm>| arm.is_running();
        arms.iter_mut().filter(running).for_each(|arm| arm.as_mut().cancel(self.closing_cause()));
        for (index, arm) in arms.iter_mut().enumerate() {
            self.poll_arm(index, arm.as_mut(), cx);
        }
    }

    /// Takes the unit of this await, which begins in a cancelled scope too.
    pub(super) fn poll_begin(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.begun {
            ready!(gate::poll_unit(cx));
            self.begun = true;
        }
        Poll::Ready(())
    }

    /// From now on branches are polled in the order in which they were given.
    pub(super) fn set_biased(&mut self) {
        self.order = Order::Biased;
    }

    pub(super) fn is_biased(&self) -> bool {
        matches!(self.order, Order::Biased)
    }

    pub(super) fn first_place(&mut self, count: usize) -> usize {
        self.order.first(count)
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing
    }

    /// What the branches that still run are told when the outcome is decided.
    pub(super) fn closing_cause(&self) -> Cause {
        match (&self.loss, self.winner) {
            (_, Some(_)) => "another branch decided the outcome first".into(),
            (Some(loss), None) => loss.clone(),
            (None, None) => "another branch panicked".into(),
        }
    }

    pub(super) fn poll_arm(
        &mut self,
        index: usize,
        arm: Pin<&mut (impl Arm + ?Sized)>,
        cx: &mut Context<'_>,
    ) {
        if let Poll::Ready(end) = arm.poll_end(cx) {
            self.running -= 1;
            self.note(index, end);
        }
    }

    fn note(&mut self, index: usize, end: End) {
        match end {
            End::Value { decides: true } if !self.closing => {
                self.winner = Some(index);
                self.closing = true;
            }
            End::Value { .. } => {}
            End::Lost(cause) => {
                self.closing |= self.needs_all;
                self.loss.get_or_insert(cause);
            }
            End::Panicked(payload) => {
                self.closing = true;
                self.note_panic(payload);
            }
        }
    }

    fn note_panic(&mut self, payload: Payload) {
        if self.panic.is_some() {
            let message = panic_message(&payload);
            tracing::error!(panic = message, "a second branch panicked; the first panic goes on");
            put_away(payload);
            return;
        }
        self.panic = Some(payload);
    }

    /// Ready when all branches have ended and there is an outcome.
    ///
    /// # Panics
    ///
    /// Resumes the first panic of a branch. Panics where a branch was cancelled and no scope is around
    /// to end for it.
    pub(super) fn poll_concluded(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let leaves_losers = self.winner.is_some() && crate::loom::fault("branch_leaves_losers");
        if self.running > 0 && !leaves_losers {
            return Poll::Pending;
        }
        if let Some(payload) = self.panic.take() {
            resume_unwind(payload);
        }
        match (self.winner, &self.loss) {
            (None, Some(cause)) => {
                let cause = cause.clone();
                self.poll_lost(cause, cx)
            }
            _ => Poll::Ready(()),
        }
    }

    /// A branch is gone and there is nothing to resolve to. The scope around ends as a rule, as it was
    /// that which was cancelled; where it was not, or is not any more, it is cancelled for the same cause.
    fn poll_lost(&mut self, cause: Cause, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.gate.poll_enter(cx));
        let Some(scope) = ScopeHandle::current() else {
            panic!(
                "a branch was cancelled ({cause}), and there is no scope around its combinator to end for it"
            )
        };
        scope.cancel(cause);
        self.gate = Gate::new();
        self.gate.poll_enter(cx)
    }
}

impl fmt::Debug for Drive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drive")
            .field("running", &self.running)
            .field("closing", &self.closing)
            .field("winner", &self.winner)
            .finish_non_exhaustive()
    }
}
