//! Whatever the records and the options: the result is that of a plain loop, to the last bit.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;

use super::expected::{Object, reports};
use super::program::run;
use super::records::{File, Layout, file};
use super::scratch::Scratch;

/// The options that may change how a result comes about, and never the result.
#[derive(Debug)]
struct Knobs {
    partitions: usize,
    mailbox: usize,
    crash_every: u64,
}

impl Knobs {
    fn arguments(&self) -> Vec<String> {
        let Self { partitions, mailbox, crash_every } = self;
        vec![
            format!("--partitions={partitions}"),
            format!("--mailbox={mailbox}"),
            format!("--crash-every={crash_every}"),
        ]
    }
}

fn knobs() -> impl Strategy<Value = Knobs> {
    let partitions = select(vec![1, 2, 3, 8, 61]);
    let mailbox = select(vec![0, 1, 2, 64, 100_000]);
    let crash_every = select(vec![0, 1, 2, 3, 7, 50]);
    (partitions, mailbox, crash_every).prop_map(|(partitions, mailbox, crash_every)| Knobs {
        partitions,
        mailbox,
        crash_every,
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        rng_seed: RngSeed::Fixed(2013),
        failure_persistence: None,
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_result_is_that_of_a_plain_loop(
        (layout, file) in file(0..120),
        knobs in knobs(),
        from_file in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(compare(layout, &file, &knobs, from_file))?;
    }
}

async fn compare(layout: Layout, file: &File, knobs: &Knobs, from_file: bool) -> Result<(), TestCaseError> {
    let rejects = Scratch::path();
    let input = from_file.then(|| Scratch::file(&file.bytes));
    let mut arguments = knobs.arguments();
    let words =
        ["--format=json", "--key", layout.key, "--value", layout.value, "--rejects", rejects.as_str()];
    arguments.extend(words.map(str::to_owned));
    arguments.push(format!("--input={}", input.as_ref().map_or("-", Scratch::as_str)));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();

    let ended = run(&arguments, if from_file { b"" } else { &file.bytes }).await;

    let records = file.records.iter().map(|(_, _, meaning)| meaning);
    let expected = Object::of(records, knobs.partitions, knobs.crash_every);
    prop_assert_eq!(&ended.stdout, &expected.json(), "{:?}", ended.stderr);
    prop_assert_eq!((ended.code, ended.stderr.len()), (Some(0), 0));
    let reported: Vec<String> = rejects.read().lines().map(str::to_owned).collect();
    prop_assert_eq!(reported, reports(file));
    Ok(())
}
