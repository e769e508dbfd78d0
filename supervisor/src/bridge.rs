//! Bridges to foreign kinds of structure: tokio-util's tokens, and tasks that others spawned.
//!
//! None of them spawns a watcher: a token is watched by the future that it is to end, a scope by one
//! waker that goes with it, and a foreign task by whoever adopted it.

mod foreign;
mod token;

pub use foreign::{Adopted, ForeignAborted, adopt};
pub use token::{cancel_on, token_of};
