//! `cargo xtask bench worker`: the stream worker against a single-threaded loop.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    arbour_benches::harness::run(&arbour_benches::worker::benches())
}
