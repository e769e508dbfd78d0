//! Leases in a Redis that works.

use crate::server::Server;
use crate::worker::{self, TTL, Worker};
use arbour::testing::check_lease_store;
use std::time::Duration;

#[arbour::test(start_paused = false)]
async fn a_server_keeps_every_clause() {
    let server = Server::start();
    check_lease_store(&server.store(TTL), Duration::from_millis(200)).await.unwrap();
}

#[test]
fn processes_take_turns_without_overlap_and_hear_of_each_release() {
    let server = Server::start();
    worker::take_turns_together(&server.url());
}

#[test]
fn the_lease_of_a_killed_process_ends_and_the_others_go_on() {
    let server = Server::start();
    worker::take_turns_although_some_are_killed(&server.url());
}

#[test]
fn who_waits_leaves_the_processor_alone() {
    let server = Server::start();
    let took = Worker::wait(&server.url(), Duration::from_secs(1)).waited();
    assert!(took < Duration::from_millis(100), "a wait of one second took {took:?} of the processor");
}
