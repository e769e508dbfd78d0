//! Random lives beside the model of `fuzz/`, which is compiled in here so that it meets a machine with planted faults.

#[path = "../../../../fuzz/src/machine/target.rs"]
mod target;

use crate::fault::{FAULTS, with_fault};
use std::{fs, path::Path};
use target::{Seen, live, random, shrink, story};

const LIVES: u64 = 100_000;

/// Within so many lives each planted fault is seen.
const LIVES_WITH_A_FAULT: u64 = 1_000;

/// What must have been seen so often that the lives cannot agree by being empty.
const SEEN: [&str; 10] = [
    "abort",
    "auto-shutdown",
    "drain",
    "escalated",
    "gave up",
    "group called off",
    "group restart",
    "left behind",
    "restart",
    "stuck",
];

#[test]
fn random_lives_are_as_the_model_says() {
    let mut seen = Seen::new();
    for seed in 0..LIVES {
        let life = live(&random(seed)).unwrap_or_else(|_| panic!("{}", replayable(seed)));
        life.into_iter().for_each(|(what, times)| *seen.entry(what).or_default() += times);
    }
    for what in SEEN {
        assert!(seen[what] > LIVES / 200, "{what} is rare: {seen:?}");
    }
}

/// The shortest life like this one, and the bytes to live it again.
fn replayable(seed: u64) -> String {
    let short = shrink(&random(seed), |data| live(data).is_err());
    let hex: String = short.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("machine and model disagree in the life of seed {seed}, as in that of {hex}:\n{}", story(&short))
}

/// Whether this life ends in disagreement or panic, and does so because of the fault.
fn shows(fault: &'static str, data: &[u8]) -> bool {
    with_fault(fault, || live(data)).is_none_or(|life| life.is_err()) && live(data).is_ok()
}

#[test]
fn each_planted_fault_is_caught_within_so_many_lives() {
    for fault in FAULTS {
        let caught = (0..LIVES_WITH_A_FAULT).any(|seed| shows(fault, &random(seed)));
        assert!(caught, "`{fault}` changes nothing that the model sees");
    }
}

/// With `ARBOUR_BLESS=1` the corpus is written anew, which is needed when bytes come to mean something else.
#[test]
fn each_planted_fault_is_shown_by_a_life_in_the_corpus() {
    for fault in FAULTS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/machine").join(fault);
        if std::env::var_os("ARBOUR_BLESS").is_some() {
            let first = (0..LIVES_WITH_A_FAULT).map(random).find(|data| shows(fault, data)).unwrap();
            fs::write(&path, shrink(&first, |data| shows(fault, data))).unwrap();
        }
        assert!(shows(fault, &fs::read(&path).unwrap()), "{} does not show it", path.display());
    }
}
