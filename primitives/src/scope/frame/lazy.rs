//! A frame whose node is made when something inside asks for it: see [`lazily`](crate::scope::lazily).
//!
//! # States
//!
//! *New* (no node, `parent` is [`UNPOLLED`]) → *unmade* (polled inside the node numbered `parent`; the body runs there) →
//! *made* (a frame like others), or → ended. Where nothing is around it a frame is made at once, like others.
//! It is *asked for* through [`current::node`] alone, by code of the task that polls it.
//!
//! # Invariants
//!
//! 1. An unmade frame has nothing in the tree and no waker: nobody but its body can ask for it, and what is
//!    around it ends the body by dropping the frame.
//! 2. On a thread at most one node waits to be made in the place that is current: what is polled lazily inside of
//!    an unmade frame asks for that one first.
//! 3. The node is made under the node around, with its flags, in one step under the tree's lock, and is current
//!    from then on; it is the frame's before the call that made it, a poll or a drop, has returned.
//! 4. A frame that was made in a poll has heard nothing before that poll ends: it registers, and looks again.
//! 5. The poll in which it was made may drop the body only for a cancellation that was in force around it
//!    when that poll began.

use super::{Ended, Frame, FrameProj, Observe, Payload, Plan, Stage, StageProj};
use crate::scope::current::{self, Around};
use crate::scope::node::Node;
use core::pin::Pin;
use core::task::{Context, Poll};

/// How a body was polled.
type Polled<T> = Result<Poll<T>, Payload>;

/// No node has this number. It is not zero, which would be written together with the zeros beside it, and read back at
/// once by itself: that is what costs the most of a body that never waits.
pub(super) const UNPOLLED: u64 = u64::MAX;

impl<F: Future> Frame<F> {
    /// A frame that is to be [polled lazily](Self::poll_lazily).
    #[inline]
    pub(in crate::scope) fn unmade(body: F) -> Self {
        let mut frame = Self::new(body, Plan::Scope, ());
        frame.parent = UNPOLLED;
        frame
    }

    /// Has it take the node of this number for the one that was around it before.
    #[inline]
    pub(in crate::scope) fn expect_in(&mut self, parent: u64) {
        self.parent = parent;
    }

    /// Polls without a node as long as none was asked for. What `resolve` makes of a value that the body gives at
    /// once is made there: the larger `Ended` is never put together.
    #[inline]
    pub(in crate::scope) fn poll_lazily<R>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        resolve: impl FnOnce(Ended<F::Output>) -> R,
    ) -> Poll<R> {
        if !self.is_unmade() {
            return self.poll_end(cx).map(resolve);
        }
        let Some(around) = current::around(self.parent) else { return self.poll_changed(cx).map(resolve) };
        if self.parent == UNPOLLED && !current::has_unit() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let this = self.as_mut().project();
        *this.parent = around.id();
        let stage = this.stage;
        match current::run_lazily(&around, || stage.poll_body(cx)) {
            (Ok(Poll::Pending), None) => Poll::Pending,
            (Ok(Poll::Ready(value)), None) => Poll::Ready(resolve(Ended::Value(value))),
            (polled, made) => self.change(&around, polled, made, cx).map(resolve),
        }
    }

    #[inline]
    fn is_unmade(&self) -> bool {
        self.node.is_none() && self.stage.is_body()
    }

    #[inline(never)]
    fn change(
        self: Pin<&mut Self>,
        around: &Around,
        polled: Polled<F::Output>,
        made: Option<Node>,
        cx: &mut Context<'_>,
    ) -> Poll<Ended<F::Output>> {
        let mut this = self.project();
        match made {
            Some(node) => this.take_up(node, around, polled, cx),
            None => this.end_unmade(polled, cx),
        }
    }
}

impl<F: Future, O: Observe<F::Output>> FrameProj<'_, F, O> {
    /// From now on this is a frame like others. The consequences of the poll that made it are drawn.
    fn take_up(
        &mut self,
        node: Node,
        around: &Around,
        polled: Polled<F::Output>,
        cx: &mut Context<'_>,
    ) -> Poll<Ended<F::Output>> {
        let word = node.word();
        *self.node = Some(node);
        *self.waker = Some(cx.waker().clone());
        if let StageProj::Body { polled, .. } = self.stage.as_mut().project() {
            *polled = true;
        }
        match polled {
            Ok(Poll::Ready(value)) => self.finish(Ended::Value(value), cx),
            Err(payload) => self.panicked(payload, cx),
            Ok(Poll::Pending) => self.pend(if around.began_cancelled() { word } else { 0 }, cx),
        }
    }

    /// The body has panicked and has no node; the drop of it may still ask for one.
    fn end_unmade(&mut self, polled: Polled<F::Output>, cx: &mut Context<'_>) -> Poll<Ended<F::Output>> {
        let Err(payload) = polled else { return Poll::Pending };
        let dropped = self.drop_unmade();
        self.end_panicked(payload, dropped, cx)
    }

    /// Drops the body in the scope that is current for whoever drops it. Without one there is nothing in which the
    /// node could be made.
    pub(super) fn drop_unmade(&mut self) -> Result<(), Payload> {
        let mut stage = self.stage.as_mut();
        let Some(around) = current::around(0) else {
            stage.set(Stage::Done);
            return Ok(());
        };
        let (dropped, made) = current::run_lazily(&around, || stage.set(Stage::Done));
        *self.node = made;
        dropped
    }
}
