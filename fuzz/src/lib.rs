//! Fuzz targets of Arbour: plain functions over bytes, which return if all is well and panic if it is not.
//!
//! Each has a corpus of its name in `corpus/`, which an ordinary test replays.
#![forbid(unsafe_code)]

pub mod streams;
#[path = "machine/target.rs"]
pub mod supervision;

/// The life of a supervisor, by its machine and by a model of the rules: see [`supervision`].
///
/// # Panics
///
/// If the two disagree; the message tells the whole life.
pub fn machine(data: &[u8]) {
    if supervision::live(data).is_err() {
        panic!("{}", supervision::story(data));
    }
}
