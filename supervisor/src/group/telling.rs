//! A child whose end is told when nothing of it is left.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::supervisor::NotePanic;
use arbour_primitives::scope::task::Host;
use arbour_primitives::scope::{Cause, Ended, Observe, ScopeHandle};
use pin_project_lite::pin_project;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// A child task that tells its exit after its tasks and its clean-up have ended. Dropped before, by an abort or with
    /// its runtime, it tells that.
    pub(crate) struct Telling<C, F: FnOnce(Exit<Failure>)> {
        #[pin]
        child: C,
        tell: Option<F>,
    }

    impl<C, F: FnOnce(Exit<Failure>)> PinnedDrop for Telling<C, F> {
        fn drop(this: Pin<&mut Self>) {
            if let Some(tell) = this.project().tell.take() {
                tell(Exit::Aborted);
            }
        }
    }
}

impl<C, F: FnOnce(Exit<Failure>)> Telling<C, F> {
    pub(crate) fn new(child: C, tell: F) -> Self {
        Self { child, tell: Some(tell) }
    }
}

impl<C, F, T> Future for Telling<C, F>
where
    F: FnOnce(Exit<Failure>),
    C: Future<Output = Ended<Result<T, Failure>>>,
{
    type Output = C::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let how = ready!(this.child.poll(cx));
        if let Some(tell) = this.tell.take() {
            tell(exit(&how));
        }
        Poll::Ready(how)
    }
}

/// Cancels what tasks are left in the scope of a body that has ended, after it was heard how.
pub(crate) struct EndTasks<O> {
    pub(crate) scope: ScopeHandle,
    pub(crate) observer: O,
}

impl<T, O: Observe<T>> Observe<T> for EndTasks<O> {
    fn ended(&mut self, how: &mut Ended<T>, in_cancelled: bool) {
        self.observer.ended(how, in_cancelled);
        if self.scope.child_count() > 0 {
            self.scope.cancel(Cause::Shutdown);
        }
    }
}

/// Runs a body in a scope whose tasks end with it, and says how that ended, when nothing of it is left.
#[doc(hidden)]
pub async fn in_own_scope<F>(body: F) -> Exit<Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    crate::runtime::install();
    exit(&Host::new(|scope| (body, EndTasks { scope, observer: NotePanic })).await)
}

/// The exit of a task that ended so; its observer has made a failure of a panic.
pub(crate) fn exit<T>(how: &Ended<Result<T, Failure>>) -> Exit<Failure> {
    match how {
        Ended::Value(Ok(_)) => Exit::Normal,
        Ended::Value(Err(failure)) if failure.is_panic() => Exit::Panicked(failure.clone()),
        Ended::Value(Err(failure)) => Exit::Failed(failure.clone()),
        Ended::Cancelled(_) => Exit::Cancelled,
        Ended::Panicked(_) => Exit::Aborted,
    }
}
