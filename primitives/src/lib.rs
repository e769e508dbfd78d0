//! Cancel scopes and memory object streams, verified with loom.
//!
//! No tokio, no I/O and no clock: what needs a runtime is handed in (see [`scope::runtime`]).
//! Users see these items under `arbour::`.
#![forbid(unsafe_code)]

pub mod loom;
pub mod scope;
pub mod stream;
