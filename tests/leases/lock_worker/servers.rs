//! A server that fails under its workers: restarted with and without its data, paused, and cut off from one of them.

use super::event::{Event, Instant};
use super::group::Group;
use super::program::LockWorker;
use super::records::assert_nothing_is_lost;
use crate::proxy::{Flow, Proxy, To};
use crate::server::Server;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::sleep;

const TTL: Duration = Duration::from_millis(600);

fn group(engine: String) -> Group {
    Group { engine, resources: 4, ttl: TTL, work_for: Duration::from_millis(10) }
}

#[tokio::test]
async fn a_restart_with_its_data_loses_nothing_and_work_goes_on() {
    let mut server = Server::start();
    let group = group(server.url());
    let mut workers = [group.start("oak"), group.start("elm")];
    group.until_shared(&mut workers).await;
    server.kill();
    server.start_again();
    until_all_work_again(&group, &workers).await;
    let told = stop_all(workers).await;
    assert_fences_rise(&told);
    assert_nothing_is_lost(&group.check().await, &told);
}

#[tokio::test]
async fn a_restart_without_its_data_takes_every_lease_and_fences_still_rise() {
    let mut server = Server::start();
    let group = group(server.url());
    let mut workers = [group.start("oak"), group.start("elm")];
    group.until_shared(&mut workers).await;
    server.kill();
    let empty = Instant::now();
    server.start_empty();
    until_all_work_again(&group, &workers).await;
    let told = stop_all(workers).await;
    assert_fences_rise(&told);
    let after: Vec<&Event> = told.iter().filter(|event| event.is("acquired") && event.at > empty).collect();
    assert!(after.len() >= 4, "every resource is granted anew: {after:?}");
    // What was written before is gone with the data; what is there is in order.
    group.check().await;
}

#[tokio::test]
async fn while_a_server_is_paused_nobody_begins_anything_and_nobody_hurries() {
    let server = Server::start();
    let group = group(server.url());
    let mut workers = [group.start("oak"), group.start("elm")];
    group.until_shared(&mut workers).await;
    server.pause();
    let paused = Instant::now();
    for worker in &workers {
        worker.until_told("gated", 2).await;
    }
    server.go_on();
    until_all_work_again(&group, &workers).await;
    let told = stop_all_in_order(&group, workers).await;
    // Asked again after a sixth of the ttl at the earliest, by each resource, until a lease is lost two ttl later.
    let unanswered = told.iter().filter(|event| event.is("unanswered")).count();
    eprintln!("{unanswered} requests of 4 resources unanswered in a pause of a ttl");
    assert!(unanswered <= 4 * 14, "{unanswered} requests without an answer");
    let gates = told.iter().filter(|event| event.is("gated"));
    assert!(gates.clone().all(|gate| gate.at.since(paused) <= TTL), "held for longer than a ttl: {gates:?}");
}

#[tokio::test]
async fn who_is_cut_off_stops_before_anybody_takes_over_and_comes_back() {
    let server = Server::start();
    let proxy = Proxy::to(server.port()).await;
    let far = group(proxy.url());
    let near = group(server.url());
    let mut workers = [far.start("far"), near.start("near")];
    near.until_shared(&mut workers).await;
    let before = proxy.counts();
    proxy.set(To::Server, Flow::Drop);
    proxy.set(To::Client, Flow::Drop);
    workers[1].until("it has everything", |events| super::event::worked_on(events).len() == 4).await;
    workers[0].until_told("gated", 2).await;
    workers[0].until_told("lost", 2).await;
    let connections = proxy.counts().connections - before.connections;
    eprintln!("{connections} connections were tried by who was cut off for some two ttl");
    assert!(connections < 60, "{connections} connections");
    proxy.heal();
    near.until_shared(&mut workers).await;
    stop_all_in_order(&near, workers).await;
}

#[tokio::test]
async fn whose_requests_are_lost_gates_itself_before_anybody_takes_over() {
    gates_itself(&[(To::Server, Flow::Drop)]).await;
}

/// Its renewals arrive, and nobody tells it so.
#[tokio::test]
async fn whose_answers_are_lost_gates_itself_before_anybody_takes_over() {
    gates_itself(&[(To::Client, Flow::Drop)]).await;
}

/// They come when the line is good again, and change nothing any more.
#[tokio::test]
async fn whose_answers_are_held_back_beyond_the_lease_gates_itself_before_anybody_takes_over() {
    gates_itself(&[(To::Client, Flow::Hold)]).await;
}

/// Each answer comes after it was given up.
#[tokio::test]
async fn whose_line_is_slow_gates_itself_before_anybody_takes_over() {
    let late = Flow::Delay(TTL / 2);
    gates_itself(&[(To::Server, late), (To::Client, late)]).await;
}

/// A worker behind this line, which becomes good again when the worker has gated itself and others could have taken
/// over.
async fn gates_itself(flows: &[(To, Flow)]) {
    let server = Server::start();
    let proxy = Proxy::to(server.port()).await;
    let (far, near) = (group(proxy.url()), group(server.url()));
    let mut workers = [far.start("far"), near.start("near")];
    near.until_shared(&mut workers).await;
    let bad = Instant::now();
    flows.iter().for_each(|(to, flow)| proxy.set(*to, *flow));
    workers[0].until_told("gated", 2).await;
    let gates = workers[0].events();
    let mut gates = gates.iter().filter(|event| event.is("gated"));
    assert!(gates.all(|gate| gate.at.since(bad) <= TTL), "held for longer than a ttl: {gates:?}");
    sleep(TTL).await;
    proxy.heal();
    until_all_work_again(&near, &workers).await;
    near.until_shared(&mut workers).await;
    stop_all_in_order(&near, workers).await;
}

/// The line is cut in the middle of an answer, ten times: each time a new one is there long before the lease ends.
#[tokio::test]
async fn whose_line_is_cut_in_the_middle_of_answers_keeps_what_it_has() {
    let server = Server::start();
    let proxy = Proxy::to(server.port()).await;
    let long = Duration::from_secs(6);
    let (far, near) = (Group { ttl: long, ..group(proxy.url()) }, group(server.url()));
    let mut worker = [far.start("far")];
    far.until_worked_on(&mut worker).await;
    for cut in 1..=10 {
        let before = worker[0].events().len();
        let lines = proxy.counts().connections;
        proxy.set(To::Client, Flow::Cut(cut * 9));
        worker[0]
            .until("it goes on", |events| {
                proxy.counts().connections > lines
                    && events[before..].iter().filter(|event| event.is("worked")).count() > 4
            })
            .await;
    }
    let told = stop_all(worker).await;
    let granted = told.iter().filter(|event| event.is("acquired")).count();
    assert_eq!(granted, 4, "nothing was lost, and nothing taken anew");
    assert_nothing_is_lost(&near.check().await, &told);
}

#[tokio::test]
async fn workers_that_only_wait_and_renew_ask_seldom() {
    let server = Server::start();
    let group = Group { work_for: Duration::from_millis(500), ..group(server.url()) };
    let mut workers = [group.start("oak"), group.start("elm")];
    group.until_shared(&mut workers).await;
    let before = server.scripts();
    sleep(Duration::from_secs(2)).await;
    let asked = server.scripts() - before;
    eprintln!("{asked} scripts in 2 s for 4 resources and 2 workers with a ttl of {TTL:?}");
    // Ten times a third of the ttl: renewals of 4 + 2 leases, and each worker looks at both lists and waits; and four
    // pieces of work on each resource.
    assert!(asked < 200, "{asked} scripts in 2 s");
}

/// Waits until each resource has been worked on again.
pub(super) async fn until_all_work_again(group: &Group, workers: &[LockWorker]) {
    let since = Instant::now();
    for number in 0..group.resources {
        let resource = format!("resource/{number}");
        let again = |event: &Event| event.is("worked") && event.resource() == resource && event.at > since;
        LockWorker::until_one_tells(workers, again).await;
    }
}

/// Stops all of these, none of whom has gone on under a lease that another had, and nothing of whose work is lost.
async fn stop_all_in_order<const N: usize>(group: &Group, workers: [LockWorker; N]) -> Vec<Event> {
    let told = stop_all(workers).await;
    assert_gated_before_taken(&told);
    assert_fences_rise(&told);
    assert_nothing_is_lost(&group.check().await, &told);
    told
}

async fn stop_all<const N: usize>(workers: [LockWorker; N]) -> Vec<Event> {
    let mut told = Vec::new();
    for worker in workers {
        told.extend(worker.stop().await);
    }
    told
}

/// Each grant of a resource has a greater fence than all before.
fn assert_fences_rise(told: &[Event]) {
    for (resource, grants) in grants(told) {
        let fences: Vec<u64> = grants.iter().map(|grant| grant.fence()).collect();
        assert!(fences.is_sorted_by(|one, next| one < next), "{resource}: {fences:?}");
    }
}

/// Whoever was gated was so before the next grant of that resource, whose fence is the microsecond of it.
fn assert_gated_before_taken(told: &[Event]) {
    let grants = grants(told);
    for gate in told.iter().filter(|event| event.is("gated")) {
        let next = grants[gate.resource()].iter().find(|grant| grant.fence() > gate.fence());
        assert!(
            next.is_none_or(|next| gate.at <= Instant::of_grant(next.fence())),
            "{gate:?} after {next:?}"
        );
    }
}

/// The grants of each resource, by time.
fn grants(told: &[Event]) -> BTreeMap<&str, Vec<&Event>> {
    let mut grants: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for event in told.iter().filter(|event| event.is("acquired")) {
        grants.entry(event.resource()).or_default().push(event);
    }
    grants.values_mut().for_each(|grants| grants.sort_by_key(|grant| grant.at));
    grants
}
