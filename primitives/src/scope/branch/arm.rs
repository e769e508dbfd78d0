//! One branch: its frame, and then its value until somebody takes it.

use crate::scope::cause::Cause;
use crate::scope::frame::{Ended, Frame, Payload, Plan};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;

pin_project! {
    /// One future of a combinator, in a node of its own.
    pub struct Branch<F: Future> {
        #[pin]
        state: State<F>,
        decides: fn(&F::Output) -> bool,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F: Future> {
        Running { #[pin] frame: Frame<F> },
        // `None` once it was taken, and where there is none.
        Ended { value: Option<F::Output> },
    }
}

/// How a branch ended.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a branch has no fourth way to end")]
pub enum End {
    /// With a value, which the branch keeps.
    Value {
        /// Whether it decides what the combinator resolves to.
        decides: bool,
    },
    /// A cancellation ended it.
    Lost(Cause),
    /// It panicked.
    Panicked(Payload),
}

/// A branch, whatever its type.
pub trait Arm {
    /// Whether it has not ended.
    fn is_running(&self) -> bool;

    /// Polls it unless it has ended; ready once, when it ends.
    fn poll_end(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End>;

    /// Cancels it, also before its first poll.
    fn cancel(self: Pin<&mut Self>, cause: Cause);
}

impl<F: Future> Branch<F> {
    /// A branch of this future. `decides` says which of its values end the other branches.
    pub fn new(future: F, decides: fn(&F::Output) -> bool) -> Self {
        let frame = Frame::new(future, Plan::Catch, ());
        Self { state: State::Running { frame }, decides }
    }

    /// The value, once; none where the branch was cancelled.
    #[must_use]
    pub fn take(self: Pin<&mut Self>) -> Option<F::Output> {
        match self.project().state.project() {
            StateProj::Ended { value } => value.take(),
            StateProj::Running { .. } => None,
        }
    }

    /// The value of a branch whose combinator says that it has one.
    ///
    /// # Panics
    ///
    /// When it has none, which would be a bug of the combinator.
    #[must_use]
    pub fn expect(self: Pin<&mut Self>) -> F::Output {
        self.take().expect("a combinator resolves when its branches have given what it is made of")
    }
}

impl<F: Future> Arm for Branch<F> {
    fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }

    fn poll_end(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End> {
        let mut this = self.project();
        let StateProj::Running { frame } = this.state.as_mut().project() else { return Poll::Pending };
        frame.poll_end(cx).map(|how| {
            let (value, end) = match how {
                Ended::Value(value) => {
                    let decides = (this.decides)(&value);
                    (Some(value), End::Value { decides })
                }
                Ended::Cancelled(cancelled) => (None, End::Lost(cancelled.cause)),
                Ended::Panicked(payload) => (None, End::Panicked(payload)),
            };
            this.state.set(State::Ended { value });
            end
        })
    }

    fn cancel(self: Pin<&mut Self>, cause: Cause) {
        if let StateProj::Running { frame } = self.project().state.project() {
            frame.cancel(cause);
        }
    }
}

impl<F: Future> fmt::Debug for Branch<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Branch").field("running", &self.is_running()).finish_non_exhaustive()
    }
}
