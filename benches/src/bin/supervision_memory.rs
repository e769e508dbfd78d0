//! Counts what a tree of 10,000 children leaves behind. A program of its own, since a counting allocator costs time.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "this is what the program is for")]

use arbour_benches::supervision::{CHILDREN, Rise, TREES};
use arbour_benches::workers::Workers;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How often the tree rises before anything is counted: what is kept for good is made by then.
const BEFORE: usize = 2;

fn main() {
    let as_json = std::env::args().any(|word| word == "--json");
    if !as_json {
        println!(
            "a tree of {CHILDREN} children, up and down: bytes left, allocations left, allocations per child"
        );
    }
    for (name, rise) in TREES {
        let (bytes, live, made) = left_by(rise);
        let per_child = made as f64 / CHILDREN as f64;
        if as_json {
            let left = serde_json::json!({"bytes": bytes, "allocations": live});
            println!(
                "{}",
                serde_json::json!({"cell": name, "left": left, "allocations per child": per_child})
            );
        } else {
            println!("{name:<16} {bytes:>8} {live:>8} {per_child:>8.1}");
        }
    }
}

/// Bytes and allocations that are left, and allocations that were made.
fn left_by(rise: Rise) -> (i64, i64, usize) {
    let runtime = Workers::One.start();
    for _ in 0..BEFORE {
        runtime.run(rise());
    }
    let region = Region::new(COUNTED);
    runtime.run(rise());
    let change = region.change();
    let left = |came: usize, went: usize| came as i64 - went as i64;
    let bytes = left(change.bytes_allocated, change.bytes_deallocated);
    (bytes, left(change.allocations, change.deallocations), change.allocations)
}
