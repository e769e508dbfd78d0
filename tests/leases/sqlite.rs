//! Leases in a file that several processes share.

use crate::scratch::Scratch;
use crate::worker::{self, Worker};
use arbour::leases::SqliteStore;
use arbour::testing::check_lease_store;
use std::time::Duration;

fn engine(scratch: &Scratch) -> String {
    format!("sqlite:{}", scratch.path().join("leases.db").display())
}

#[arbour::test(start_paused = false)]
async fn a_file_keeps_every_clause() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path().join("leases.db")).await.unwrap();
    check_lease_store(&store, Duration::from_millis(200)).await.unwrap();
}

#[test]
fn processes_take_turns_without_overlap_and_hear_of_each_release() {
    let scratch = Scratch::new();
    worker::take_turns_together(&engine(&scratch));
}

#[test]
fn the_lease_of_a_killed_process_ends_and_the_others_go_on() {
    let scratch = Scratch::new();
    worker::take_turns_although_some_are_killed(&engine(&scratch));
}

#[test]
fn who_waits_leaves_the_processor_alone() {
    let scratch = Scratch::new();
    let took = Worker::wait(&engine(&scratch), Duration::from_secs(1)).waited();
    assert!(took < Duration::from_millis(100), "a wait of one second took {took:?} of the processor");
}
