//! The supervisor's machine beside a model of its rules: whatever happens, both say that the same is to be done.
//!
//! This file is part of the package `fuzz/`, and of the tests of the machine, which plant faults in the machine and see
//! that the model finds them.
#![allow(unreachable_pub, reason = "among the tests of the machine nothing is public")]
#![allow(
    clippy::field_reassign_with_default,
    unreachable_patterns,
    reason = "outside their crate the machine's types cannot be written out, nor matched without a last arm"
)]

mod case;
mod draw;
mod drive;
mod model;
mod random;
mod shrink;
mod translate;
mod words;

use self::{case::Case, drive::Drive};

pub use self::{
    drive::{Seen, story},
    random::random,
    shrink::shrink,
};

/// Lives the life that these bytes tell of, and says what was seen in it: the first five records of six bytes describe a
/// supervisor and its children, each that follows is an event.
///
/// # Errors
///
/// What the machine and its model say where they disagree.
pub fn live(data: &[u8]) -> Result<Seen, String> {
    Drive::new(&Case::read(data)).into_seen()
}
