//! `cargo xtask bench worker_memory`: the peak memory of the stream worker, each row in a process of its own.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "this is what the program is for")]

use arbour_benches::worker::{read_once, rows};
use std::env;
use std::fs;
use std::process::Command;

/// How often the shipped data is read: its 0.8 MB once, and 160 MB.
const TIMES: [u64; 2] = [1, 200];

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    if let [word, row, times] = &*words
        && word == "--row"
    {
        read_once(row, times.parse().expect("a number of times"));
        return println!("{}", own_peak());
    }
    let as_json = words.iter().any(|word| word == "--json");
    if !as_json {
        println!("peak resident memory in KiB while 0.8 MB and 160 MB are read");
    }
    for row in rows() {
        let [short, long] = TIMES.map(|times| peak(row, times));
        if as_json {
            println!(
                "{}",
                serde_json::json!({"cell": format!("peak memory/{row}"), "short": short, "long": long})
            );
        } else {
            println!("{row:<32} {short:>8} {long:>8}");
        }
    }
}

fn peak(row: &str, times: u64) -> u64 {
    let program = env::current_exe().expect("this program has a path");
    let run = Command::new(program).args(["--row", row, &times.to_string()]).output();
    let printed = String::from_utf8(run.expect("this program starts again").stdout).expect("a number");
    printed.trim().parse().expect("a number")
}

fn own_peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB")).expect("Linux tells");
    peak.parse().expect("a number")
}
