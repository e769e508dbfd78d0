//! Clean-up that may await: finalizers of a scope, and what a guard's drop starts.

use super::current;
use super::mail::Deferred;
use super::node::Node;
use super::remains::{clean_up_at, stray_clean_up};
use super::runtime;
use super::tree;

/// Runs `future` at the end of the current scope: after its body and all children have ended, in
/// whatever way, last in first out, shielded, before the scope resolves.
///
/// Deferred in a finalizer, it runs next. Deferred outside of every scope, it is given to the
/// runtime at once, with a report: there is no end to wait for. In a scope that is being aborted it
/// is refused: dropped unrun, and reported.
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
pub fn defer(future: impl Future<Output = ()> + Send + 'static) {
    let deferred = Deferred { future: runtime::carry(Box::pin(future)) };
    let refused = match current::node() {
        Some(node) => {
            if refuses(&node, "a finalizer") {
                return;
            }
            tree::lock().push_finalizer(node.index, deferred).err()
        }
        None => Some(deferred),
    };
    if let Some(Deferred { future }) = refused {
        stray_clean_up(future);
    }
}

/// Starts `future` at once, beside the body of the current scope and shielded; the scope cannot end
/// before it has. This is what the `Drop` of a guard calls.
///
/// Without a current scope it is given to the runtime, or, if that fails, dropped; both are
/// reported. A guard that may be dropped anywhere remembers its [`Origin`]. In a scope that is being
/// aborted it is refused: dropped unrun, and reported.
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
    /// In a scope that is being aborted it is refused: dropped unrun, and reported.
    pub fn clean_up(&self, future: impl Future<Output = ()> + Send + 'static) {
        let place = current::node().or_else(|| self.node.clone());
        if place.as_ref().is_some_and(|node| refuses(node, "a clean-up")) {
            return;
        }
        clean_up_at(place.as_ref(), runtime::carry(Box::pin(future)));
    }
}

fn refuses(node: &Node, what: &'static str) -> bool {
    let aborting = tree::lock().is_aborting(node.index);
    if aborting {
        tracing::warn!(scope = node.id(), "{what} was refused: its scope is being aborted");
    }
    aborting
}
