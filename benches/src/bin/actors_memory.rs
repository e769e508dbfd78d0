//! `cargo xtask bench actors_memory`: what an idle actor takes, each system in a process of its own.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "this is what the program is for")]

use arbour_benches::actors::{Play, idle};
use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::env;
use std::fs;
use std::process::Command;

/// The system's allocator, which counts and takes no room for that.
#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Enough for what is made once not to matter.
const ACTORS: u64 = 100_000;

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    if let [word, system] = &*words
        && word == "--row"
    {
        let chosen = idle(ACTORS).into_iter().find(|play| play.name() == system);
        return println!("{}", taken_by(&chosen.expect("a system of that name")));
    }
    let as_json = words.iter().any(|word| word == "--json");
    if !as_json {
        println!("{ACTORS} idle actors, for each: bytes of heap, allocations, bytes that are resident");
    }
    idle(ACTORS).iter().for_each(|play| report(play.name(), as_json));
}

fn report(system: &str, as_json: bool) {
    let program = env::current_exe().expect("this program has a path");
    let run = Command::new(program).args(["--row", system]).output().expect("this program starts again");
    let mut taken: Value = serde_json::from_slice(&run.stdout).expect("the row prints what it took");
    if as_json {
        taken["cell"] = json!(format!("idle actor/{system}"));
        println!("{taken}");
    } else {
        println!("{system:<20} {:>8} {:>8} {:>8}", taken["heap"], taken["allocations"], taken["resident"]);
    }
}

/// Per actor, while all are idle.
fn taken_by(play: &Play) -> Value {
    let (region, before) = (Region::new(COUNTED), resident());
    let mut taken = Value::Null;
    play.perform(&mut |end| {
        let (change, now) = (region.change(), resident());
        taken = json!({
            "heap": per_actor(change.bytes_allocated, change.bytes_deallocated),
            "allocations": per_actor(change.allocations, change.deallocations),
            "resident": per_actor(now, before),
        });
        end();
    });
    taken
}

/// Rounded.
fn per_actor(came: usize, went: usize) -> u64 {
    (came.saturating_sub(went) as f64 / ACTORS as f64).round() as u64
}

/// Bytes of this process that are in memory.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.and_then(|resident| resident.trim().strip_suffix(" kB")).expect("Linux tells");
    1024 * resident.parse::<usize>().expect("a number")
}
