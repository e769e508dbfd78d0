//! The clean-up budget: until when a scope that is being stopped may clean up (C14).
//!
//! Whoever stops a scope sets one absolute time; its frame keeps the timer, and at that time the event
//! "budget over" flags everything inside. A scope that ends without such a time, and is inside none
//! that has one, gives its clean-up [`OWN`], counted from when its body and its children are gone.

use super::after::After;
use super::cause::Cause;
use super::handle::ScopeHandle;
use super::node::Node;
use super::{report, runtime, tree};
use core::task::{Context, Poll};
use core::time::Duration;
use std::time::Instant;

/// What a scope that ends by itself gives its clean-up.
const OWN: Duration = Duration::from_secs(5);

/// How long nobody is told that clean-up or a shield takes its time, and how long an aborted task has
/// to be gone.
const PATIENCE: Duration = Duration::from_secs(5);

impl ScopeHandle {
    /// Cancels the scope, and sets until when everything inside may clean up.
    ///
    /// At that time running clean-ups and finalizers are dropped, shields in them included; what has not
    /// begun is polled once; from then on `defer` and `clean_up` are refused. Each is reported with its
    /// place in the source, and counted in [`lost_clean_ups`](Self::lost_clean_ups). A shielded section
    /// of the body is finished all the same: it is no clean-up.
    ///
    /// Of several times the earliest counts, also where they were set for different scopes on the way:
    /// an inner scope can only shorten what it has. Without any time, a scope gives its own clean-up 5 s
    /// from when its body and its children are gone.
    pub fn cancel_until(&self, cause: impl Into<Cause>, until: Instant) {
        let cause = cause.into();
        tree::change(|tree, effects| {
            tree.limit(&self.node, until, effects);
            tree.cancel(&self.node, cause, effects);
        });
    }

    /// Cancels the scope, and gives everything inside `budget` from now on to clean up; see
    /// [`cancel_until`](Self::cancel_until). A time too long for the clock is no limit of its own.
    pub fn cancel_within(&self, cause: impl Into<Cause>, budget: Duration) {
        match runtime::now().and_then(|now| now.checked_add(budget)) {
            Some(until) => self.cancel_until(cause, until),
            None => self.cancel(cause),
        }
    }

    /// Until when the scope may clean up: the earliest time set for it or for one around it that stops
    /// it. `None` while nobody has set one.
    #[must_use]
    pub fn clean_up_until(&self) -> Option<Instant> {
        tree::lock().clean_up_until(&self.node)
    }

    /// Says that the budget is over, whatever time was set; see [`cancel_until`](Self::cancel_until).
    ///
    /// A scope that still runs goes on, and must do without clean-up from now on: cancel it first.
    pub fn end_clean_up(&self) {
        tree::change(|tree, effects| tree.budget_over(&self.node, effects));
    }

    /// The number of clean-ups and finalizers of this scope, and of those inside that have ended, that
    /// were refused, or dropped before they had ended.
    #[must_use]
    pub fn lost_clean_ups(&self) -> usize {
        tree::lock().losses(&self.node)
    }
}

/// What happens to a node when nothing has happened for [`PATIENCE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Something takes its time: that is reported.
    Slow,
    /// It was reported.
    Told,
    /// Body and children are gone: the scope's own budget runs.
    Own,
    /// Aborted, and a task is not gone: it is reported as stuck, and not waited for.
    Abort,
}

impl After {
    /// Arms the timer of a budget that was set anew.
    pub(super) fn rearm_budget(&mut self, node: &Node) {
        let until = tree::lock().own_limit(node);
        self.budget = until.and_then(runtime::sleep_until);
    }

    /// Polls the budget and the patience; says whether something was flagged that must be seen to.
    pub(super) fn poll_clocks(&mut self, node: &Node, cx: &mut Context<'_>) -> bool {
        let over = self.budget.as_mut().is_some_and(|timer| timer.as_mut().poll(cx).is_ready());
        if over {
            self.budget = None;
            tree::change(|tree, effects| tree.budget_over(node, effects));
        }
        over | self.poll_patience(node, cx)
    }

    fn poll_patience(&mut self, node: &Node, cx: &mut Context<'_>) -> bool {
        self.arm_patience(node);
        let Some((wait, Some(timer))) = &mut self.patience else { return false };
        if timer.as_mut().poll(cx) == Poll::Pending {
            return false;
        }
        let wait = *wait;
        self.patience = Some((Wait::Told, None));
        match wait {
            Wait::Slow | Wait::Told => {
                self.report_slow(node);
                false
            }
            Wait::Own => {
                tree::change(|tree, effects| tree.budget_over(node, effects));
                true
            }
            Wait::Abort => {
                let stuck = tree::change(|tree, effects| tree.let_go(node, effects));
                report::stuck(node, &stuck);
                true
            }
        }
    }

    /// Begins to count when there is something to wait for, and anew when it is something else.
    fn arm_patience(&mut self, node: &Node) {
        let Some(wanted) = self.wait_for(node) else {
            self.patience = None;
            return;
        };
        let known = self.patience.as_ref().map(|(wait, _)| *wait);
        if known == Some(wanted) || (known == Some(Wait::Told) && wanted == Wait::Slow) {
            return;
        }
        let time = if wanted == Wait::Own { OWN } else { PATIENCE };
        let until = runtime::now().and_then(|now| now.checked_add(time));
        if let (Wait::Own, Some(until)) = (wanted, until) {
            tree::lock().note_own_budget(node, until);
        }
        self.patience = Some((wanted, until.and_then(runtime::sleep_until)));
    }

    fn wait_for(&self, node: &Node) -> Option<Wait> {
        let cleans = self.has_clean_up();
        if !self.finishing {
            return (cleans || self.held).then_some(Wait::Slow);
        }
        let tree = tree::lock();
        match (tree.task_count(node) > 0, cleans) {
            (true, _) if node.has(super::node::ABORT) => Some(Wait::Abort),
            (false, true) if !tree.is_limited(node) => Some(Wait::Own),
            (_, true) => Some(Wait::Slow),
            (_, false) => None,
        }
    }

    fn report_slow(&self, node: &Node) {
        for place in self.places() {
            report::slow_clean_up(node, place);
        }
        if self.held && !self.finishing {
            let shields = tree::lock().shields_inside(node);
            shields.into_iter().for_each(|(id, place)| report::held(node, id, place));
        }
    }
}
