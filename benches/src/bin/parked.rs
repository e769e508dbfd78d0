//! Counts what each waiter at a stream costs. A program of its own, since a counting allocator costs time.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "this is what the program is for")]

use arbour_benches::streams::parked::{Parking, SIDES, Waiter};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// So many wait.
const WAITERS: usize = 100_000;

/// Bytes per waiter.
#[derive(Debug, Clone, Copy)]
struct Cost {
    /// Of its future.
    future: f64,
    /// Of everything else that is allocated for it.
    place: f64,
    /// Of what is still held when all have gone.
    left: f64,
}

impl Cost {
    fn all(self) -> f64 {
        self.future + self.place
    }
}

fn main() {
    let as_json = std::env::args().any(|word| word == "--json");
    if !as_json {
        println!("bytes per waiter: its future, its place, what is left of it; future and place by rival");
    }
    for (side, rows) in SIDES {
        let costs = rows.iter().map(|&(name, park)| (name, cost(park)));
        let costs: Vec<(&str, Cost)> = costs.collect();
        let ours = costs[0].1;
        costs.iter().for_each(|&(name, cost)| report(side, name, cost, ours.all() / cost.all(), as_json));
    }
}

fn report(side: &str, name: &str, cost: Cost, ratio: f64, as_json: bool) {
    let Cost { future, place, left } = cost;
    if as_json {
        let line = serde_json::json!({"cell": format!("bytes per parked {side}/{name}"), "future": future,
            "place": place, "left": left, "ratio": ratio});
        println!("{line}");
    } else {
        println!("{side:<10} {name:<16} {future:>8} {place:>8} {left:>8} {ratio:>8.2}");
    }
}

fn cost(park: Parking) -> Cost {
    let mut counted = None;
    park(&mut |crowd| counted = Some(cost_of(crowd)));
    counted.expect("somebody waits")
}

/// Futures are boxed here, so that those that allocate when they are made are counted in full.
fn cost_of(crowd: &mut dyn Iterator<Item = Waiter<'_>>) -> Cost {
    let mut waiters: Vec<Waiter<'_>> = Vec::with_capacity(WAITERS);
    let region = Region::new(COUNTED);
    waiters.extend(crowd.take(WAITERS));
    let future = size_of_val(&*waiters[0]) as f64;
    waiters.iter_mut().for_each(|waiter| waiter.as_mut().wait());
    let all = per_waiter(&region);
    waiters.clear();
    Cost { future, place: all - future, left: per_waiter(&region) }
}

fn per_waiter(region: &Region<'_, System>) -> f64 {
    let change = region.change();
    ((change.bytes_allocated as f64 - change.bytes_deallocated as f64) / WAITERS as f64).round()
}
