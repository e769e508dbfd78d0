//! Measures supervision: `supervision --list` names the cells.
#![forbid(unsafe_code)]

use arbour_benches::{harness, supervision};
use std::process::ExitCode;

fn main() -> ExitCode {
    supervision::silence_panics();
    if let Some(missing) = supervision::erlang_is_missing() {
        eprintln!("{missing}");
    }
    harness::run(&supervision::benches())
}
