//! The corpora, replayed on stable Rust.

use arbour_fuzz::{
    machine,
    supervision::{Seen, live, random, shrink},
};
use std::{fs, path::PathBuf};

/// What the lives of the corpus show together, each in the file of its name if in no other.
const SHOWN: [&str; 19] = [
    "abort",
    "added",
    "auto-shutdown",
    "cancel",
    "drain",
    "escalated",
    "gave up",
    "group called off",
    "group restart",
    "left behind",
    "ready",
    "removed",
    "reply",
    "report",
    "restart",
    "shutdown",
    "start",
    "start failed",
    "stuck",
];

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/machine"))
}

fn corpus() -> Vec<Vec<u8>> {
    let files = fs::read_dir(folder()).unwrap();
    files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
}

#[test]
fn every_life_in_the_corpus_is_as_the_model_says() {
    let corpus = corpus();
    assert!(!corpus.is_empty());
    corpus.iter().for_each(|data| machine(data));
}

#[test]
fn bytes_that_are_no_whole_records_are_a_life_as_well() {
    for length in 0..40 {
        machine(&random(7)[..length]);
        machine(&vec![u8::MAX; length]);
    }
}

/// With `ARBOUR_BLESS=1` what is not shown gets a file.
#[test]
fn the_corpus_shows_everything_that_a_supervisor_does() {
    for what in SHOWN {
        let shows = |data: &[u8]| live(data).is_ok_and(|seen: Seen| seen.contains_key(what));
        if std::env::var_os("ARBOUR_BLESS").is_some() && !corpus().iter().any(|data| shows(data)) {
            let first = (0..).map(random).find(|data| shows(data)).unwrap();
            fs::write(folder().join(what.replace([' ', '-'], "_")), shrink(&first, shows)).unwrap();
        }
        assert!(corpus().iter().any(|data| shows(data)), "nothing in the corpus shows `{what}`");
    }
}
