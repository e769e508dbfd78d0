//! The keeper: a task of ours that runs one incarnation in its slot's scope.
//!
//! The incarnation's own scope ends when its body, its tasks, and everything adopted or cleaned up
//! have: only then does the keeper say that the slot is free.

use super::NotePanic;
use super::owned::{SharedStart, Startable};
use crate::child::ChildContext;
use crate::directive::Directive;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::group::{EndTasks, exit};
use arbour_primitives::scope::task::Host;
use arbour_primitives::scope::{ScopeHandle, panic_message, put_away};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};

/// One run in one slot.
pub(super) struct Run {
    pub(super) context: ChildContext,
    pub(super) start: SharedStart,
}

impl Run {
    /// The keeper's future, and the handle to the incarnation's scope.
    pub(super) fn keep(self) -> (impl Future<Output = ()> + Send, ScopeHandle) {
        let ChildContext { slot, incarnation, ref supervisor, .. } = self.context;
        let (supervisor, judged) = (supervisor.clone(), Arc::clone(&self.start));
        let mut scope = None;
        let host = Host::new(|handle| {
            scope = Some(handle.clone());
            (self.begin(), EndTasks { scope: handle, observer: NotePanic })
        });
        let keeper = async move {
            let exit = refine(&judged, exit(&host.await));
            let directive = judge(&judged, &exit);
            supervisor.exited(slot, incarnation, exit, directive);
        };
        (keeper, scope.expect("the host was made with its handle"))
    }

    /// Calls the user's closure, in the incarnation's own scope, and runs what it gives.
    async fn begin(self) -> Result<(), Failure> {
        let Self { context, start } = self;
        let child = {
            let mut start = start.lock().unwrap_or_else(PoisonError::into_inner);
            (start.start)(context)
        };
        child.await
    }
}

/// The exit as the child itself sees it.
fn refine(start: &SharedStart, exit: Exit<Failure>) -> Exit<Failure> {
    let mut start = start.lock().unwrap_or_else(PoisonError::into_inner);
    match &mut start.refine {
        Some(refine) => refine(exit),
        None => exit,
    }
}

/// Asks the user's function, if there is one, what is to happen after this exit.
fn judge(start: &SharedStart, exit: &Exit<Failure>) -> Directive {
    let mut start = start.lock().unwrap_or_else(PoisonError::into_inner);
    let Startable { id, judge: Some(judge), .. } = &mut *start else { return Directive::ByPolicy };
    catch_unwind(AssertUnwindSafe(|| judge(exit))).unwrap_or_else(|panic| {
        tracing::error!(
            child = &**id,
            panic = panic_message(&panic),
            "the function that judges a child's exits panicked: its policy decides"
        );
        put_away(panic);
        Directive::ByPolicy
    })
}
