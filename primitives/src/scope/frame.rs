//! The frame: one body under one node of the tree, from its first poll to its end.
//!
//! Scopes, shields, catches, child tasks, clean-ups and finalizers are all frames; they differ in
//! their [`Plan`]. A frame reads the flag *before* it polls (C1), catches every panic of its body
//! (C9), polls what arrives beside the body (C11, C12), and, once the body is gone, sees to what
//! follows it in the order of C8. Dropped half-way, it leaves its remains to the nearest living
//! ancestor.
//!
//! # Invariants
//!
//! 1. `node` is `Some` from the first poll (or from the moment a handle was asked for; where the frame is
//!    polled lazily, from the end of the poll that made it) until the node has ended; while the body is polled or dropped its tag is in the thread's slot as well.
//! 2. The body is dropped only while its node is current: what its locals clean up is the node's.
//! 3. A poll drops the body because of a cancellation only if it began `DELIVER`ed, polled the body,
//!    and finds that same cancellation in force and the node not held, under one lock with the cause.
//!    An abort asks for nothing. A poll that was cut short does not count, for [`RESPITES`] of them: in it
//!    awaits were pending for want of a unit, or of the runtime's own budget, although they were ready.
//! 4. The waker is registered before the flags are read, and again looked at after a task has
//!    registered late: no flag is set between without a wake.

mod finish;
mod lazy;
mod leave;
mod plan;

pub(super) use plan::Plan;

use super::after::{self, After};
use super::cause::{Cancelled, Cause};
use super::current::{self, Place, Ring};
use super::node::{ABORT, CANCELLED, DELIVER, DRAIN, MAIL, NUDGED, Node, REARM};
use super::tree::{self, Link, NIL};
use super::{gate, report, runtime};
use core::any::Any;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use pin_project_lite::pin_project;

/// How many polls of a cancelled body that used up what a task may do in one are followed by another one.
/// Few, so that a loop that uses it up each time is ended.
const RESPITES: u8 = 8;

/// What a panic carried.
pub type Payload = Box<dyn Any + Send>;

/// How a body ended.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a body has no fourth way to end")]
pub enum Ended<T> {
    /// It gave its output.
    Value(T),
    /// It, or the drop of it, panicked.
    Panicked(Payload),
    /// A cancellation dropped it.
    Cancelled(Cancelled),
}

/// What a frame tells its maker about its body, before its node ends.
pub trait Observe<T> {
    /// The body is gone; its children and finalizers may not be. Says whether a cancellation was in
    /// force then. Must not panic.
    fn ended(&mut self, how: &mut Ended<T>, in_cancelled: bool);

    /// Whether there is something to deliver even though the body was dropped: a failure that was
    /// recorded while it was being cancelled.
    fn must_deliver(&self) -> bool {
        false
    }
}

impl<T> Observe<T> for () {
    fn ended(&mut self, _: &mut Ended<T>, _: bool) {}
}

pin_project! {
    /// See the module.
    #[project = FrameProj]
    pub(super) struct Frame<F: Future, O: Observe<F::Output> = ()> {
        #[pin]
        stage: Stage<F>,
        node: Option<Node>,
        // The parent's number at the last poll; 0 without one.
        parent: u64,
        // A copy of what is registered, to see when it changes. A task's never does.
        waker: Option<Waker>,
        after: Option<Box<After>>,
        plan: Plan,
        registered: bool,
        // How many polls did not count. It costs no word: it lies beside the flag.
        respites: u8,
        observer: O,
    }

    impl<F: Future, O: Observe<F::Output>> PinnedDrop for Frame<F, O> {
        #[inline]
        fn drop(this: Pin<&mut Self>) {
            if !this.is_over() {
                this.project().leave();
            }
        }
    }
}

pin_project! {
    #[project = StageProj]
    enum Stage<F: Future> {
        Body { #[pin] body: F, polled: bool },
        // The body is gone, what follows it is not.
        Finishing { how: Option<Ended<F::Output>> },
        // Ended in all but name; may have no node left.
        Passing { how: Option<Ended<F::Output>> },
        Done,
    }
}

impl<F: Future, O: Observe<F::Output>> Frame<F, O> {
    /// A frame whose node is made, under the scope current then, at the first poll.
    pub(super) fn new(body: F, plan: Plan, observer: O) -> Self {
        Self::build(body, None, plan, observer)
    }

    /// A frame whose node has been made: fresh, or placed in the tree.
    pub(super) fn with_node(body: F, node: Node, plan: Plan, observer: O) -> Self {
        Self::build(body, Some(node), plan, observer)
    }

    fn build(body: F, node: Option<Node>, plan: Plan, observer: O) -> Self {
        let stage = Stage::Body { body, polled: false };
        let (registered, respites) = (false, 0);
        Self { stage, node, parent: 0, waker: None, after: None, plan, registered, respites, observer }
    }

    /// Notes where in the source this frame was made, while its node lives; says whether it does.
    pub(super) fn note_place(&self, place: &'static Location<'static>) -> bool {
        let Some(node) = &self.node else { return false };
        tree::lock().note_place(node, place);
        true
    }

    /// Cancels the node, also before its first poll; once it has ended this changes nothing.
    pub(super) fn cancel(self: Pin<&mut Self>, cause: Cause) {
        let this = self.project();
        if matches!(this.stage.project(), StageProj::Done) {
            return;
        }
        let (plan, node) = (*this.plan, this.node);
        tree::change(|tree, effects| {
            let node = node.get_or_insert_with(|| tree.fresh(plan.link(), plan.shields()));
            tree.cancel(node, cause, effects);
        });
    }

    /// Polls quietly where that will do. What else there may be to do is kept out of this function, so
    /// that a poll in which nothing happens does not pay for it: it is what every await costs.
    #[inline]
    pub(super) fn poll_end(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended<F::Output>> {
        if self.is_quiet(cx) { self.poll_quietly(cx) } else { self.poll_changed(cx) }
    }

    /// Whether nothing has changed around the body: it was polled before, here, with this waker, or is
    /// a task, and nothing is flagged.
    #[inline]
    fn is_quiet(&self, cx: &Context<'_>) -> bool {
        const NOTABLE: u32 = CANCELLED | ABORT | MAIL | REARM;
        let same_waker = match &self.waker {
            Some(waker) => waker.will_wake(cx.waker()),
            None => self.plan == Plan::Task,
        };
        same_waker
            && self.after.is_none()
            && self.stage.is_body()
            && self.node.as_ref().is_some_and(|node| node.word() & NOTABLE == 0)
            && current::is_in(self.parent)
    }

    /// What the body leaves behind is seen by the poll that its arrival asks for.
    #[inline]
    fn poll_quietly(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended<F::Output>> {
        let ring = if self.parent == 0 { Ring::OutermostAgain } else { Ring::Inner };
        let this = self.as_mut().project();
        let (node, stage) = (this.node.as_ref(), this.stage);
        let polled = current::run(node, ring, || stage.poll_body(cx));
        if self.registered && matches!(polled, Ok(Poll::Pending)) {
            return Poll::Pending;
        }
        self.finish_polled(polled, cx)
    }

    /// Whether there is nothing left that a drop would leave behind.
    #[inline]
    fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Done) && self.node.is_none()
    }

    #[inline(never)]
    fn poll_changed(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended<F::Output>> {
        self.project().poll(cx)
    }

    /// Draws the consequences of a quiet poll that has any.
    #[inline(never)]
    fn finish_polled(
        self: Pin<&mut Self>,
        polled: Result<Poll<F::Output>, Payload>,
        cx: &mut Context<'_>,
    ) -> Poll<Ended<F::Output>> {
        let mut this = self.project();
        match polled {
            Ok(Poll::Ready(value)) => this.finish(Ended::Value(value), cx),
            Err(payload) => this.panicked(payload, cx),
            Ok(Poll::Pending) => {
                this.stay(0, cx);
                Poll::Pending
            }
        }
    }
}

impl<F: Future> Stage<F> {
    #[inline]
    fn is_body(&self) -> bool {
        matches!(self, Self::Body { .. })
    }

    /// Polls the body; one that is done is dropped.
    #[inline]
    fn poll_body(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let StageProj::Body { body, .. } = self.as_mut().project() else { return Poll::Pending };
        let polled = body.poll(cx);
        if polled.is_ready() {
            self.set(Self::Done);
        }
        polled
    }
}

impl<F: Future, O: Observe<F::Output>> FrameProj<'_, F, O> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ended<F::Output>> {
        if self.is_kept_out(cx) {
            return Poll::Pending;
        }
        self.take_place(cx);
        match self.stage.as_mut().project() {
            StageProj::Body { .. } => self.poll_body(cx),
            StageProj::Finishing { .. } => self.poll_after(cx),
            StageProj::Passing { .. } => self.poll_passing(),
            StageProj::Done => panic!("a scope was polled after it had ended"),
        }
    }

    /// Whether it would open and the task has no unit left for that: opening is an await.
    fn is_kept_out(&mut self, cx: &Context<'_>) -> bool {
        let opens = matches!(self.stage.as_mut().project(), StageProj::Body { polled: false, .. });
        opens && self.plan.is_charged() && gate::poll_open(cx).is_pending()
    }

    /// Opens the node at the first poll, follows the future to another place, keeps its waker.
    fn take_place(&mut self, cx: &Context<'_>) {
        let nested = self.plan.link() == Link::Nested;
        if let StageProj::Body { polled: polled @ false, .. } = self.stage.as_mut().project() {
            *polled = true;
            if nested {
                return self.open(cx);
            }
        }
        if nested && let Place::Moved(parent) = current::place(*self.parent) {
            self.follow(parent.as_ref());
        }
        let changed = self.waker.as_ref().is_some_and(|waker| !waker.will_wake(cx.waker()));
        if changed || (*self.plan == Plan::Beside && self.waker.is_none()) {
            *self.waker = Some(cx.waker().clone());
            self.register(cx);
        }
    }

    fn open(&mut self, cx: &Context<'_>) {
        let parent = current::node();
        *self.parent = parent.as_ref().map_or(0, |parent| parent.id());
        *self.waker = Some(cx.waker().clone());
        *self.registered = true;
        let index = parent.as_ref().map_or(NIL, |parent| parent.index);
        let (plan, node) = (*self.plan, &mut *self.node);
        tree::change(|tree, effects| {
            let node = node.get_or_insert_with(|| tree.fresh(plan.link(), plan.shields()));
            tree.place(node, index, Some(cx.waker()), effects);
        });
    }

    fn follow(&mut self, parent: Option<&Node>) {
        let Some(node) = &*self.node else { return };
        let index = parent.map_or(NIL, |parent| parent.index);
        match tree::change(|tree, effects| tree.reparent(node, index, Link::Nested, effects)) {
            Ok(()) => {
                report::moved(node);
                *self.parent = parent.map_or(0, |parent| parent.id());
            }
            Err(_) => report::circle(node),
        }
    }

    fn register(&mut self, cx: &Context<'_>) {
        *self.registered = true;
        if let Some(node) = &*self.node {
            tree::change(|tree, effects| tree.register(node, cx.waker(), effects));
        }
    }

    fn word(&self) -> u32 {
        self.node.as_ref().map_or(0, |node| node.word())
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Ended<F::Output>> {
        let mut began = self.word();
        if began & REARM != 0 || self.after.is_some() {
            self.poll_timer(cx);
            began = self.word();
        }
        if began & ABORT != 0 {
            let cause = self.node.as_ref().and_then(|node| tree::lock().cause(node));
            return self.cancel_body(cause.map_or(Cause::Dropped, |cause| (*cause).clone()), cx);
        }
        match self.poll_in_place(cx) {
            Ok(Poll::Ready(value)) => self.finish(Ended::Value(value), cx),
            Err(payload) => self.panicked(payload, cx),
            Ok(Poll::Pending) => self.pend(began, cx),
        }
    }

    /// The body waits: drops it, or waits with it.
    fn pend(&mut self, began: u32, cx: &mut Context<'_>) -> Poll<Ended<F::Output>> {
        if let Some(cause) = self.cause_to_drop(began, cx) {
            return self.cancel_body(cause, cx);
        }
        self.note_hold(began);
        self.poll_beside(cx);
        self.stay(began, cx);
        Poll::Pending
    }

    /// One poll of the body with its node current; a body that is done is dropped there, too.
    fn poll_in_place(&mut self, cx: &mut Context<'_>) -> Result<Poll<F::Output>, Payload> {
        let ring = Ring::of(self.is_outermost());
        let stage = self.stage.as_mut();
        current::run(self.node.as_ref(), ring, || stage.poll_body(cx))
    }

    fn is_outermost(&self) -> bool {
        match self.plan.link() {
            Link::Nested => *self.parent == 0,
            Link::Task => true,
            Link::Beside | Link::Remains => current::is_empty(),
        }
    }

    /// The cause for which this poll drops the body, if it does (invariant 3).
    fn cause_to_drop(&mut self, began: u32, cx: &Context<'_>) -> Option<Cause> {
        const DUE: u32 = CANCELLED | DELIVER;
        if began & DUE != DUE {
            return None;
        }
        let cause = self.node.as_ref().and_then(|node| tree::lock().cause_to_drop(node, began))?;
        if self.has_respite(cx) { None } else { Some((*cause).clone()) }
    }

    /// Whether another poll is asked for before the body is dropped.
    fn has_respite(&mut self, cx: &Context<'_>) -> bool {
        let was_cut = current::has_refused() || runtime::is_spent();
        let given = was_cut && *self.respites < RESPITES;
        if given {
            // A simulation cuts most polls short, and they do not count at all.
            *self.respites += u8::from(current::has_usual_allowance());
            cx.waker().wake_by_ref();
        }
        given
    }

    /// Whoever cancelled this scope hears of a hold that takes its time.
    fn note_hold(&mut self, began: u32) {
        let Some(node) = &*self.node else { return };
        let held = began & CANCELLED != 0 && tree::lock().is_held_against_its_own_cancellation(node);
        if held {
            self.after.get_or_insert_default().held = true;
        } else if let Some(after) = self.after {
            after.held = false;
        }
    }

    fn cancel_body(&mut self, cause: Cause, cx: &mut Context<'_>) -> Poll<Ended<F::Output>> {
        let how = match self.drop_body() {
            Ok(()) => Ended::Cancelled(Cancelled { cause }),
            Err(payload) => Ended::Panicked(payload),
        };
        self.finish(how, cx)
    }

    /// What the body still holds is dropped before its end is told; the first panic counts.
    fn panicked(&mut self, payload: Payload, cx: &mut Context<'_>) -> Poll<Ended<F::Output>> {
        let dropped = self.drop_body();
        self.end_panicked(payload, dropped, cx)
    }

    fn end_panicked(
        &mut self,
        payload: Payload,
        dropped: Result<(), Payload>,
        cx: &mut Context<'_>,
    ) -> Poll<Ended<F::Output>> {
        if let Err(second) = dropped {
            let message = super::panic_message(&second);
            tracing::error!(
                panic = message,
                "the drop of a panicked body panicked too; the first panic goes on"
            );
            super::put_away(second);
        }
        self.finish(Ended::Panicked(payload), cx)
    }

    fn drop_body(&mut self) -> Result<(), Payload> {
        let mut stage = self.stage.as_mut();
        current::run_drop(self.node.as_ref(), || stage.set(Stage::Done))
    }

    /// A task registers its waker when it first has to wait: one that ends at once never does. So does a node
    /// that was made in the middle of a poll.
    ///
    /// Nobody was woken before that, so it looks again. One that is cancelled polls once more in any
    /// case: the cancellation it saw may have been lifted and renewed, or what held it let go.
    fn stay(&mut self, seen: u32, cx: &Context<'_>) {
        const HEARD: u32 = CANCELLED | DELIVER | ABORT | MAIL | REARM | DRAIN | NUDGED;
        if !*self.registered {
            self.register(cx);
            let now = self.word();
            let missed = (now ^ seen) & HEARD != 0 || now & CANCELLED != 0;
            if missed && !crate::loom::fault("scope_registers_late") {
                cx.waker().wake_by_ref();
            }
        }
    }

    /// Arms the timer of a deadline that was set anew; cancels when the time has come.
    fn poll_timer(&mut self, cx: &mut Context<'_>) {
        let Some(node) = &*self.node else { return };
        if node.has(REARM) {
            node.clear(REARM);
            let deadline = tree::lock().deadline(node);
            let after = self.after.get_or_insert_default();
            after.timer = deadline.and_then(runtime::sleep_until);
            after.rearm_budget(node);
        }
        let Some(after) = self.after else { return };
        if let Some(timer) = &mut after.timer
            && timer.as_mut().poll(cx).is_ready()
        {
            after.timer = None;
            tree::change(|tree, effects| tree.cancel(node, Cause::Deadline, effects));
        }
    }

    /// Polls clean-ups and remains beside the running body.
    fn poll_beside(&mut self, cx: &mut Context<'_>) {
        if self.word() & MAIL != 0 || self.after.is_some() {
            let outermost = self.is_outermost();
            after::poll(self.node.as_ref(), self.after, false, outermost, cx);
        }
    }
}
