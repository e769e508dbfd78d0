//! How a record ends, and what is accepted until then (C4, C8, C11, C12).

use super::{Effects, Link, NIL, Phase, Tree};
use crate::scope::cause::Cause;
use crate::scope::effects::Unrun;
use crate::scope::mail::{Deferred, Mail, Turned};
use crate::scope::node::{ABORT, MAIL, Node, OVER};
use crate::scope::subject::Subject;

/// Whether a node that ends has something to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scope) enum Ending {
    /// A value, an error or a panic, or nobody outside is concerned: it ends in any case.
    Gives,
    /// Its body was dropped by a cancellation: it resolves only if nothing outside cancels it too.
    Dropped,
}

/// What a node whose body is gone does next.
pub(in crate::scope) enum Step {
    /// Something that must end first has not.
    Wait,
    /// Mail has arrived.
    Mail,
    /// The next finalizer, last in first out.
    Finalizer(Deferred),
    /// Ended in all but name: something outside cancels it, and catches.
    Passing,
    /// Ended; the record is gone.
    Ended,
}

impl Tree {
    /// Takes the next step of a node whose body is gone. `beside` says that clean-ups or remains are
    /// still being polled.
    pub(in crate::scope) fn settle(
        &mut self,
        node: &Node,
        beside: bool,
        ending: Ending,
        effects: &mut Effects,
    ) -> Step {
        let step = self.next_step(node, beside, ending, effects);
        match step {
            Step::Ended => self.end_with_others(node, effects),
            Step::Passing => {
                self.leave_children(node.index, effects);
                self.at(node.index).phase = Phase::Passing;
                self.refresh_busy(node.index, effects);
            }
            Step::Wait | Step::Mail | Step::Finalizer(_) => {
                self.at(node.index).phase = Phase::Finishing;
                self.refresh_busy(node.index, effects);
            }
        }
        step
    }

    /// Ends a node whose body is gone if nothing follows it, or gives it back. One step for what
    /// [`settle`](Self::settle) does in several.
    pub(in crate::scope) fn end_if_quiet(&mut self, node: Node, effects: &mut Effects) -> Result<(), Node> {
        if self.at(node.index).first_child != NIL || !self.is_quiet(&node) {
            return Err(node);
        }
        self.end_node(node, effects);
        Ok(())
    }

    fn next_step(&mut self, node: &Node, beside: bool, ending: Ending, effects: &mut Effects) -> Step {
        let index = node.index;
        if self.at(index).extra.as_ref().is_some_and(|extra| !extra.mail.is_empty()) {
            return Step::Mail;
        }
        if beside || self.at(index).tasks > 0 || self.has_parked_tasks(index) {
            return Step::Wait;
        }
        if node.has(ABORT) {
            self.lose_finalizers(index, effects);
        }
        let record = self.at(index);
        if let Some(finalizer) = record.extra.as_mut().and_then(|extra| extra.finalizers.pop()) {
            record.closed = true;
            return Step::Finalizer(finalizer);
        }
        let nested = self.at(index).link == Link::Nested;
        if ending == Ending::Dropped && nested && self.is_cancelled_from_outside(index) {
            return Step::Passing;
        }
        Step::Ended
    }

    /// A scope that was polled here, and is parked somewhere else now, may still have children, or
    /// scopes inside that have.
    fn has_parked_tasks(&self, index: u32) -> bool {
        let mut pending = Vec::new();
        self.push_children(index, &mut pending);
        while let Some(index) = pending.pop() {
            let record = &self.records[index];
            if record.link != Link::Nested {
                continue;
            }
            if record.tasks > 0 {
                return true;
            }
            self.push_children(index, &mut pending);
        }
        false
    }

    /// Ends a passing node that may resolve, as the cancellation from outside was lifted, or gives it
    /// back.
    pub(in crate::scope) fn end_if_lifted(&mut self, node: Node, effects: &mut Effects) -> Result<(), Node> {
        if self.is_cancelled_from_outside(node.index) {
            return Err(node);
        }
        self.end_node(node, effects);
        Ok(())
    }

    /// Ends a record: what is left inside moves up, what waited for it hears.
    pub(in crate::scope) fn end_node(&mut self, node: Node, effects: &mut Effects) {
        self.end(node.index, effects);
        self.release(node, effects);
    }

    /// Ends the record of a node that its future is still to drop.
    fn end_with_others(&mut self, node: &Node, effects: &mut Effects) {
        self.end(node.index, effects);
        node.release_record();
    }

    /// Ends a record that nobody is left to poll, and so without its clean-up. What is inside was cancelled with it and keeps that
    /// as a cause of its own: the flag it inherits goes with the record.
    pub(in crate::scope) fn cut_loose(&mut self, node: Node, effects: &mut Effects) {
        let mut children = Vec::new();
        self.push_children(node.index, &mut children);
        for child in children {
            if let Some(tag) = self.tag(child) {
                self.cancel(tag, Cause::Dropped, effects);
            }
        }
        node.set(OVER);
        self.end_node(node, effects);
    }

    fn end(&mut self, index: u32, effects: &mut Effects) {
        if self.at(index).first_child != NIL {
            self.leave_children(index, effects);
        }
        if self.at(index).busy {
            self.release_busy(index, effects);
        }
        self.unlink(index);
        let record = self.at(index);
        record.phase = Phase::Ended;
        record.closed = true;
        effects.discard(record.waker.take());
        if record.extra.is_some() {
            self.end_extra(index, effects);
        }
        self.at(index).label = None;
        self.living -= 1;
        self.uncount(index, effects);
    }

    /// What was lost is told while the record still has its name.
    fn end_extra(&mut self, index: u32, effects: &mut Effects) {
        self.lose_finalizers(index, effects);
        self.hand_up_losses(index, effects);
        let Some(extra) = self.at(index).extra.take() else { return };
        effects.discard(extra.watchers.into_iter().map(|(_, waker)| waker));
        effects.mail.extend(extra.mail);
        self.end_limit(extra.limit);
        self.lose(index, extra.lost);
    }

    /// Takes the finalizers that nobody will run: of a node that is aborted, or that nobody is left to poll.
    fn lose_finalizers(&mut self, index: u32, effects: &mut Effects) {
        let extra = self.at(index).extra.as_mut();
        let finalizers = extra.map_or_else(Vec::new, |extra| core::mem::take(&mut extra.finalizers));
        if !finalizers.is_empty() {
            self.lose(index, u32::try_from(finalizers.len()).unwrap_or(u32::MAX));
            let was_aborted = self.records.tag(index).has(ABORT);
            effects.unrun.push(Unrun { scope: self.subject(index), was_aborted, finalizers });
        }
    }

    /// What an ending record leaves behind moves up to its nearest living ancestor (invariant 7).
    fn leave_children(&mut self, index: u32, effects: &mut Effects) {
        while self.at(index).first_child != NIL {
            let child = self.at(index).first_child;
            let parent = self.at(index).parent;
            let above = self.living_from(parent);
            let link = self.at(child).link;
            self.move_up(child, above, link, effects);
        }
    }

    /// The future of a node is being dropped before it has ended: cancel what is inside.
    pub(in crate::scope) fn orphan(&mut self, node: &Node, effects: &mut Effects) {
        self.at(node.index).orphan = true;
        self.cancel(node, Cause::Dropped, effects);
    }

    /// The body of an orphan is gone: its node lives on under its nearest living ancestor, which
    /// waits for it. A task stays where it is.
    pub(in crate::scope) fn adopt(&mut self, node: &Node, effects: &mut Effects) {
        self.at(node.index).phase = Phase::Finishing;
        if self.at(node.index).link == Link::Task {
            return;
        }
        let above = self.living_from(self.parent_of(node));
        self.move_up(node.index, above, Link::Remains, effects);
    }

    /// Whether nothing is left of a node whose body is gone.
    pub(in crate::scope) fn is_quiet(&mut self, node: &Node) -> bool {
        let record = self.at(node.index);
        record.tasks == 0
            && record.extra.as_ref().is_none_or(|extra| extra.mail.is_empty() && extra.finalizers.is_empty())
    }

    /// Hands a clean-up to the nearest living record at or above `index` (a clean-up hands on its own to
    /// whom it belongs to); gives it back where that takes none, or with no one left.
    pub(in crate::scope) fn post(
        &mut self,
        index: u32,
        clean_up: Deferred,
        effects: &mut Effects,
    ) -> Result<(), Turned<Deferred>> {
        let target = if crate::loom::fault("scope_posts_to_ended") { index } else { self.taker_from(index) };
        if let Some(scope) = self.refuses(target) {
            return Err(Turned::Refused(clean_up, scope));
        }
        self.deliver_mail(target, Mail::CleanUp(clean_up), effects).map_err(|mail| match mail {
            Mail::CleanUp(clean_up) => Turned::Alone(clean_up),
            Mail::Adopt(_) => unreachable!("what is given back is what was given"),
        })
    }

    /// The nearest living record at or above `index`; for a clean-up that runs, the one it belongs to.
    /// So clean-ups lie side by side, and a long chain of them is no deep nest of polls.
    fn taker_from(&self, index: u32) -> u32 {
        let living = self.living_from(index);
        if living == NIL || self.records[living].link != Link::Beside || self.records[living].orphan {
            return living;
        }
        match self.living_from(self.records[living].parent) {
            NIL => living,
            owner => owner,
        }
    }

    /// Hands remains to the nearest record above their own whose future is there to poll them.
    pub(in crate::scope) fn post_remains(
        &mut self,
        of: &Node,
        mail: Mail,
        effects: &mut Effects,
    ) -> Result<(), Mail> {
        let target = self.poller_from(self.parent_of(of));
        self.deliver_mail(target, mail, effects)
    }

    fn deliver_mail(&mut self, target: u32, mail: Mail, effects: &mut Effects) -> Result<(), Mail> {
        if target == NIL {
            return Err(mail);
        }
        if let Some(tag) = self.tag(target) {
            tag.set(MAIL);
        }
        let record = self.at(target);
        record.extra().mail.push(mail);
        effects.wake(record.waker.as_ref());
        Ok(())
    }

    /// Puts a finalizer on the stack of the nearest living record at or above `index` that takes it.
    ///
    /// What a finalizer defers goes to the scope that is ending, so that it runs next (C8).
    pub(in crate::scope) fn push_finalizer(
        &mut self,
        index: u32,
        finalizer: Deferred,
    ) -> Result<(), Turned<Deferred>> {
        let mut target = self.living_from(index);
        if target != NIL && self.at(target).link == Link::Beside && self.is_finalizer(target) {
            let ending = self.at(target).parent;
            target = self.living_from(ending);
        }
        if target == NIL {
            return Err(Turned::Alone(finalizer));
        }
        if let Some(scope) = self.refuses(target) {
            return Err(Turned::Refused(finalizer, scope));
        }
        self.at(target).extra().finalizers.push(finalizer);
        Ok(())
    }

    /// A finalizer is what runs beside a node that has closed.
    fn is_finalizer(&self, index: u32) -> bool {
        let parent = self.records[index].parent;
        parent != NIL && self.records[parent].closed
    }

    /// A scope that takes no clean-up any more; the refusal is counted there.
    fn refuses(&mut self, index: u32) -> Option<Subject> {
        let tag = if index == NIL { None } else { self.tag(index) }?;
        if tag.word() & (ABORT | OVER) == 0 {
            return None;
        }
        self.lose(index, u32::from(!crate::loom::fault("scope_refuses_uncounted")));
        Some(self.subject(index))
    }
}
