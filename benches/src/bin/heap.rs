//! Counts the heap per parked child. A program of its own, since a counting allocator costs time.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "this is what the program is for")]

use arbour_benches::heap::{CHILDREN, Parking, ROWS};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let as_json = std::env::args().any(|word| word == "--json");
    let [ours, rivals @ ..] = ROWS.map(|row| (row.0, per_child(row)));
    if !as_json {
        println!("heap per parked child: bytes, allocations; and ours by rival");
        println!("{:<16} {:>8} {:>8}", ours.0, ours.1.0, ours.1.1);
    }
    for (name, (bytes, allocations)) in rivals {
        let ratio = ours.1.0 / bytes;
        if as_json {
            let line = serde_json::json!({"cell": format!("heap per parked child/{name}"),
                "bytes": {"ours": ours.1.0, "rival": bytes, "ratio": ratio},
                "allocations": {"ours": ours.1.1, "rival": allocations}});
            println!("{line}");
        } else {
            println!("{name:<16} {bytes:>8} {allocations:>8} {ratio:>8.2}");
        }
    }
}

/// Live bytes and live allocations per child while all are parked, rounded.
fn per_child((_, park): Parking) -> (f64, f64) {
    let region = Region::new(COUNTED);
    let mut counted = (0.0, 0.0);
    park(&mut || {
        let change = region.change();
        let bytes = change.bytes_allocated as f64 - change.bytes_deallocated as f64;
        let live = change.allocations as f64 - change.deallocations as f64;
        counted = ((bytes / CHILDREN as f64).round(), (live / CHILDREN as f64).round());
    });
    counted
}
