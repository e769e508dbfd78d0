//! Measures transports: `transports --list` names the cells.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    arbour_benches::harness::run(&arbour_benches::transports::benches())
}
