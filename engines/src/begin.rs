//! What every request to a store passes first.

use arbour_primitives::scope::Gate;
use std::future::poll_fn;

/// Nothing is asked in a cancelled scope, and a loop of requests still yields.
pub(crate) async fn begin() {
    let mut gate = Gate::new();
    poll_fn(|cx| gate.poll_enter(cx)).await;
}
