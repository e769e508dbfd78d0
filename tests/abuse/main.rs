//! What hostile, broken and careless peers do, each with the figure that was held against it.
#![forbid(unsafe_code)]

#[path = "../conformance/certificates.rs"]
mod certificates;
mod descriptors;
mod frames;
mod random;
mod resets;
mod slow;
mod tls;
