//! Why there is no next value.

use thiserror::Error;

/// The value will never change again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the value will not change any more: this receiver has seen the last one, and no sender is left")]
#[non_exhaustive]
pub struct WatchClosed;
