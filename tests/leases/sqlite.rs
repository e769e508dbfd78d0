//! Leases in a file that several processes share.

use crate::scratch::Scratch;
use crate::worker::{TTL, Turn, Worker, check};
use arbour::leases::SqliteStore;
use arbour::testing::check_lease_store;
use std::thread;
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
    let workers: Vec<Worker> = (0..4).map(|_| Worker::start(&engine(&scratch), 200)).collect();
    let mut gaps = check(turns(workers), 0, 200);
    gaps.sort();
    let median = gaps[gaps.len() / 2];
    eprintln!("from a release to the next grant: median {median:?}, at most {:?}", gaps[gaps.len() - 1]);
    assert!(median < TTL / 10, "the median was {median:?}, so nobody heard of a release");
}

#[test]
fn the_lease_of_a_killed_process_ends_and_the_others_go_on() {
    let scratch = Scratch::new();
    let mut workers: Vec<Worker> = (0..4).map(|_| Worker::start(&engine(&scratch), 100)).collect();
    let mut killed = Vec::new();
    for mut worker in workers.drain(2..) {
        killed.extend(worker.turn());
        worker.kill();
        killed.extend(worker.turns());
    }
    killed.extend(turns(workers));
    check(killed, 2, 100);
}

#[test]
fn who_waits_leaves_the_processor_alone() {
    let scratch = Scratch::new();
    let took = Worker::wait(&engine(&scratch), Duration::from_secs(1)).waited();
    eprintln!("a wait of one second took {took:?} of the processor");
    assert!(took < Duration::from_millis(100), "a wait of one second took {took:?} of the processor");
}

/// What each of them tells, heard side by side so that none has to wait until it is heard.
fn turns(workers: Vec<Worker>) -> Vec<Turn> {
    let hearing: Vec<_> = workers.into_iter().map(|worker| thread::spawn(|| worker.turns())).collect();
    hearing.into_iter().flat_map(|heard| heard.join().unwrap()).collect()
}
