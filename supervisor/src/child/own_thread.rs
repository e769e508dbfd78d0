//! A child in a thread of its own: an incarnation that need not be `Send`, or computes for long.
//!
//! The body runs on a runtime of that thread, as a child of a group that the incarnation's task opens. So the tree
//! of scopes, and what cancels, drains, cleans up and reports along it, knows no difference. The incarnation has
//! ended when the thread has.

use super::{ChildContext, ChildSpec};
use crate::carried::Carried;
use crate::failure::Failure;
use crate::group::{TaskError, TaskGroup, task_group};
use crate::local::run_in;
use arbour_primitives::scope::{checkpoint, shield};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

/// How long the thread's runtime waits for blocking work when the incarnation has ended.
const BLOCKING: Duration = Duration::from_secs(5);

impl ChildSpec {
    /// A child of which each incarnation has a thread of its own, with a runtime on that thread alone.
    ///
    /// It is for what is not `Send`, and for what computes: a thread that does not yield holds up
    /// nobody but itself. In everything else it is a child like others; what stops it reaches it at
    /// its awaits, so one that computes for long calls [`checkpoint`] now and then. The thread
    /// has a clock of its own: in a test that pauses time the times for its stop are over before the
    /// thread has had any.
    ///
    /// `start` is called in the thread. A thread that the system does not give is a failure of the child.
    ///
    /// # Examples
    ///
    /// ```
    /// use arbour::{ChildSpec, Failure, Restart, Supervisor, checkpoint};
    /// use std::{cell::Cell, rc::Rc};
    ///
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// let sum = ChildSpec::on_thread("sum", |cx| {
    ///     let total = Rc::new(Cell::new(0_u64));
    ///     async move {
    ///         for n in 1..=1000 {
    ///             total.set(total.get() + n);
    ///             checkpoint().await;
    ///         }
    ///         cx.supervisor().request_stop();
    ///         if total.get() == 500_500 { Ok(()) } else { Err(Failure::message("a wrong sum")) }
    ///     }
    /// })
    /// .restart(Restart::Temporary);
    /// Supervisor::builder("sums").child(sum).build().unwrap().run().await.unwrap();
    /// # });
    /// ```
    pub fn on_thread<F, Fut, E>(id: impl Into<Arc<str>>, start: F) -> Self
    where
        F: FnMut(ChildContext) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + 'static,
        E: Into<Failure> + 'static,
    {
        let start = Arc::new(Mutex::new(start));
        Self::new(id, move |cx| run(Incarnation { start: Arc::clone(&start), cx }))
    }
}

/// One run, on its way to its thread.
struct Incarnation<F> {
    start: Arc<Mutex<F>>,
    cx: ChildContext,
}

async fn run<F, Fut, E>(incarnation: Incarnation<F>) -> Result<(), Failure>
where
    F: FnMut(ChildContext) -> Fut + Send + 'static,
    Fut: Future<Output = Result<(), E>> + 'static,
    E: Into<Failure> + 'static,
{
    let ended = task_group(async |group| {
        let (tell, told) = oneshot::channel();
        let (name, mut carried) = (incarnation.cx.id().to_owned(), Carried::capture());
        let in_thread = move || {
            // Whoever waited for it was aborted.
            let _ = tell.send(carried.run(|| incarnation.run(group)));
        };
        let thread = Builder::new().name(name).spawn(in_thread).map_err(failed)?;
        // The thread hears of a stop by itself, and goes when its child has.
        shield(gone(thread, told)).await
    });
    match ended.await.map_err(Failure::from)? {
        Ok(()) => Ok(()),
        Err(TaskError::Failed(failure)) => Err(failure),
        Err(stopped) => {
            // Stopped with this scope, it ends here, as a child of any other kind does.
            checkpoint().await;
            Err(Failure::from(stopped))
        }
    }
}

/// Waits until the thread has gone, with what is local to it; gives what it told.
async fn gone(
    thread: JoinHandle<()>,
    told: oneshot::Receiver<Result<(), TaskError>>,
) -> Result<(), TaskError> {
    let told = told.await;
    // That takes a moment, unless what is dropped with the thread blocks.
    let joined = spawn_blocking(move || thread.join()).await;
    match (told, joined) {
        (Ok(ended), Ok(Ok(()))) => ended,
        _ => Err(failed(Failure::message("the thread of the child panicked"))),
    }
}

fn failed(why: impl Into<Failure>) -> TaskError {
    TaskError::Failed(why.into())
}

impl<F> Incarnation<F> {
    /// Runs it on a runtime of this thread, to its end.
    fn run<Fut, E>(self, group: TaskGroup) -> Result<(), TaskError>
    where
        F: FnMut(ChildContext) -> Fut + 'static,
        Fut: Future<Output = Result<(), E>> + 'static,
        E: Into<Failure> + 'static,
    {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let ended = runtime.block_on(run_in(group, async |group| {
            let Self { start, cx } = self;
            let body = async move {
                let child = start.lock().unwrap_or_else(PoisonError::into_inner)(cx);
                child.await
            };
            group.task().name("body").report_to_handle().spawn(body).await
        }));
        runtime.shutdown_timeout(BLOCKING);
        ended
    }
}
