//! What peers do that mean no good, or cannot help it, and what it costs: each with its figure.
#![forbid(unsafe_code)]

mod descriptors;
mod frames;
mod random;
mod resets;
mod slow;
