//! Actors under supervisors, where every supervisor is a task group.
#![forbid(unsafe_code)]

pub use arbour_primitives::stream;
