//! Measures memory streams: `streams --list` names the cells.

use std::process::ExitCode;

fn main() -> ExitCode {
    arbour_benches::harness::run(&arbour_benches::streams::benches())
}
