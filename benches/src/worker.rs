//! The stream worker beside a single-threaded loop with the same parsing and checks.
//!
//! Both are those of the example: the loop says what the workers' totals must be, and here how fast one thread
//! reaches them.

mod repeated;

use crate::harness::{Bench, Row};
use program::decode::ColumnNames;
use program::input::Input;
use program::options::{InputChoice, Options};
use program::rejects::Rejects;
use program::{pipeline, plain, worker};
use repeated::Repeated;
use std::fs::File;
use std::io::Read;
use std::num::{NonZeroU64, NonZeroUsize};
use std::rc::Rc;
use std::time::Duration;

#[path = "../../examples/stream_worker"]
#[allow(dead_code, reason = "the command line and the output of the example are not measured")]
#[allow(
    missing_debug_implementations,
    unreachable_pub,
    reason = "the example is held to this by its own build"
)]
mod program {
    pub(crate) mod crash;
    pub(crate) mod decode;
    pub(crate) mod failure;
    pub(crate) mod fields;
    pub(crate) mod input;
    pub(crate) mod keys;
    pub(crate) mod options;
    pub(crate) mod partition;
    pub(crate) mod pipeline;
    pub(crate) mod plain;
    pub(crate) mod progress;
    pub(crate) mod reader;
    pub(crate) mod records;
    pub(crate) mod rejects;
    pub(crate) mod report;
    pub(crate) mod totals;
    pub(crate) mod values;
    pub(crate) mod worker;
}

/// With eleven pairs, more than ten seconds for each row.
const SAMPLE: Duration = Duration::from_secs(1);

/// How often the shipped data stands in the file that is read, unless memory is looked at.
const TIMES: u64 = 50;

/// The options of one of our rows.
#[derive(Debug, Clone, Copy)]
struct Variant {
    name: &'static str,
    mailbox: usize,
    crash_every: u64,
}

const VARIANTS: [Variant; 4] = [
    Variant { name: "mailbox 64", mailbox: 64, crash_every: 0 },
    Variant { name: "mailbox 1024", mailbox: 1024, crash_every: 0 },
    Variant { name: "rendezvous", mailbox: 0, crash_every: 0 },
    Variant { name: "a crash every 1000 records", mailbox: 64, crash_every: 1000 },
];

/// Two workers and a reader against one loop, per record.
///
/// # Panics
///
/// When the file to read cannot be written.
#[must_use]
pub fn benches() -> Vec<Bench> {
    worker::silence_crashes_on_purpose();
    let input = Rc::new(Repeated::shipped(TIMES));
    VARIANTS.iter().map(|variant| bench(*variant, &input)).collect()
}

fn bench(variant: Variant, input: &Rc<Repeated>) -> Bench {
    let (ours, theirs) = (Rc::clone(input), Rc::clone(input));
    let ours = Row::new("stream_worker", move |times, stopwatch| {
        (0..times).for_each(|_| stopwatch.time(|| supervised(variant, &ours)));
    });
    let plain = Row::new("plain loop", move |times, stopwatch| {
        (0..times).for_each(|_| stopwatch.time(|| single_threaded(&theirs)));
    });
    let name = format!("stream worker/{}", variant.name);
    Bench::new(name, input.records(), ours, vec![plain]).sample(SAMPLE).countable(false)
}

/// One row so many times over, for its peak of memory: ours by the name of a variant, else the plain loop.
///
/// # Panics
///
/// When the file to read cannot be written.
pub fn read_once(row: &str, times: u64) {
    worker::silence_crashes_on_purpose();
    let input = Repeated::shipped(times);
    match VARIANTS.iter().find(|variant| variant.name == row) {
        Some(variant) => supervised(*variant, &input),
        None => single_threaded(&input),
    }
}

/// The rows of [`read_once`].
pub fn rows() -> impl Iterator<Item = &'static str> {
    VARIANTS.iter().map(|variant| variant.name).chain(["plain loop"])
}

fn supervised(variant: Variant, input: &Repeated) {
    let options = Options {
        input: InputChoice::File(input.path().to_owned()),
        partitions: NonZeroUsize::new(2).expect("two is not zero"),
        mailbox: variant.mailbox,
        crash_every: NonZeroU64::new(variant.crash_every),
        ..Options::default()
    };
    let file = Input::open(&options.input).expect("the file was written just now");
    let rejects = Rejects::open(None, &file).expect("standard error is there");
    let done = pipeline::run(&options, file, rejects).expect("the shipped data has totals");
    assert_eq!(done.report.records, input.records());
}

fn single_threaded(input: &Repeated) {
    let names = ColumnNames { key: "carrier".to_owned(), value: "dep_delay".to_owned() };
    let mut file = File::open(input.path()).expect("the file was written just now");
    let chunks = std::iter::from_fn(|| {
        let mut chunk = vec![0; 64 * 1024];
        match file.read(&mut chunk) {
            Ok(0) => None,
            read => Some(read.map(|length| {
                chunk.truncate(length);
                chunk
            })),
        }
    });
    let summary = plain::run(chunks, names, u64::MAX, |_| {}).expect("the shipped data has totals");
    assert_eq!(summary.records, input.records());
}
