//! Workers that are killed: others take over when the lease has ended, and nothing wrong is written.

use super::event::{Event, Instant, worked_on};
use super::group::Group;
use super::place::Place;
use super::program::LockWorker;
use super::records::assert_nothing_is_lost;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use std::time::Duration;

/// What a busy machine may add to a time.
const BUSY: Duration = Duration::from_secs(2);

#[tokio::test]
async fn fifty_kills_at_any_point_leave_nothing_wrong_in_a_file() {
    kill_often(&Place::file()).await;
}

#[tokio::test]
async fn fifty_kills_at_any_point_leave_nothing_wrong_on_a_server() {
    kill_often(&Place::server()).await;
}

#[tokio::test]
async fn who_replaces_the_only_worker_on_a_file_waits_and_takes_over() {
    replace_the_only_one(&Place::file()).await;
}

#[tokio::test]
async fn who_replaces_the_only_worker_on_a_server_waits_and_takes_over() {
    replace_the_only_one(&Place::server()).await;
}

async fn kill_often(place: &Place) {
    let (ttl, work_for) = (Duration::from_millis(300), Duration::from_millis(5));
    let group = Group { engine: place.engine(), resources: 6, ttl, work_for };
    let config = Config { rng_seed: RngSeed::Fixed(8), failure_persistence: None, ..Config::default() };
    let mut random = TestRunner::new(config);
    let mut random = |range: std::ops::Range<usize>| range.new_tree(&mut random).unwrap().current();
    let mut workers: Vec<LockWorker> =
        (0..3).map(|number| group.start(&format!("worker-{number}"))).collect();
    let (mut told, mut times) = (Vec::new(), Vec::new());
    for kill in 0..50 {
        group.until_worked_on(&mut workers).await;
        let victim = workers.swap_remove(random(0..workers.len()));
        let at = victim.events().len() + random(0..20);
        if !victim.works().is_empty() {
            victim.until("it is killed", |events| events.len() >= at).await;
        }
        let killed = Instant::now();
        let events = victim.kill().await;
        workers.push(group.start(&format!("worker-{}", kill + 3)));
        group.until_worked_on(&mut workers).await;
        times.extend(take_overs(&events, killed, &workers));
        told.extend(events);
    }
    for worker in workers {
        told.extend(worker.stop().await);
    }
    times.sort();
    let (half, all) = (times[times.len() / 2], times[times.len() - 1]);
    eprintln!(
        "{} resources taken over after 50 kills, ttl {ttl:?}: p50 {half:?}, at most {all:?}",
        times.len()
    );
    // A look at least every third of the ttl.
    assert!(all < ttl + ttl / 3 + BUSY && half < ttl * 2, "{times:?}");
    assert!(times.len() >= 50, "the victims had {} resources", times.len());
    assert_nothing_is_lost(&group.check().await, &told);
}

/// How long after the kill each resource of the victim had somebody else's first write.
fn take_overs(victim: &[Event], killed: Instant, workers: &[LockWorker]) -> Vec<Duration> {
    let told: Vec<Event> = workers.iter().flat_map(LockWorker::events).collect();
    let first = |resource: &String| {
        let later =
            |event: &&Event| event.is("took-over") && event.resource() == resource && event.at >= killed;
        told.iter().filter(later).map(|event| event.at.since(killed)).min()
    };
    worked_on(victim).keys().filter_map(first).collect()
}

async fn replace_the_only_one(place: &Place) {
    let (ttl, work_for) = (Duration::from_secs(1), Duration::from_millis(10));
    let group = Group { engine: place.engine(), resources: 3, ttl, work_for };
    let first = group.start("first");
    first.until_told("took-over", 3).await;
    let killed = Instant::now();
    let mut told = first.kill().await;
    let second = group.start("second");
    second.until_told("took-over", 3).await;
    let events = second.events();
    let waits: Vec<&Event> = events.iter().filter(|event| event.is("waits")).collect();
    let [waits] = waits[..] else { panic!("it says once what it waits for: {events:?}") };
    assert!(
        waits.number("taken") == 3 && waits.at < events.iter().find(|event| event.is("acquired")).unwrap().at
    );
    told.extend(second.stop().await);
    for resource in ["resource/0", "resource/1", "resource/2"] {
        let grants: Vec<&Event> =
            told.iter().filter(|event| event.is("acquired") && event.resource() == resource).collect();
        let [old, new] = grants[..] else { panic!("{grants:?}") };
        // By the wall clock, of which this leaves a little to be set.
        let apart = Instant::of_grant(new.fence()).since(Instant::of_grant(old.fence()));
        assert!(apart + Duration::from_millis(5) >= ttl, "{grants:?}");
        assert!(new.at.since(killed) < ttl + ttl / 3 + BUSY, "{grants:?}");
    }
    assert_nothing_is_lost(&group.check().await, &told);
}
