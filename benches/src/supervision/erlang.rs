//! Erlang/OTP's rows, where `erl` is installed: a script that does the work and says how long it took.
//!
//! Its clock is its own: wall time, and the processor time of its schedulers, without the start of the machine.

use super::plan::How;
use super::tree::WIDTH;
use crate::harness::Row;
use std::process::Command;
use std::time::Duration;

/// The program that is run.
const SCRIPT: &str = include_str!("erlang.escript");

/// What is said once where there is none.
#[must_use]
pub fn missing() -> Option<&'static str> {
    (!is_installed()).then_some("Erlang/OTP is not measured: there is no `escript` in the PATH")
}

/// Looks for the file: a process that is only tried would be counted by callgrind.
fn is_installed() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join("escript").is_file())
}

/// Each restart walks the whole list of those before it, so that a sample with a large window takes more than half a minute.
const LARGEST_WINDOW: u64 = 1_000;

pub(super) fn restarts(how: How, crashes: u64, siblings: usize) -> Option<Row> {
    if crashes > LARGEST_WINDOW {
        return None;
    }
    let how = if how == How::Error { "error" } else { "panic" };
    row(vec!["restarts".to_owned(), how.to_owned(), crashes.to_string(), siblings.to_string()])
}

pub(super) fn tree() -> Option<Row> {
    row(vec!["tree".to_owned(), WIDTH.to_string()])
}

fn row(words: Vec<String>) -> Option<Row> {
    is_installed().then(|| {
        Row::new("Erlang/OTP", move |times, stopwatch| {
            let [wall, cpu] = run(&words, times);
            stopwatch.add(wall, cpu);
        })
    })
}

/// Wall and processor time, which the script prints in microseconds.
fn run(words: &[String], times: u64) -> [Duration; 2] {
    let file = std::env::temp_dir().join(format!("arbour-bench-{}.escript", std::process::id()));
    std::fs::write(&file, SCRIPT).expect("the folder for temporary files can be written to");
    let ended = Command::new("escript").arg(&file).arg(times.to_string()).args(words).output();
    let _ = std::fs::remove_file(&file);
    let printed = ended.expect("escript was there a moment ago").stdout;
    let printed = String::from_utf8_lossy(&printed);
    let mut times = printed.split_whitespace().map(str::parse).map(Result::ok).map(Option::unwrap_or_default);
    [times.next(), times.next()]
        .map(|time| Duration::from_micros(time.expect("the script prints two numbers")))
}
