//! Arbour measured beside its rivals: each scenario holds our code and theirs, side by side.
//!
//! How we measure, and how to read it, is told in `README.md`.
#![forbid(unsafe_code)]

pub mod actors;
pub mod faults;
pub mod harness;
pub mod heap;
pub mod streams;
pub mod structured;
pub mod supervision;
pub mod transports;
pub mod worker;
pub mod workers;
