//! Clean-up that may await: finalizers of a scope, and what a guard's drop starts.

use super::current;
use super::mail::{Deferred, Turned};
use super::node::Node;
use super::remains::{clean_up_at, turned};
use super::{runtime, tree};
use core::panic::Location;

/// Runs `future` at the end of the current scope: after its body and all children have ended, in
/// whatever way, last in first out, shielded, before the scope resolves.
///
/// Deferred in a finalizer, it runs next. Deferred outside of every scope, it is given to the
/// runtime at once, with a report: there is no end to wait for. In a scope that is being aborted, or
/// whose clean-up budget is over, it is refused: dropped unrun, reported, and counted.
///
/// Its time is limited: see [`cancel_until`](super::ScopeHandle::cancel_until).
///
/// # Examples
///
/// ```
/// use arbour_primitives::scope::{CancelScope, defer};
/// use std::sync::{Arc, Mutex};
///
/// # futures::executor::block_on(async {
/// let journal = Arc::new(Mutex::new(Vec::new()));
/// let deferred = Arc::clone(&journal);
/// CancelScope::new()
///     .run(async {
///         defer(async move { deferred.lock().unwrap().push("released") });
///         journal.lock().unwrap().push("worked");
///     })
///     .await
///     .unwrap();
/// assert_eq!(*journal.lock().unwrap(), ["worked", "released"]);
/// # });
/// ```
#[track_caller]
pub fn defer(future: impl Future<Output = ()> + Send + 'static) {
    let deferred = Deferred { future: runtime::carry(Box::pin(future)), place: Location::caller() };
    let pushed = match current::node() {
        Some(node) => tree::lock().push_finalizer(node.index, deferred),
        None => Err(Turned::Alone(deferred)),
    };
    if let Err(why) = pushed {
        turned(why);
    }
}

/// Starts `future` at once, beside the body of the current scope and shielded; the scope cannot end
/// before it has. This is what the `Drop` of a guard calls.
///
/// Without a current scope it is given to the runtime, or, if that fails, dropped; both are
/// reported. A guard that may be dropped anywhere remembers its [`Origin`]. In a scope that is being
/// aborted, or whose clean-up budget is over, it is refused: dropped unrun, reported, and counted.
///
/// # Examples
///
/// ```
/// use arbour_primitives::scope::{CancelScope, clean_up};
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicBool, Ordering};
///
/// # futures::executor::block_on(async {
/// let said = Arc::new(AtomicBool::new(false));
/// let goodbye = Arc::clone(&said);
/// CancelScope::new()
///     .run(async { clean_up(async move { goodbye.store(true, Ordering::Relaxed) }) })
///     .await
///     .unwrap();
/// assert!(said.load(Ordering::Relaxed));
/// # });
/// ```
#[track_caller]
pub fn clean_up(future: impl Future<Output = ()> + Send + 'static) {
    Origin { node: None }.clean_up(future);
}

/// The scope in which a guard was made, for clean-up that may start anywhere.
#[derive(Debug, Clone)]
pub struct Origin {
    node: Option<Node>,
}

impl Origin {
    /// The scope that is current here; none outside of every scope.
    #[must_use]
    pub fn here() -> Self {
        Self { node: current::node() }
    }

    /// Starts `future` in the scope current where this is called; without one, in the scope of
    /// origin; if that has ended, in its nearest living ancestor; with none left, on the runtime.
    ///
    /// In a scope that is being aborted, or whose clean-up budget is over, it is refused: dropped unrun,
    /// reported, and counted.
    #[track_caller]
    pub fn clean_up(&self, future: impl Future<Output = ()> + Send + 'static) {
        let place = current::node().or_else(|| self.node.clone());
        clean_up_at(
            place.as_ref(),
            Deferred { future: runtime::carry(Box::pin(future)), place: Location::caller() },
        );
    }
}
