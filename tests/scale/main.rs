//! Depth and width cost nothing but themselves: cancelling and dropping are linear, and need no stack.
//!
//! So is waiting at a stream.
//!
//! Linear is judged by the CPU time of the thread, so that neighbours do not count, over sizes that are
//! four times apart, where what is linear and what is quadratic are four times apart too; and by the
//! number of polls in a simulation, which is exact.
#![forbid(unsafe_code)]

mod chain;
mod ending;
mod living;
mod measure;
mod nest;
mod parked;
mod random;
mod siblings;
