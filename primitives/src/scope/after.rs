//! What is polled beside a body and after it: clean-ups, remains, finalizers, the deadline's timer.
//!
//! One small driver, shared by the future of a scope and by what foreign code left of one.

use super::current;
use super::frame::{Ended, Frame, Plan};
use super::mail::Mail;
use super::node::{ABORT, MAIL, Node};
use super::remains::Remains;
use super::runtime::BoxFuture;
use super::tree::{self, Ending, Step};
use core::pin::Pin;
use core::task::{Context, Poll};
use futures::stream::{FuturesUnordered, StreamExt};
use std::panic::resume_unwind;

/// What runs beside and after one body. Made when there is something to run.
#[derive(Default)]
pub(super) struct After {
    cleanups: Option<FuturesUnordered<CleanUp>>,
    adopted: Option<FuturesUnordered<Remains>>,
    finalizer: Option<CleanUp>,
    pub(super) timer: Option<BoxFuture>,
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
    outermost: bool,
    cx: &mut Context<'_>,
) -> bool {
    let Some(own) = node else { return false };
    if after.as_ref().is_none_or(|after| after.is_idle()) && !own.has(MAIL) {
        return false;
    }
    let after = after.get_or_insert_default();
    current::run(Some(own), outermost, || after.poll(own, cx))
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
    loop {
        let beside = poll(node, after, outermost, cx);
        let Some(own) = node else { return Settled::Ended };
        match tree::change(|tree, effects| tree.settle(own, beside, ending, effects)) {
            Step::Wait => return Settled::Waiting,
            Step::Mail => {}
            Step::Finalizer(finalizer) => {
                after.get_or_insert_default().finalizer = Some(CleanUp::beside(finalizer.future, own));
            }
            Step::Passing => return Settled::Passing,
            Step::Ended => return Settled::Ended,
        }
    }
}

impl After {
    fn poll(&mut self, node: &Node, cx: &mut Context<'_>) -> bool {
        loop {
            if node.has(MAIL) {
                self.take_mail(node);
            }
            if node.has(ABORT) {
                self.abort();
            }
            let left = drained(&mut self.adopted, cx)
                | drained(&mut self.cleanups, cx)
                | finished(&mut self.finalizer, cx);
            if !node.has(MAIL) {
                return left;
            }
        }
    }

    fn take_mail(&mut self, node: &Node) {
        // Not in the head of the loop: there the lock would be held while a clean-up asks for it.
        let arrived = tree::lock().take_mail(node);
        for mail in arrived {
            match mail {
                Mail::CleanUp(future) => {
                    let cleanup = CleanUp::beside(future, node);
                    self.cleanups.get_or_insert_default().push(cleanup);
                }
                Mail::Adopt(remains) => self.adopted.get_or_insert_default().push(remains),
            }
        }
    }

    fn abort(&mut self) {
        let count =
            self.cleanups.as_ref().map_or(0, FuturesUnordered::len) + usize::from(self.finalizer.is_some());
        self.cleanups = None;
        self.finalizer = None;
        if count > 0 {
            tracing::warn!(count, "running clean-ups were dropped: their scope was aborted");
        }
    }

    /// Takes the mail of a node whose future is gone: clean-ups stay its own, what it had adopted
    /// goes to the next one above.
    pub(super) fn inherit(&mut self, node: &Node) {
        if node.has(MAIL) {
            self.take_mail(node);
        }
        self.timer = None;
        self.adopted = None;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cleanups.as_ref().is_none_or(FuturesUnordered::is_empty) && self.finalizer.is_none()
    }

    /// Whether there is nothing to poll but the timer, which has its own place.
    fn is_idle(&self) -> bool {
        self.cleanups.is_none() && self.adopted.is_none() && self.finalizer.is_none()
    }
}

/// Polls a set; says whether any of it is left. An empty set is given back.
fn drained<F: Future>(set: &mut Option<FuturesUnordered<F>>, cx: &mut Context<'_>) -> bool {
    let Some(futures) = set else { return false };
    while let Poll::Ready(Some(_)) = futures.poll_next_unpin(cx) {}
    if futures.is_empty() {
        *set = None;
    }
    set.is_some()
}

fn finished(future: &mut Option<CleanUp>, cx: &mut Context<'_>) -> bool {
    let Some(running) = future else { return false };
    if Pin::new(running).poll(cx).is_ready() {
        *future = None;
    }
    future.is_some()
}

/// A clean-up or a finalizer: a shielded scope of its own under the node it belongs to.
pub(super) struct CleanUp(Frame<BoxFuture>);

impl CleanUp {
    fn beside(future: BoxFuture, owner: &Node) -> Self {
        let node = tree::change(|tree, effects| {
            let node = tree.fresh(Plan::Beside.link(), Plan::Beside.shields());
            tree.place(&node, owner.index, None, effects);
            node
        });
        Self(Frame::with_node(future, node, Plan::Beside, ()))
    }

    /// A clean-up that has no scope left to belong to.
    pub(super) fn stray(future: BoxFuture) -> Self {
        let node = tree::change(|tree, effects| {
            let node = tree.fresh(Plan::Beside.link(), Plan::Beside.shields());
            tree.place(&node, tree::NIL, None, effects);
            node
        });
        Self(Frame::with_node(future, node, Plan::Beside, ()))
    }
}

impl Future for CleanUp {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll_end(cx).map(|how| {
            if let Ended::Panicked(payload) = how {
                let message = super::panic_message(&payload);
                tracing::error!(message, "a clean-up or finalizer panicked; the others go on");
            }
        })
    }
}
