//! The end of a frame: its body is gone, and what follows it is seen to in the order of C8.

use super::{Ended, FrameProj, Observe, Plan, Stage, StageProj};
use crate::scope::after::{self, Settled};
use crate::scope::gate;
use crate::scope::node::CANCELLED;
use crate::scope::tree::{self, Ending};
use crate::standstill;
use core::task::{Context, Poll};

impl<F: Future, O: Observe<F::Output>> FrameProj<'_, F, O> {
    pub(super) fn finish(
        &mut self,
        mut how: Ended<F::Output>,
        cx: &mut Context<'_>,
    ) -> Poll<Ended<F::Output>> {
        self.observer.ended(&mut how, self.word() & CANCELLED != 0);
        if self.settles_at_once(&how) {
            self.stage.set(Stage::Done);
            return self.give(how);
        }
        if let Some(after) = self.after {
            after.body_gone();
        }
        self.stage.set(Stage::Finishing { how: Some(how) });
        self.poll_after(cx)
    }

    /// Ends the node if nothing follows its body, which is the way of most; else it goes the long way.
    fn settles_at_once(&mut self, how: &Ended<F::Output>) -> bool {
        let passes = *self.plan == Plan::Scope && matches!(how, Ended::Cancelled(_));
        if passes || self.after.is_some() {
            return false;
        }
        let Some(node) = self.node.take() else { return false };
        *self.node = tree::change(|tree, effects| tree.end_if_quiet(node, effects)).err();
        self.node.is_none()
    }

    /// The body is gone: children, clean-ups, finalizers, in this order.
    pub(super) fn poll_after(&mut self, cx: &mut Context<'_>) -> Poll<Ended<F::Output>> {
        let outermost = self.is_outermost();
        loop {
            let ending = self.ending();
            match after::settle(self.node.as_ref(), self.after, outermost, ending, cx) {
                Settled::Waiting if *self.registered => {
                    return standstill::tell(Poll::Pending, || self.wanted());
                }
                Settled::Waiting => self.register(cx),
                // The last child may have failed after `ending` was asked.
                Settled::Passing if self.ending() == Ending::Dropped => {
                    let how = self.take_how();
                    self.stage.set(Stage::Passing { how });
                    return Poll::Pending;
                }
                Settled::Passing => {
                    if let Some(node) = self.node.take() {
                        tree::change(|tree, effects| tree.end_node(node, effects));
                    }
                    return self.resolve();
                }
                Settled::Ended => {
                    *self.node = None;
                    return self.resolve();
                }
            }
        }
    }

    /// What a node whose body is gone waits for, in words.
    #[cold]
    fn wanted(&self) -> String {
        let tasks = self.node.as_ref().map_or(0, |node| tree::lock().task_count(node));
        match tasks {
            0 => "the end of its clean-up".to_owned(),
            1 => "the end of 1 child task".to_owned(),
            tasks => format!("the end of {tasks} child tasks"),
        }
    }

    fn ending(&mut self) -> Ending {
        let StageProj::Finishing { how } = self.stage.as_mut().project() else { return Ending::Gives };
        let dropped = matches!(how, Some(Ended::Cancelled(_)));
        if dropped && *self.plan == Plan::Scope && !self.observer.must_deliver() {
            Ending::Dropped
        } else {
            Ending::Gives
        }
    }

    fn take_how(&mut self) -> Option<Ended<F::Output>> {
        match self.stage.as_mut().project() {
            StageProj::Finishing { how } | StageProj::Passing { how } => how.take(),
            _ => None,
        }
    }

    fn resolve(&mut self) -> Poll<Ended<F::Output>> {
        let how = self.take_how();
        self.stage.set(Stage::Done);
        how.map_or(Poll::Pending, |how| self.give(how))
    }

    /// What the body gave, once the node has ended. A shield that was aborted has nothing to give.
    fn give(&mut self, how: Ended<F::Output>) -> Poll<Ended<F::Output>> {
        if *self.plan == Plan::Shield && matches!(how, Ended::Cancelled(_)) {
            self.stage.set(Stage::Passing { how: Some(how) });
            return Poll::Pending;
        }
        if self.plan.is_charged() {
            gate::close();
        }
        Poll::Ready(how)
    }

    pub(super) fn poll_passing(&mut self) -> Poll<Ended<F::Output>> {
        let Some(node) = self.node.take() else { return Poll::Pending };
        *self.node = tree::change(|tree, effects| tree.end_if_lifted(node, effects)).err();
        if self.node.is_some() {
            let why = || "the end of the cancelled scope around it".to_owned();
            return standstill::tell(Poll::Pending, why);
        }
        self.resolve()
    }
}
