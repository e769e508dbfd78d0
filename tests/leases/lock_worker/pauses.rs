//! Workers that stand still: longer than their lease, at the worst moment, and shorter.

use super::event::Event;
use super::group::Group;
use super::place::Place;
use super::program::LockWorker;
use super::records::assert_nothing_is_lost;
use super::servers::until_all_work_again;
use rustix::process::Signal;
use std::time::Duration;
use tokio::time::sleep;

#[tokio::test]
async fn a_write_after_a_long_pause_is_refused_by_a_file_and_the_worker_comes_back() {
    write_late(&Place::file()).await;
}

#[tokio::test]
async fn a_write_after_a_long_pause_is_refused_by_a_server_and_the_worker_comes_back() {
    write_late(&Place::server()).await;
}

#[tokio::test]
async fn a_pause_shorter_than_the_lease_moves_nothing_in_a_file() {
    pause_shortly(&Place::file()).await;
}

#[tokio::test]
async fn a_pause_shorter_than_the_lease_moves_nothing_on_a_server() {
    pause_shortly(&Place::server()).await;
}

#[tokio::test]
async fn pauses_about_as_long_as_the_lease_end_no_work_on_a_file() {
    pause_about_as_long(&Place::file()).await;
}

#[tokio::test]
async fn pauses_about_as_long_as_the_lease_end_no_work_on_a_server() {
    pause_about_as_long(&Place::server()).await;
}

/// After each of them the worker finds its leases held, suspect or lost, perhaps before any timer of its own: it works
/// again in any case.
async fn pause_about_as_long(place: &Place) {
    let (ttl, work_for) = (Duration::from_millis(600), Duration::from_millis(10));
    let group = Group { engine: place.engine(), resources: 4, ttl, work_for };
    let mut workers = [group.start("paused")];
    group.until_worked_on(&mut workers).await;
    for pause in 0..10 {
        workers[0].signal(Signal::STOP);
        sleep(ttl * (90 + 4 * pause) / 100).await;
        workers[0].signal(Signal::CONT);
        until_all_work_again(&group, &workers).await;
    }
    let [worker] = workers;
    let told = worker.stop().await;
    assert_nothing_is_lost(&group.check().await, &told);
}

async fn write_late(place: &Place) {
    let (ttl, work_for) = (Duration::from_millis(500), Duration::from_millis(10));
    let group = Group { engine: place.engine(), resources: 1, ttl, work_for };
    let paused = group.start_with("paused", &["--stop-at-write=3"]);
    paused.until_told("took-over", 1).await;
    let other = group.start("other");
    other.until_told("worked", 3).await;
    paused.signal(Signal::CONT);
    paused.until_told("lost", 1).await;

    let events = paused.events();
    let [refused] = events.iter().filter(|event| event.is("refused")).collect::<Vec<_>>()[..] else {
        panic!("one write is refused by the store: {events:?}")
    };
    let fence = |events: &[Event]| events.iter().find(|event| event.is("took-over")).unwrap().fence();
    assert_eq!(refused.fence(), fence(&events));
    assert_eq!(refused.number("newest"), fence(&other.events()));

    let mut told = other.stop().await;
    paused.until_told("took-over", 2).await;
    told.extend(paused.stop().await);
    assert_nothing_is_lost(&group.check().await, &told);
}

async fn pause_shortly(place: &Place) {
    let (ttl, work_for) = (Duration::from_secs(6), Duration::from_millis(20));
    let group = Group { engine: place.engine(), resources: 4, ttl, work_for };
    let mut workers = [group.start("paused"), group.start("other")];
    group.until_shared(&mut workers).await;
    let before = workers.each_ref().map(moves);
    workers[0].signal(Signal::STOP);
    sleep(Duration::from_millis(500)).await;
    workers[0].signal(Signal::CONT);
    for worker in &workers {
        worker.until_told("worked", worker.events().len() + 20).await;
    }
    assert_eq!(workers.each_ref().map(moves), before);
    for worker in workers {
        worker.stop().await;
    }
    group.check().await;
}

/// What a worker told of its leases' comings and goings.
fn moves(worker: &LockWorker) -> Vec<String> {
    let moves = ["acquired", "released", "lost", "gated"];
    let events = worker.events();
    events.iter().filter(|event| moves.contains(&&*event.name)).map(|event| format!("{event:?}")).collect()
}
