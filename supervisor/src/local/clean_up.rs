//! Clean-up that is not `Send`: a task of the driver that waits for its turn, and a finalizer that gives it.
//!
//! The finalizer is one like all others, so the order of a scope's end is the same for both kinds.

use super::driver::Driver;
use arbour_primitives::scope::task::Seat;
use arbour_primitives::scope::{Ended, ScopeHandle, clean_up, defer};
use std::panic::resume_unwind;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// [`defer`] for a future that is not `Send`; inside of a [`local_group`](super::local_group) only.
///
/// It runs at the end of the current scope like any other finalizer. What is adopted stays on its thread:
/// when the outermost local group is dropped by foreign code, the future is dropped with it, unrun, and
/// that is reported; so it is where there is no local group.
///
/// # Examples
///
/// ```
/// use arbour::{defer_local, local_group};
/// use std::cell::RefCell;
/// use std::rc::Rc;
///
/// # arbour::testing::block_on(async {
/// let journal = Rc::new(RefCell::new(Vec::new()));
/// let deferred = Rc::clone(&journal);
/// let group = local_group(async |_| {
///     defer_local(async move { deferred.borrow_mut().push("released") });
///     journal.borrow_mut().push("worked");
/// });
/// group.await.unwrap();
/// assert_eq!(*journal.borrow(), ["worked", "released"]);
/// # });
/// ```
pub fn defer_local(future: impl Future<Output = ()> + 'static) {
    if let Some(turn) = Turn::of(future) {
        defer(turn.give());
    }
}

/// [`clean_up`] for a future that is not `Send`; inside of a [`local_group`](super::local_group) only.
///
/// It starts at once, beside the body of the current scope. For what becomes of it when the group is
/// dropped by foreign code, and where there is none, see [`defer_local`].
pub fn clean_up_local(future: impl Future<Output = ()> + 'static) {
    if let Some(turn) = Turn::of(future) {
        clean_up(turn.give());
    }
}

/// The turn of a local task that waits for it.
struct Turn {
    go: oneshot::Sender<Option<Seat>>,
    task: JoinHandle<()>,
}

impl Turn {
    fn of(future: impl Future<Output = ()> + 'static) -> Option<Self> {
        let (go, told) = oneshot::channel();
        let waiting = async move {
            if let Ok(seat) = told.await {
                run(seat, future).await;
            }
        };
        let spawned = Driver::current().and_then(|driver| driver.spawn(waiting).ok());
        if spawned.is_none() {
            tracing::error!("a local clean-up was dropped unrun: there is no local group on this thread");
        }
        Some(Self { go, task: spawned? })
    }

    async fn give(self) {
        let seat = ScopeHandle::current().and_then(|scope| scope.seat());
        // The task may be gone with its driver; joining it tells.
        let _ = self.go.send(seat);
        match self.task.await.map_err(|error| error.try_into_panic()) {
            Ok(()) => {}
            Err(Ok(payload)) => resume_unwind(payload),
            Err(Err(_)) => {
                tracing::error!("a local clean-up was dropped: the local group of its thread is gone")
            }
        }
    }
}

/// Runs a clean-up as a child of the finalizer that gave it its turn: shielded and aborted with that.
async fn run(seat: Option<Seat>, future: impl Future<Output = ()>) {
    match seat {
        Some(seat) => {
            if let Ended::Panicked(payload) = seat.child(future, ()).await {
                resume_unwind(payload);
            }
        }
        None => future.await,
    }
}
