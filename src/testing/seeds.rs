//! A test run under many seeds: what `#[arbour::test(seeds = 1000)]` does.

use super::simulate::{Ending, Finished, run};
use arbour_supervisor::simulation::Trace;
use std::env;
use std::ops::Range;
use std::panic::resume_unwind;

/// Names the one seed to run.
const SEED: &str = "ARBOUR_SEED";

/// How many of the last turns of a failed run are printed.
const SHOWN: usize = 30;

/// Whether what a test gave is a failure.
#[diagnostic::on_unimplemented(
    message = "a test under seeds gives nothing or a `Result`, not `{Self}`",
    note = "whether a run failed must be known before the next seed is tried"
)]
pub trait Verdict {
    /// Whether the test has failed.
    fn has_failed(&self) -> bool;
}

impl Verdict for () {
    fn has_failed(&self) -> bool {
        false
    }
}

impl<T, E> Verdict for Result<T, E> {
    fn has_failed(&self) -> bool {
        self.is_err()
    }
}

/// Runs a test under each of these seeds, or only under that of `ARBOUR_SEED`, until one fails; that
/// seed is printed, with how to replay it.
///
/// # Panics
///
/// With what the failing run panicked with; when it came to a standstill; without a seed.
pub fn under_seeds<F: Future<Output: Verdict>>(seeds: Range<u64>, mut make: impl FnMut() -> F) -> F::Output {
    let seeds = asked_for().unwrap_or(seeds);
    let count = seeds.end - seeds.start;
    let mut last = None;
    for seed in seeds {
        let Finished { end, trace } = run(seed, make());
        match end {
            Ok(value) if !value.has_failed() => last = Some(value),
            failed => {
                tell(seed, count, &trace);
                return failed.unwrap_or_else(|ending| fail(ending));
            }
        }
    }
    last.expect("a test under seeds has at least one of them")
}

/// The one seed that the environment asks for.
fn asked_for() -> Option<Range<u64>> {
    let asked = env::var(SEED).ok()?;
    let seed: u64 =
        asked.parse().unwrap_or_else(|error| panic!("{SEED} is `{asked}`, which is no seed: {error}"));
    Some(seed..seed.saturating_add(1))
}

fn fail(ending: Ending) -> ! {
    match ending {
        Ending::Panicked(payload) => resume_unwind(payload),
        Ending::Other(error) => panic!("{error}"),
    }
}

fn tell(seed: u64, count: u64, trace: &Trace) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("the test");
    eprintln!("{test} fails under seed {seed}, one of {count}; to replay it:");
    eprintln!("    {SEED}={seed} cargo test -- --exact {test}");
    eprintln!("or write #[arbour::test(seed = {seed})]. Its last turns, of {}:", trace.len());
    let skipped = trace.len().saturating_sub(SHOWN);
    for step in trace.steps().skip(skipped) {
        eprintln!("{:>5} {}", step.task, step.name);
    }
}
