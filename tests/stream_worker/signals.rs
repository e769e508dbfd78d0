//! SIGTERM and SIGINT: what was read is handled, and its totals are printed; a second signal cancels.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::expected::{assert_totals_of_a_prefix, reports};
use super::program::{Ended, Running};
use super::records::{File, Layout, Row, malformed, plain, rows};
use super::scratch::Scratch;

/// A signal by name, and the exit code that tells of it.
const SIGNALS: [(&str, i32); 2] = [("TERM", 143), ("INT", 130)];

/// Workers in front of whom very much may queue, and who take long.
const PATIENT: [&str; 6] = [
    "--input=-",
    "--format=json",
    "--partitions=1",
    "--mailbox=1000000",
    "--crash-every=1",
    "--restart-limit=4000000000",
];

fn start(partitions: usize, mailbox: usize, crash_every: u64, input: &str) -> Running {
    let (partitions, mailbox) = (format!("--partitions={partitions}"), format!("--mailbox={mailbox}"));
    let (crash_every, input) = (format!("--crash-every={crash_every}"), format!("--input={input}"));
    Running::start(&[&partitions, &mailbox, &crash_every, &input, "--format=json"])
}

/// Checks that a signal ended the run in good order; gives how many records it had read.
fn assert_interrupted(
    ended: &Ended,
    code: i32,
    file: &File,
    (partitions, crash_every): (usize, u64),
) -> usize {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert_totals_of_a_prefix(ended, file, partitions, crash_every)
}

#[tokio::test]
async fn a_signal_at_any_point_of_a_pipe_gives_the_totals_of_what_was_read() {
    let file = File::new(b"", Layout::DEFAULT, &rows(1, 3000));
    let config = Config { rng_seed: RngSeed::Fixed(15), failure_persistence: None, ..Config::default() };
    let mut random = TestRunner::new(config);
    let mut random = |range: std::ops::Range<usize>| range.new_tree(&mut random).unwrap().current();
    for round in 0..24 {
        let (signal, code) = SIGNALS[round % 2];
        let (partitions, mailbox) = (random(1..5), [0, 1, 64, 100_000][random(0..4)]);
        let crash_every = [0, 1, 5, 100][random(0..4)];
        let mut running = start(partitions, mailbox, crash_every, "-");
        let last = random(0..file.bytes.len());
        let mut fed = file.records[0].1;
        running.feed(&file.bytes[..fed]).await;
        assert_eq!(running.complaint().await, "line 2: expected 3 fields, found 1");
        while fed < last {
            let next = (fed + random(1..20_000)).min(last);
            running.feed(&file.bytes[fed..next]).await;
            fed = next;
        }
        running.signal(signal);
        let ended = running.end_with_open_input().await;
        let read = assert_interrupted(&ended, code, &file, (partitions, crash_every));
        let given = file.records.iter().filter(|(_, end, _)| *end <= fed).count();
        assert!(read <= given, "{read} records read of {given}");
        let reported = reports(&file).into_iter().skip(1).take(ended.stderr.len());
        assert_eq!(ended.stderr, reported.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_signal_in_the_middle_of_a_large_file_gives_the_totals_of_what_was_read() {
    let some = rows(2, 500);
    let file = File::new(b"", Layout::DEFAULT, (0..400).flat_map(|_| &some));
    let scratch = Scratch::file(&file.bytes);
    for (round, (signal, code)) in SIGNALS.into_iter().cycle().take(6).enumerate() {
        let crash_every = [0, 50, 3][round % 3];
        let mut running = start(2, 64, crash_every, scratch.as_str());
        for _ in 0..round * 300 {
            running.complaint().await;
        }
        running.hears_signals().await;
        running.signal(signal);
        let ended = running.end().await;
        let read = assert_interrupted(&ended, code, &file, (2, crash_every));
        assert!(read < file.records.len(), "it should not have come to the end before the signal");
    }
}

#[tokio::test]
async fn an_idle_pipe_does_not_hold_a_signal_up() {
    let file = File::new(b"", Layout::DEFAULT, &[malformed(), plain("UA", 1.5)]);
    for input in [&b""[..], &file.bytes] {
        for (signal, code) in SIGNALS {
            let mut running = start(2, 0, 1, "-");
            running.feed(input).await;
            if input.is_empty() {
                running.hears_signals().await;
            } else {
                running.complaint().await;
            }
            let sent = Instant::now();
            running.signal(signal);
            let ended = running.end_with_open_input().await;
            assert!(sent.elapsed() < Duration::from_secs(1), "{:?}", sent.elapsed());
            assert_interrupted(&ended, code, &file, (2, 1));
            assert_eq!(ended.stderr.len(), 0);
        }
    }
}

#[tokio::test]
async fn a_signal_while_the_workers_are_being_started_is_an_orderly_end_too() {
    let some = rows(3, 500);
    let file = File::new(b"", Layout::DEFAULT, (0..100).flat_map(|_| &some));
    let scratch = Scratch::file(&file.bytes);
    for (round, input) in ["-", scratch.as_str()].into_iter().cycle().take(40).enumerate() {
        let (signal, code) = SIGNALS[round / 2 % 2];
        let running = start(8, 1, 2, input);
        running.hears_signals().await;
        running.signal(signal);
        let ended = running.end_with_open_input().await;
        assert_interrupted(&ended, code, &file, (8, 2));
    }
}

/// Many records for workers that crash at each, and a last one whose report says that all have been read.
fn long_queue(length: u32) -> File {
    let queued: Vec<Row> = (0..length).map(|value| plain("UA", f64::from(value))).collect();
    File::new(b"", Layout::DEFAULT, queued.iter().chain([&malformed()]))
}

#[tokio::test]
async fn after_one_signal_a_long_queue_is_handled_to_its_end() {
    let file = long_queue(20_000);
    let mut running = Running::start(&PATIENT);
    running.feed(&file.bytes).await;
    running.complaint().await;
    running.signal("TERM");
    let ended = running.end_with_open_input().await;
    let read = assert_interrupted(&ended, 143, &file, (1, 1));
    assert_eq!(read, file.records.len());
}

#[tokio::test]
async fn a_second_signal_cancels_and_there_are_no_totals() {
    let file = long_queue(100_000);
    let mut running = Running::start(&PATIENT);
    running.feed(&file.bytes).await;
    running.complaint().await;
    let sent = Instant::now();
    running.signal("TERM");
    running.signal("INT");
    let ended = running.end_with_open_input().await;
    assert!(sent.elapsed() < Duration::from_secs(2), "{:?}", sent.elapsed());
    // Which of two signals that come at once is heard first is for the system to say.
    assert!(matches!(ended.code, Some(143 | 130)), "{ended:?}");
    assert_eq!(ended.stdout, "");
    assert_eq!(ended.stderr.len(), 1, "{ended:?}");
    assert!(ended.stderr[0].contains("no totals"), "{ended:?}");
}

#[tokio::test]
async fn a_signal_while_the_last_records_are_handled_is_told_too() {
    let file = long_queue(20_000);
    let scratch = Scratch::file(&file.bytes);
    let arguments = [&["--input", scratch.as_str()], &PATIENT[1..]].concat();
    let mut running = Running::start(&arguments);
    running.complaint().await;
    running.signal("INT");
    let ended = running.end().await;
    let read = assert_interrupted(&ended, 130, &file, (1, 1));
    assert_eq!(read, file.records.len());
}
