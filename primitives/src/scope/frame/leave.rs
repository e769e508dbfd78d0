//! A frame that is dropped before it has ended: what it leaves is adopted (C11).

use super::lazy::UNPOLLED;
use super::{Ended, FrameProj, Observe, Payload, StageProj};
use crate::scope::cause::{Cancelled, Cause};
use crate::scope::tree::{self, Link};
use crate::scope::{put_away, remains};
use std::panic::resume_unwind;

impl<F: Future, O: Observe<F::Output>> FrameProj<'_, F, O> {
    /// The frame is dropped before it has ended, by foreign code (C11).
    #[inline(never)]
    pub(super) fn leave(&mut self) {
        let is_unmade = self.node.is_none() && !matches!(*self.parent, 0 | UNPOLLED);
        let opened = match self.stage.as_mut().project() {
            StageProj::Body { .. } if is_unmade => return self.leave_unmade(),
            StageProj::Body { polled, .. } => *polled || self.plan.link() != Link::Nested,
            StageProj::Finishing { .. } => true,
            StageProj::Passing { .. } | StageProj::Done => false,
        };
        if opened && self.node.is_some() {
            self.abandon();
        } else if let Some(node) = self.node.take() {
            // A scope that never opened, or that has ended in all but name, leaves nothing.
            tree::change(|tree, effects| tree.end_node(node, effects));
        }
    }

    /// The body was polled, and nobody has asked for the node: the drop of it still may. What it leaves in that
    /// node is adopted.
    fn leave_unmade(&mut self) {
        let dropped = self.drop_unmade();
        if let Some(node) = self.node.take() {
            tree::change(|tree, effects| tree.orphan(&node, effects));
            remains::leave(node, None);
        }
        pass_on(dropped);
    }

    fn abandon(&mut self) {
        let had_body = matches!(self.stage.as_mut().project(), StageProj::Body { .. });
        if let Some(node) = &*self.node {
            tree::change(|tree, effects| tree.orphan(node, effects));
        }
        let dropped = self.drop_body();
        if had_body {
            let mut how = match &dropped {
                Ok(()) => Ended::Cancelled(Cancelled { cause: Cause::Dropped }),
                Err(_) => Ended::Panicked(Box::new("the drop of a body panicked")),
            };
            self.observer.ended(&mut how, true);
        }
        if let Some(node) = self.node.take() {
            remains::leave(node, self.after.take());
        }
        pass_on(dropped);
    }
}

/// Lets a panic of a body's drop go on, unless another one does.
fn pass_on(dropped: Result<(), Payload>) {
    match dropped {
        Err(payload) if std::thread::panicking() => {
            tracing::error!(
                "the drop of a scope's body panicked while another panic unwinds; the first one goes on"
            );
            put_away(payload);
        }
        Err(payload) => resume_unwind(payload),
        Ok(()) => {}
    }
}
