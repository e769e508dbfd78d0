//! What is polled beside a body and after it: clean-ups, remains, finalizers, the timers.
//!
//! One small driver, shared by the future of a scope and by what foreign code left of one.

use super::budget::Wait;
use super::current::{self, Ring};
use super::frame::{Ended, Frame, Plan};
use super::mail::{Deferred, Mail};
use super::node::{ABORT, MAIL, Node, OVER, REARM};
use super::remains::Remains;
use super::report;
use super::runtime::BoxFuture;
use super::subject::Subject;
use super::tree::{self, Ending, Step};
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures::stream::{FuturesUnordered, StreamExt};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// How many finalizers may begin in one poll, and how often it looks for new clean-ups. One that never
/// waits and begins itself anew for ever must let others run: the time of its budget does not pass
/// otherwise.
const AT_ONCE: u32 = 128;

/// What runs beside and after one body. Made when there is something to run.
#[derive(Default)]
pub(super) struct After {
    cleanups: Option<FuturesUnordered<CleanUp>>,
    adopted: Option<FuturesUnordered<Remains>>,
    finalizer: Option<CleanUp>,
    /// The deadline's.
    pub(super) timer: Option<BoxFuture>,
    /// That of the time that whoever stopped the scope gives its clean-up.
    pub(super) budget: Option<BoxFuture>,
    /// How long what is going on may take before something is done about it; no timer where there is
    /// no clock, or where it was done.
    pub(super) patience: Option<(Wait, Option<BoxFuture>)>,
    /// The body is gone.
    pub(super) finishing: bool,
    /// The body is cancelled, and something inside holds it.
    pub(super) held: bool,
}

/// How far a node whose body is gone has come.
pub(super) enum Settled {
    /// Something that must end first has not; a waker is, or must be, registered.
    Waiting,
    /// Ended in all but name.
    Passing,
    /// Ended: the node is no more.
    Ended,
}

/// Polls what is beside the node; says whether any of it is left.
pub(super) fn poll(
    node: Option<&Node>,
    after: &mut Option<Box<After>>,
    finishing: bool,
    outermost: bool,
    cx: &mut Context<'_>,
) -> bool {
    let Some(own) = node else { return false };
    // While there is a body, its frame arms the timers.
    let heard = if finishing { MAIL | REARM } else { MAIL };
    if after.as_ref().is_none_or(|after| after.is_idle()) && own.word() & heard == 0 {
        return false;
    }
    let after = after.get_or_insert_default();
    after.finishing = finishing;
    current::run(Some(own), Ring::of(outermost), || after.poll(own, cx))
        .unwrap_or_else(|payload| resume_unwind(payload))
}

/// Goes as far as possible towards the end of a node whose body is gone (C8).
pub(super) fn settle(
    node: Option<&Node>,
    after: &mut Option<Box<After>>,
    outermost: bool,
    ending: Ending,
    cx: &mut Context<'_>,
) -> Settled {
    let mut begun = 0;
    loop {
        if begun == AT_ONCE {
            cx.waker().wake_by_ref();
            return Settled::Waiting;
        }
        let beside = poll(node, after, true, outermost, cx);
        let Some(own) = node else { return Settled::Ended };
        match tree::change(|tree, effects| tree.settle(own, beside, ending, effects)) {
            Step::Wait if own.has(ABORT) && after.as_ref().is_none_or(|after| after.patience.is_none()) => {
                let after = after.get_or_insert_default();
                after.finishing = true;
                if !after.poll_clocks(own, cx) {
                    return Settled::Waiting;
                }
            }
            // Who sent the mail has woken the node, or there was too much of it for one poll.
            Step::Wait | Step::Mail => return Settled::Waiting,
            Step::Finalizer(finalizer) => {
                after.get_or_insert_default().finalizer = Some(CleanUp::beside(finalizer, own));
                begun += 1;
            }
            Step::Passing => return Settled::Passing,
            Step::Ended => return Settled::Ended,
        }
    }
}

impl After {
    fn poll(&mut self, node: &Node, cx: &mut Context<'_>) -> bool {
        for _ in 0..AT_ONCE {
            if self.finishing && node.has(REARM) {
                node.clear(REARM);
                self.rearm_budget(node);
            }
            if node.has(MAIL) {
                self.take_mail(node);
            }
            if node.has(ABORT) {
                self.give_up(node, report::clean_up_aborted);
            }
            drained(&mut self.adopted, cx);
            drained(&mut self.cleanups, cx);
            finished(&mut self.finalizer, cx);
            if node.has(OVER) {
                self.begin_all(cx);
                self.give_up(node, report::clean_up_over);
            }
            if !self.poll_clocks(node, cx) && !node.has(MAIL) {
                return self.adopted.is_some() || self.has_clean_up();
            }
        }
        cx.waker().wake_by_ref();
        true
    }

    fn take_mail(&mut self, node: &Node) {
        // Not in the head of the loop: there the lock would be held while a clean-up asks for it.
        let arrived = tree::lock().take_mail(node);
        for mail in arrived {
            match mail {
                Mail::CleanUp(clean_up) => {
                    let cleanup = CleanUp::beside(clean_up, node);
                    self.cleanups.get_or_insert_default().push(cleanup);
                }
                Mail::Adopt(remains) => self.adopted.get_or_insert_default().push(remains),
            }
        }
    }

    /// What has not begun when the budget is over is polled once: a set may have stopped before it.
    fn begin_all(&mut self, cx: &mut Context<'_>) {
        let fresh = self.cleanups.iter_mut().flat_map(FuturesUnordered::iter_mut).filter(|one| !one.begun);
        for one in fresh {
            one.done = Pin::new(&mut *one).poll(cx).is_ready();
        }
    }

    /// Drops the clean-ups that have not ended, reports each, and counts them.
    fn give_up(&mut self, node: &Node, told: fn(&Subject, &'static Location<'static>)) {
        let cleanups = self.cleanups.take().into_iter().flatten();
        let given_up: Vec<_> = cleanups.chain(self.finalizer.take()).filter(|one| !one.done).collect();
        if given_up.is_empty() {
            return;
        }
        let scope = Self::note_lost(node, given_up.len());
        for one in given_up {
            told(&scope, one.place);
            discard(&scope, one.place, one);
        }
    }

    fn note_lost(node: &Node, count: usize) -> Subject {
        let mut tree = tree::lock();
        tree.lose(node.index, u32::try_from(count).unwrap_or(u32::MAX));
        tree.subject(node.index)
    }

    /// The places of the clean-ups and the finalizer that run.
    pub(super) fn places(&self) -> impl Iterator<Item = &'static Location<'static>> {
        self.cleanups.iter().flat_map(FuturesUnordered::iter).chain(&self.finalizer).map(|one| one.place)
    }

    pub(super) fn has_clean_up(&self) -> bool {
        self.cleanups.is_some() || self.finalizer.is_some()
    }

    /// No deadline concerns the node any more.
    pub(super) fn body_gone(&mut self) {
        self.timer = None;
        self.finishing = true;
    }

    /// Takes the mail of a node whose future is gone: clean-ups stay its own, what it had adopted
    /// goes to the next one above.
    pub(super) fn inherit(&mut self, node: &Node) {
        if node.has(MAIL) {
            self.take_mail(node);
        }
        self.body_gone();
        self.adopted = None;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cleanups.as_ref().is_none_or(FuturesUnordered::is_empty) && self.finalizer.is_none()
    }

    /// Whether there is nothing to poll but the timer, which has its own place.
    fn is_idle(&self) -> bool {
        let nothing_runs = !self.has_clean_up() && self.adopted.is_none();
        nothing_runs && self.budget.is_none() && self.patience.is_none() && !self.held
    }
}

/// Polls a set. An empty one is given back.
fn drained<F: Future>(set: &mut Option<FuturesUnordered<F>>, cx: &mut Context<'_>) {
    let Some(futures) = set else { return };
    while let Poll::Ready(Some(_)) = futures.poll_next_unpin(cx) {}
    if futures.is_empty() {
        *set = None;
    }
}

fn finished(future: &mut Option<CleanUp>, cx: &mut Context<'_>) {
    if future.as_mut().is_some_and(|running| Pin::new(running).poll(cx).is_ready()) {
        *future = None;
    }
}

/// Drops a clean-up that has not ended; a panic of that goes no further.
pub(super) fn discard<T>(scope: &Subject, place: &'static Location<'static>, unfinished: T) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(unfinished))) {
        report::clean_up_drop_panicked(scope, place, super::panic_message(&payload));
        super::put_away(payload);
    }
}

/// A clean-up or a finalizer: a shielded scope of its own under the node it belongs to.
pub(super) struct CleanUp {
    frame: Frame<BoxFuture>,
    place: &'static Location<'static>,
    begun: bool,
    done: bool,
}

impl CleanUp {
    fn beside(clean_up: Deferred, owner: &Node) -> Self {
        Self::under(owner.index, clean_up)
    }

    /// A clean-up that has no scope left to belong to.
    pub(super) fn stray(clean_up: Deferred) -> Self {
        Self::under(tree::NIL, clean_up)
    }

    fn under(owner: u32, Deferred { future, place }: Deferred) -> Self {
        let node = tree::change(|tree, effects| {
            let node = tree.fresh(Plan::Beside.link(), Plan::Beside.shields());
            tree.place(&node, owner, None, effects);
            node
        });
        Self { frame: Frame::with_node(future, node, Plan::Beside, ()), place, begun: false, done: false }
    }
}

impl Future for CleanUp {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.begun = true;
        let how = ready!(Pin::new(&mut self.frame).poll_end(cx));
        // Its own node has ended: current is the scope that polls it.
        match how {
            Ended::Value(()) => {}
            Ended::Panicked(payload) => {
                let scope = current::node();
                report::clean_up_panicked(scope.as_ref(), self.place, super::panic_message(&payload));
                super::put_away(payload);
            }
            // An abort came after the scope had looked for one. It looks again when that wakes it, and gives
            // this up with a report; so it must not seem to have run.
            Ended::Cancelled(_) if current::node().is_some_and(|scope| scope.has(ABORT)) => {
                if !crate::loom::fault("scope_takes_aborted_for_done") {
                    return Poll::Pending;
                }
            }
            Ended::Cancelled(_) => {}
        }
        Poll::Ready(())
    }
}
