//! Cancel scopes and memory object streams, verified with loom.
//!
//! - [`attribute`]: what a stream can say of itself, typed, through all its wrappers.
//! - [`scope`]: a body that can be cancelled from outside, and clean-up that always runs.
//! - [`stream`]: ordered, reliable streams of objects, and the one that lives in memory.
//! - [`standstill`]: what a pending await waits for, told when somebody asks.
//! - [`sync`]: what tokio's synchronisation does not do.
//! - [`mod@loom`]: the one file that knows std from loom, so that crates above can model through this one.
//!
//! No tokio, no I/O and no clock: what needs a runtime is handed in (see [`scope::runtime`]).
//! Users see these items under `arbour::`.
#![forbid(unsafe_code)]

pub mod attribute;
pub mod loom;
pub mod scope;
#[doc(hidden)]
pub mod standstill;
pub mod stream;
pub mod sync;
#[cfg(test)]
mod tests;
mod waiting;
