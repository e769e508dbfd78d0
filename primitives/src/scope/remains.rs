//! What foreign code left of a scope: its node lives on without a body until it has ended (C11).
//!
//! Remains lie side by side in the nearest ancestor whose future can poll them, never one inside
//! another; in the tree they stay where the scope was, so that children, clean-ups and finalizers
//! keep their order and every ancestor waits.

use super::after::{self, After, CleanUp, Settled};
use super::current;
use super::mail::{Deferred, Mail, Turned};
use super::node::Node;
use super::tree::{self, Ending};
use super::{report, runtime};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

/// A node without a body, on its way to its end.
pub(super) struct Remains {
    /// `None` once ended.
    node: Option<Node>,
    after: Option<Box<After>>,
    waker: Option<Waker>,
    /// Had no scope left to be polled by and was given to the runtime, which happens once.
    spawned: bool,
}

/// Leaves a node whose body is gone to its nearest living ancestor, unless it can end at once.
pub(super) fn leave(node: Node, after: Option<Box<After>>) {
    let mut after = after;
    if after.is_some() || node.has(super::node::MAIL) {
        after.get_or_insert_default().inherit(&node);
    }
    let empty = after.as_ref().is_none_or(|after| after.is_empty());
    let left = tree::change(|tree, effects| {
        if empty && tree.is_quiet(&node) {
            tree.end_node(node, effects);
            return None;
        }
        tree.adopt(&node, effects);
        Some(node)
    });
    if left.is_some() {
        // Dropping remains that have not ended hands them on.
        drop(Remains { node: left, after, waker: None, spawned: false });
    }
}

impl Future for Remains {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { node, after, waker, .. } = &mut *self;
        let Some(own) = &*node else { return Poll::Ready(()) };
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
            tree::change(|tree, effects| tree.register(own, cx.waker(), effects));
        }
        match after::settle(node.as_ref(), after, current::is_empty(), Ending::Gives, cx) {
            Settled::Waiting => Poll::Pending,
            Settled::Passing | Settled::Ended => {
                *node = None;
                Poll::Ready(())
            }
        }
    }
}

impl Drop for Remains {
    fn drop(&mut self) {
        let Some(node) = self.node.take() else { return };
        let remains =
            Self { node: Some(node.clone()), after: self.after.take(), waker: None, spawned: false };
        let mail = Mail::Adopt(remains);
        let Err(Mail::Adopt(mut stray)) =
            tree::change(|tree, effects| tree.post_remains(&node, mail, effects))
        else {
            return;
        };
        if !self.spawned {
            report::scope_spawned(&node);
            stray.spawned = true;
            if let Err(refused) = runtime::spawn(Box::pin(stray)) {
                drop(refused);
            }
            return;
        }
        stray.cut();
    }
}

impl Remains {
    /// Nobody is left to poll it: what is inside is cancelled for good and cut loose.
    fn cut(mut self) {
        let Some(node) = self.node.take() else { return };
        report::scope_without_runtime(&node);
        self.after = None;
        tree::change(|tree, effects| tree.cut_loose(node, effects));
    }
}

/// Hands a clean-up to the nearest living scope at or above `place`, or, with none left, to the
/// runtime.
pub(super) fn clean_up_at(place: Option<&Node>, clean_up: Deferred) {
    let posted = match place {
        Some(node) => tree::change(|tree, effects| tree.post(node.index, clean_up, effects)),
        None => Err(Turned::Alone(clean_up)),
    };
    if let Err(why) = posted {
        turned(why);
    }
}

/// Does what is left to do with a clean-up that no scope has taken.
pub(super) fn turned(clean_up: Turned<Deferred>) {
    match clean_up {
        Turned::Refused(Deferred { future, place }, scope) => {
            report::refused(&scope, place);
            match crate::loom::fault("scope_leaks_what_it_refuses") {
                true => core::mem::forget(future),
                false => after::discard(&scope, place, future),
            }
        }
        Turned::Alone(clean_up) => spawn_alone(clean_up),
    }
}

fn spawn_alone(clean_up: Deferred) {
    let place = clean_up.place;
    report::clean_up_spawned(place);
    if let Err(refused) = runtime::spawn(Box::pin(CleanUp::stray(clean_up))) {
        report::clean_up_without_runtime(place);
        drop(refused);
    }
}
