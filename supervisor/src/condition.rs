//! The condition: waiting for a change of what a lock of tokio's guards.
//!
//! It stands here and not among the primitives because the lock is tokio's; who waits and who is told
//! next is decided there, by [`Notices`], which loom has explored.

use arbour_primitives::scope::{Gate, ScopeHandle};
use arbour_primitives::standstill;
use arbour_primitives::sync::Notices;
use std::fmt;
use std::future::poll_fn;
use std::ops::DerefMut;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::sync::{MutexGuard, OwnedMutexGuard};

/// Waits for a change of what a tokio `Mutex` guards, and tells others of one.
///
/// Waiting gives the lock back and takes it again; telling needs the lock, so each call asks for its
/// guard. Use a condition with one lock only; a lock may have several conditions.
///
/// - Who waits longest is told first.
/// - A notice to a waiter that is dropped or cancelled before it has the lock again is handed on. Only
///   what [`notify_all`](Self::notify_all) told is not: everybody who waited was told.
/// - A notice is not kept for who comes later: look at the state first, or use
///   [`wait_for`](Self::wait_for), which does.
///
/// Clones are the same condition. It can be made before there is a runtime.
///
/// # Examples
///
/// ```
/// use arbour::{sync::Condition, task_group};
/// use std::sync::Arc;
/// use tokio::sync::Mutex;
///
/// # arbour::testing::block_on(async {
/// let queue = Arc::new(Mutex::new(Vec::new()));
/// let filled = Condition::new();
/// let taken = task_group(async |group| {
///     let (theirs, told) = (Arc::clone(&queue), filled.clone());
///     group.spawn_value(async move {
///         let mut queue = theirs.lock().await;
///         queue.push("ash");
///         told.notify(&queue, 1);
///     });
///     let (_guard, item) = filled.wait_for(queue.lock().await, |queue| queue.pop()).await;
///     item
/// })
/// .await;
/// assert_eq!(taken.unwrap(), "ash");
/// # });
/// ```
///
/// Without the lock nobody can be told:
///
/// ```compile_fail
/// # let condition = arbour::sync::Condition::new();
/// condition.notify(1);
/// ```
#[derive(Clone, Default)]
pub struct Condition {
    notices: Notices,
}

/// A condition at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConditionStatistics {
    /// Who waits and has not been told. Who was told waits for the lock, if at all.
    pub waiting: usize,
}

impl Condition {
    /// A condition that nobody waits for.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the lock back, waits until it is told, and takes the lock again.
    ///
    /// What it was waiting for need not be so any more when it has the lock, and it may have been told nothing: look
    /// again.
    ///
    /// # Cancel safety
    ///
    /// A wait that is dropped does not hold the lock, and code behind it that might count on the lock
    /// does not run: the guard is given back with the value or not at all. What it was told is handed
    /// on. A cancelled one that was told still ends with the guard where the lock is free.
    ///
    /// In a cancelled scope it does not begin to wait, but gives the lock back all the same: what the scope still
    /// finishes, in a shield beside it, may need it. Should the cancellation be lifted, it has the lock again and ends.
    pub async fn wait<G: LockGuard>(&self, guard: G) -> G {
        let mut gate = Gate::new();
        match begin(&mut gate, guard).await {
            Begun::AtOnce(guard) => self.wait_through(&mut gate, guard).await,
            // A notice may have been given while it had neither the lock nor a place: the caller looks again.
            Begun::Late(guard) => guard,
        }
    }

    /// Waits until `look` finds what it looks for, and gives that with the lock.
    ///
    /// It looks at once, and again after each notice, always with the lock.
    ///
    /// # Cancel safety
    ///
    /// As for [`wait`](Self::wait): nothing is found and lost, for what was found is given in the same
    /// poll.
    ///
    /// # Panics
    ///
    /// With a panic of `look`, after which the lock is free.
    pub async fn wait_for<G, R>(&self, guard: G, mut look: impl FnMut(&mut G::Target) -> Option<R>) -> (G, R)
    where
        G: LockGuard,
    {
        let mut gate = Gate::new();
        let (Begun::AtOnce(mut guard) | Begun::Late(mut guard)) = begin(&mut gate, guard).await;
        loop {
            if let Some(found) = look(&mut guard) {
                return (guard, found);
            }
            guard = self.wait_through(&mut gate, guard).await;
        }
    }

    /// Tells as many as `count`, those who have waited longest first; they go on when the lock is free.
    pub fn notify<G: LockGuard>(&self, _held: &G, count: usize) {
        self.notices.tell(count);
    }

    /// Tells everybody who waits; they go on one by one, as they get the lock.
    pub fn notify_all<G: LockGuard>(&self, _held: &G) {
        self.notices.tell_all();
    }

    /// What the condition tells about itself.
    #[must_use]
    pub fn statistics(&self) -> ConditionStatistics {
        ConditionStatistics { waiting: self.notices.waiting() }
    }

    /// One wait of an await that has begun: it joins while it holds the lock, so that it
    /// misses nothing, and takes its notice when it holds it again.
    async fn wait_through<G: LockGuard>(&self, gate: &mut Gate, guard: G) -> G {
        let mut notice = self.notices.join();
        let relock = guard.release();
        poll_fn(|cx| {
            ready!(gate.poll_enter(cx));
            standstill::tell(notice.poll_told(cx), || "a notice of a condition".to_owned())
        })
        .await;
        let guard = relocked(relock).await;
        notice.take();
        guard
    }
}

/// Waits for the lock, and tells a standstill so: tokio's own says nothing.
async fn relocked<G>(relock: impl Future<Output = G>) -> G {
    let mut relock = pin!(relock);
    poll_fn(|cx| standstill::tell(relock.as_mut().poll(cx), || "the lock of a condition".to_owned())).await
}

/// With its lock, an await that has begun.
enum Begun<G> {
    AtOnce(G),
    /// It was refused first, and had given the lock back meanwhile.
    Late(G),
}

/// Begins a wait. In a cancelled scope, where it cannot, it gives the lock back, as every wait does.
async fn begin<G: LockGuard>(gate: &mut Gate, guard: G) -> Begun<G> {
    if !poll_fn(|cx| poll_begin(gate, cx)).await {
        let relock = guard.release();
        poll_fn(|cx| gate.poll_enter(cx)).await;
        return Begun::Late(relocked(relock).await);
    }
    Begun::AtOnce(guard)
}

/// Whether it begins, once that is known: a task that has only used up its share of a poll keeps the lock.
fn poll_begin(gate: &mut Gate, cx: &mut Context<'_>) -> Poll<bool> {
    match gate.poll_enter(cx) {
        Poll::Ready(()) => Poll::Ready(true),
        Poll::Pending if ScopeHandle::current().is_some_and(|scope| scope.is_cancelled()) => {
            Poll::Ready(false)
        }
        Poll::Pending => Poll::Pending,
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition").field("statistics", &self.statistics()).finish_non_exhaustive()
    }
}

/// The guards of tokio's `Mutex`, which know their lock.
pub trait LockGuard: DerefMut + Sized + sealed::Sealed {
    /// Unlocks at once and gives what locks again.
    #[doc(hidden)]
    fn release(self) -> impl Future<Output = Self>;
}

impl<'a, T: ?Sized> LockGuard for MutexGuard<'a, T> {
    #[allow(refining_impl_trait, reason = "says that the guard itself is not held meanwhile")]
    fn release(self) -> impl Future<Output = Self> + use<'a, T> {
        let lock = Self::mutex(&self);
        drop(self);
        lock.lock()
    }
}

impl<T: ?Sized> LockGuard for OwnedMutexGuard<T> {
    fn release(self) -> impl Future<Output = Self> {
        let lock = Arc::clone(Self::mutex(&self));
        drop(self);
        lock.lock_owned()
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "that nobody else can name it is what seals")]
    pub trait Sealed {}
    impl<T: ?Sized> Sealed for tokio::sync::MutexGuard<'_, T> {}
    impl<T: ?Sized> Sealed for tokio::sync::OwnedMutexGuard<T> {}
}
