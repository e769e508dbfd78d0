//! `status`, `check`, and what is refused.

use super::event::Event;
use super::group::Group;
use super::place::Place;
use super::program::program;
use super::records::assert_nothing_is_lost;
use arbour::leases::{Acquired, LeaseName, LeaseStore, SqliteStore, Token};
use std::process::{Command, Output};
use std::time::Duration;

fn run(arguments: &[&str]) -> Output {
    Command::new(program()).args(arguments).output().unwrap()
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn status_shows_who_has_what_and_under_which_fence() {
    let place = Place::file();
    let (ttl, work_for) = (Duration::from_secs(5), Duration::from_millis(10));
    let group = Group { engine: place.engine(), resources: 2, ttl, work_for };
    let worker = group.start("oak");
    worker.until_told("took-over", 2).await;
    let status = run(&["status", "--engine", &group.engine, "--resources", "3"]);
    let mut expected = vec!["resource owner fence age".to_owned()];
    let events = worker.events();
    for resource in ["resource/0", "resource/1"] {
        let granted = |event: &&Event| event.is("acquired") && event.resource() == resource;
        let fence = events.iter().find(granted).unwrap().fence();
        expected.push(format!("{resource} oak# {fence}"));
    }
    expected.push("resource/2 - - -".to_owned());
    let table = said(&status.stdout);
    // Each run of a worker is told apart by what follows its name.
    let word = |word: &str| word.split_once('#').map_or(word.to_owned(), |(name, _)| format!("{name}#"));
    let rows: Vec<String> =
        table.lines().map(|row| row.split_whitespace().map(word).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(rows.len(), expected.len(), "{table}");
    assert!(rows.iter().zip(&expected).all(|(row, begin)| row.starts_with(begin)), "{table}\n{expected:?}");
    worker.stop().await;
}

#[tokio::test]
async fn check_says_what_is_wrong_and_fails() {
    let place = Place::file();
    let (ttl, work_for) = (Duration::from_secs(5), Duration::from_millis(10));
    let group = Group { engine: place.engine(), resources: 1, ttl, work_for };
    let worker = group.start("oak");
    worker.until_told("worked", 3).await;
    worker.stop().await;
    group.check().await;

    // Somebody holds it as they should, and overwrites what was there.
    let file = group.engine.strip_prefix("sqlite:").unwrap();
    let (store, name) = (SqliteStore::open(file).await.unwrap(), LeaseName::new("resource/0").unwrap());
    let Acquired::Granted(fence) = store.acquire(&name, Token::new(), "vandal", ttl).await.unwrap() else {
        panic!()
    };
    store.write(&name, fence, &[("record/2", b"gone")]).await.unwrap();

    let check = run(&["check", "--engine", &group.engine, "--resources", "1"]);
    assert_eq!(check.status.code(), Some(1));
    assert!(said(&check.stdout).contains("record 2 is missing"), "{check:?}");
    assert_eq!(said(&check.stderr), "lock_worker: one thing is wrong with what was written\n");
}

/// As a request does that was given up, and arrives behind the next one.
#[tokio::test]
async fn who_finds_the_last_number_set_back_goes_on_behind_the_last_record() {
    let place = Place::file();
    let (ttl, work_for) = (Duration::from_secs(5), Duration::from_millis(10));
    let group = Group { engine: place.engine(), resources: 1, ttl, work_for };
    let worker = group.start("oak");
    worker.until_told("worked", 3).await;
    let mut told = worker.stop().await;
    let file = group.engine.strip_prefix("sqlite:").unwrap();
    let (store, name) = (SqliteStore::open(file).await.unwrap(), LeaseName::new("resource/0").unwrap());
    let token = Token::new();
    let Acquired::Granted(fence) = store.acquire(&name, token, "late", ttl).await.unwrap() else { panic!() };
    store.write(&name, fence, &[("last", b"2")]).await.unwrap();
    store.release(&name, token).await.unwrap();

    let worker = group.start("elm");
    worker.until_told("worked", 1).await;
    told.extend(worker.stop().await);
    assert_nothing_is_lost(&group.check().await, &told);
}

#[test]
fn what_cannot_be_done_is_refused_in_a_line() {
    for (arguments, complaint) in [
        (&["--lease-ttl", "29ms"][..], "--lease-ttl: a lease of 29ms is too short"),
        (&["--engine", "sqlite:/no/such/folder/leases.db"], "/no/such/folder/leases.db"),
        (&["status"], "status would see nothing of a worker"),
        (&["--resources", "0"], "--resources: \"0\" is not a whole number from 1 to 10000"),
    ] {
        let refused = run(arguments);
        let said = said(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(
            said.starts_with("lock_worker: ") && said.contains(complaint) && said.lines().count() == 1,
            "{said}"
        );
    }
}
