//! The calls whose callers have gone: counted until their threads end.

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A call whose caller has gone, while its function still runs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AbandonedCall {
    /// Where the call was made.
    pub place: &'static Location<'static>,
    /// When its caller went.
    pub since: Instant,
}

/// The calls of this process whose callers have gone, oldest first. Each keeps its thread, and its token of the
/// limiter, until its function returns.
///
/// # Examples
///
/// ```
/// use arbour::{testing::block_on, thread::{self, OnCancel}};
/// use std::sync::mpsc;
/// use tokio::sync::oneshot;
///
/// block_on(async {
///     let (tell, begun) = oneshot::channel();
///     let (go_on, gate) = mpsc::channel::<()>();
///     let call = thread::call().on_cancel(OnCancel::Abandon).run_sync(move || {
///         tell.send(()).unwrap();
///         gate.recv().ok();
///     });
///     let caller = tokio::spawn(call);
///     begun.await.unwrap();
///     caller.abort();
///     assert!(caller.await.is_err());
///     assert_eq!(thread::abandoned().len(), 1);
///     drop(go_on);
/// });
/// ```
#[must_use]
pub fn abandoned() -> Vec<AbandonedCall> {
    registry().calls.values().cloned().collect()
}

/// The place of a call in the list, given back when its thread ends.
#[derive(Debug)]
pub(super) struct Entry {
    key: u64,
}

impl Entry {
    pub(super) fn new(place: &'static Location<'static>) -> Self {
        let mut registry = registry();
        let key = registry.next;
        registry.next += 1;
        registry.calls.insert(key, AbandonedCall { place, since: Instant::now() });
        Self { key }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        registry().calls.remove(&self.key);
    }
}

struct Registry {
    next: u64,
    calls: BTreeMap<u64, AbandonedCall>,
}

fn registry() -> MutexGuard<'static, Registry> {
    static REGISTRY: Mutex<Registry> = Mutex::new(Registry { next: 0, calls: BTreeMap::new() });
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}
