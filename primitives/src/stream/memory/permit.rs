//! Room in a stream, reserved before there is an item for it.

use super::state::End;
use super::turn::Turn;
use super::{SendError, SendStream, Shared};
use crate::standstill;
use crate::waiting::Wakes;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

/// A place for one item: sending with it never waits and never finds the stream full.
///
/// It belongs to nobody: it may outlive the end that made it, and be sent to another task. As long as
/// it exists the stream does not end. Dropped unused, it gives its place to whoever waits longest.
///
/// On a rendezvous it stands for a receiver that waits. Should that receiver leave meanwhile, the item
/// waits in the stream for the next one.
///
/// # Examples
///
/// ```
/// use arbour_primitives::stream::memory_stream;
///
/// # futures::executor::block_on(async {
/// let (tx, rx) = memory_stream(1);
/// let permit = tx.reserve().await.unwrap();
/// assert!(tx.try_send("late").is_err());
/// permit.send("first").unwrap();
/// assert_eq!(rx.recv().await, Ok("first"));
/// # });
/// ```
#[must_use = "a permit that is dropped gives its place back"]
pub struct Permit<T> {
    shared: Shared<T>,
    held: bool,
}

impl<T> Permit<T> {
    /// For a place that the state has counted in.
    pub(super) fn new(shared: &Shared<T>) -> Self {
        Self { shared: shared.clone(), held: true }
    }

    /// Sends the item at once, also after the stream was closed: the place had been granted.
    ///
    /// # Errors
    ///
    /// [`SendError::Broken`] with the item when no receiving end is left.
    pub fn send(mut self, item: T) -> Result<(), SendError<T>> {
        self.held = false;
        let mut wakes = Wakes::default();
        let sent = self.shared.lock().redeem(item, &mut wakes);
        wakes.wake();
        sent
    }
}

impl<T> Drop for Permit<T> {
    fn drop(&mut self) {
        if self.held {
            let mut wakes = Wakes::default();
            self.shared.lock().release(&mut wakes);
            wakes.wake();
        }
    }
}

impl<T> fmt::Debug for Permit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.describe("Permit", f)
    }
}

/// The future of [`SendStream::reserve`].
#[must_use = "futures do nothing unless polled"]
pub struct Reserve<'a, T> {
    stream: &'a SendStream<T>,
    turn: Turn,
}

impl<'a, T> Reserve<'a, T> {
    pub(super) fn new(stream: &'a SendStream<T>) -> Self {
        Self { stream, turn: Turn::New }
    }
}

impl<T> Future for Reserve<'_, T> {
    type Output = Result<Permit<T>, SendError<()>>;

    /// # Panics
    ///
    /// When it is polled again after it was ready.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        assert!(!this.turn.is_over(), "`Reserve` was polled after it was ready");
        let (shared, end) = this.stream.parts();
        let reserved = ready!(poll_reserve(shared, end, &mut this.turn, cx));
        this.turn = Turn::Over;
        Poll::Ready(reserved)
    }
}

impl<T> Drop for Reserve<'_, T> {
    fn drop(&mut self) {
        self.turn.leave(|key| self.stream.parts().0.forsake_sender(key));
    }
}

impl<T> fmt::Debug for Reserve<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserve").field("turn", &self.turn).finish_non_exhaustive()
    }
}

pub(super) fn poll_reserve<T>(
    shared: &Shared<T>,
    end: &End,
    turn: &mut Turn,
    cx: &mut Context<'_>,
) -> Poll<Result<Permit<T>, SendError<()>>> {
    let begun = turn.begins();
    ready!(turn.poll_enter(begun, cx));
    let granted =
        turn.ask(|seat| shared.visit(cx, false, |state, visit| state.poll_reserve(end, seat, visit)));
    let granted = ready!(standstill::tell(granted, || shared.wanted("room")));
    Poll::Ready(granted.map(|()| Permit::new(shared)))
}
