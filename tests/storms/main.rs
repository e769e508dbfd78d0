//! Storms: many children crash at once, every callback panics, a child never yields; whatever happens, the
//! supervisor answers, who is not concerned is unharmed, and nothing is left behind.
//!
//! The tests take turns, for they count the scopes of the whole process.
#![forbid(unsafe_code)]

mod callbacks;
mod groups;
mod never_yields;
mod one_for_one;
#[path = "../structured/recorder.rs"]
mod recorder;
mod support;
