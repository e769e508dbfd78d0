//! Waiting for a token.

use super::{BorrowError, Borrower, CapacityLimiter, Token};
use crate::scope::Gate;
use crate::standstill;
use crate::waiting::{Key, visit};
use core::pin::Pin;
use core::task::{Context, Poll, ready};

/// The future of [`CapacityLimiter::acquire`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Acquire<'a> {
    wait: Wait<'a>,
}

impl<'a> Acquire<'a> {
    pub(super) const fn new(limiter: &'a CapacityLimiter) -> Self {
        Self { wait: Wait::new(limiter, None) }
    }
}

impl Future for Acquire<'_> {
    type Output = Token;

    /// # Panics
    ///
    /// When it is polled again after it was ready.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Token> {
        let acquired = self.get_mut().wait.poll("Acquire", cx);
        acquired.map(|acquired| acquired.expect("a call that is its own borrower has no other claim"))
    }
}

/// The future of [`CapacityLimiter::acquire_on_behalf_of`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct AcquireOnBehalfOf<'a> {
    wait: Wait<'a>,
}

impl<'a> AcquireOnBehalfOf<'a> {
    pub(super) const fn new(limiter: &'a CapacityLimiter, borrower: Borrower) -> Self {
        Self { wait: Wait::new(limiter, Some(borrower)) }
    }
}

impl Future for AcquireOnBehalfOf<'_> {
    type Output = Result<Token, BorrowError>;

    /// # Panics
    ///
    /// When it is polled again after it was ready.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.get_mut().wait.poll("AcquireOnBehalfOf", cx)
    }
}

/// How far an acquire has come.
#[derive(Debug)]
pub(super) enum Turn {
    /// It has not asked yet; without a borrower it will be its own.
    Asks(Option<Borrower>),
    Seated(Key),
    Over,
}

#[derive(Debug)]
struct Wait<'a> {
    limiter: &'a CapacityLimiter,
    gate: Gate,
    turn: Turn,
}

impl<'a> Wait<'a> {
    const fn new(limiter: &'a CapacityLimiter, borrower: Option<Borrower>) -> Self {
        Self { limiter, gate: Gate::new(), turn: Turn::Asks(borrower) }
    }

    fn poll(&mut self, name: &str, cx: &mut Context<'_>) -> Poll<Result<Token, BorrowError>> {
        assert!(!matches!(self.turn, Turn::Over), "`{name}` was polled after it was ready");
        ready!(self.gate.poll_enter(cx));
        let state = &self.limiter.state;
        let borrower = visit(state, cx, false, |state, visit| state.poll_acquire(&mut self.turn, visit));
        let borrower = ready!(standstill::tell(borrower, || self.limiter.wanted()));
        self.turn = Turn::Over;
        Poll::Ready(borrower.map(|borrower| Token::new(self.limiter, borrower)))
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.limiter.forsake(&mut self.turn);
    }
}
