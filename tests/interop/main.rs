//! Programs that nobody here wrote, at the other end of our streams.
//!
//! A program that is missing is a failure, which says how it is installed; `cargo xtask tools` installs all of
//! them where that is allowed.
#![forbid(unsafe_code)]

#[path = "../conformance/certificates.rs"]
mod certificates;
mod peer;
mod sockets;
mod tls;
