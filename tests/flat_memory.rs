//! A group holds nothing for children that have ended and whose handles are gone: counted in bytes, so this test has
//! a process to itself.
#![forbid(unsafe_code)]

use arbour::task_group;
use arbour::testing::block_on;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use tokio::task::yield_now;

#[global_allocator]
static ALLOCATED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const BATCH: usize = 1000;

fn held() -> usize {
    let stats = ALLOCATED.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

async fn batch(group: &arbour::TaskGroup) {
    for number in 0..BATCH {
        match number % 10 {
            0 => drop(group.task().name("named").spawn_value(async {})),
            _ => drop(group.spawn_value(async {})),
        }
    }
    while !group.is_empty() {
        yield_now().await;
    }
}

#[test]
fn a_million_finished_children_hold_no_memory() {
    block_on(async {
        let outcome = task_group(async |group| {
            batch(&group).await;
            let after_the_first = held();
            for _ in 1..1000 {
                batch(&group).await;
            }
            assert_eq!(group.statistics().spawned, 1_000_000);
            held().saturating_sub(after_the_first)
        });
        let grown = outcome.await.unwrap();
        assert!(grown < 64 * 1024, "{grown} bytes are held for children that have ended");
    });
}
