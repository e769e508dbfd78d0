//! Waiting until nothing can go on: no task is ready, and only time or the outside could wake one.

use arbour_primitives::scope::Gate;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

thread_local! {
    static CURRENT: RefCell<Option<Arc<Idle>>> = const { RefCell::new(None) };
}

/// Waits until every other task waits too: none is ready, none has a wake-up on its way. The clock does
/// not move before.
///
/// A test uses it to let what it started come as far as it can, and then looks. A task that was cancelled
/// and still has to run is not blocked. Several may wait at a time: they are woken together.
///
/// Tasks that wait for time, for a socket or for a thread of blocking work count as blocked.
///
/// # Cancel safety
///
/// Safe: dropping it has no effect.
///
/// # Panics
///
/// On a runtime that is not of this module's making: it needs `#[arbour::test]` on one thread,
/// [`block_on`](super::block_on) or [`simulate`](super::simulate).
///
/// # Examples
///
/// ```
/// use arbour::stream::memory_stream;
/// use arbour::task_group;
/// use arbour::testing::wait_all_tasks_blocked;
///
/// #[arbour::test]
/// async fn a_receiver_waits() {
///     let (tx, rx) = memory_stream::<u8>(0);
///     task_group(async |group| {
///         group.spawn_value(async move { rx.recv().await.unwrap() });
///         wait_all_tasks_blocked().await;
///         assert_eq!(tx.statistics().waiting_receivers, 1);
///         tx.try_send(1).unwrap();
///     })
///     .await
///     .unwrap();
/// }
/// ```
pub fn wait_all_tasks_blocked() -> AllTasksBlocked {
    AllTasksBlocked { gate: Gate::new(), place: None }
}

/// The future of [`wait_all_tasks_blocked`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct AllTasksBlocked {
    gate: Gate,
    place: Option<Place>,
}

#[derive(Debug)]
struct Place {
    idle: Arc<Idle>,
    key: u64,
}

impl Future for AllTasksBlocked {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.gate.poll_enter(cx));
        let place = self.place.get_or_insert_with(|| Idle::current().place());
        place.idle.poll(place.key, cx)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let waker = self.idle.line().waiting.remove(&self.key);
        drop(waker);
    }
}

/// Who waits on one runtime.
#[derive(Debug, Default)]
pub(super) struct Idle {
    line: Mutex<Line>,
}

#[derive(Debug, Default)]
struct Line {
    last: u64,
    /// Those that have been woken are not in it any more. `None` until the first poll.
    waiting: BTreeMap<u64, Option<Waker>>,
}

impl Idle {
    fn current() -> Arc<Self> {
        let current = CURRENT.with_borrow(Clone::clone);
        current.expect(
            "waiting until all tasks are blocked needs the runtime of `#[arbour::test]` on one thread, or of `arbour::testing`",
        )
    }

    /// Makes this the thread's until the guard is dropped.
    pub(super) fn enter(self: &Arc<Self>) -> impl Drop + use<> {
        struct Entered(Option<Arc<Idle>>);
        impl Drop for Entered {
            fn drop(&mut self) {
                CURRENT.set(self.0.take());
            }
        }
        Entered(CURRENT.replace(Some(Arc::clone(self))))
    }

    /// The runtime has nothing to poll and nobody to wake: those who wait for that are woken.
    pub(super) fn reached(&self) {
        let waiting = std::mem::take(&mut self.line().waiting);
        waiting.into_values().flatten().for_each(Waker::wake);
    }

    fn place(self: Arc<Self>) -> Place {
        let key = {
            let mut line = self.line();
            line.last += 1;
            let key = line.last;
            line.waiting.insert(key, None);
            key
        };
        Place { idle: self, key }
    }

    fn poll(&self, key: u64, cx: &Context<'_>) -> Poll<()> {
        let mut line = self.line();
        let Some(place) = line.waiting.get_mut(&key) else { return Poll::Ready(()) };
        let before = place.replace(cx.waker().clone());
        drop(line);
        drop(before);
        Poll::Pending
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
