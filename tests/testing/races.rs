//! A planted race is found, and its seed finds it again.

use arbour::task_group;
use arbour::testing::{Simulated, SimulationError, simulate};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::task::yield_now;

/// Reads, awaits, writes: an update in between is lost.
async fn add_one(total: Arc<AtomicU32>) {
    let read = total.load(Ordering::Relaxed);
    if read > 0 {
        yield_now().await;
    }
    total.store(read + 1, Ordering::Relaxed);
}

async fn two_add() {
    let total = Arc::new(AtomicU32::new(0));
    let group = task_group(async |group| {
        for _ in 0..2 {
            let total = Arc::clone(&total);
            group.spawn_value(async move {
                add_one(Arc::clone(&total)).await;
                add_one(total).await;
            });
        }
    });
    group.await.unwrap();
    assert_eq!(total.load(Ordering::Relaxed), 4, "an update was lost");
}

fn is_lost(run: &Simulated<()>) -> bool {
    let Err(SimulationError::Panicked { message, .. }) = &run.result else { return false };
    message.contains("an update was lost")
}

#[test]
fn some_seeds_lose_an_update_some_do_not_and_each_does_the_same_again() {
    let runs: Vec<_> = (0..100).map(|seed| simulate(seed, two_add())).collect();
    let lost = runs.iter().filter(|run| is_lost(run)).count();
    assert!((5..=95).contains(&lost), "{lost} of 100 lose an update");
    for run in &runs {
        let again = simulate(run.seed, two_add());
        assert_eq!(is_lost(run), is_lost(&again), "seed {}", run.seed);
        assert_eq!(run.trace, again.trace, "seed {}", run.seed);
    }
}

/// Fails only when this variable asks for it: the tests below run it in a process of its own.
const PLANTED: &str = "PLANTED_RACE";

#[arbour::test(seeds = 200)]
async fn planted() -> Result<(), String> {
    match std::env::var(PLANTED).as_deref() {
        Ok("panic") => two_add().await,
        Ok("error") if arbour::testing::random().is_multiple_of(4) => return Err("a bad draw".to_owned()),
        _ => {}
    }
    Ok(())
}

/// Runs the test above, and returns whether it passed and what it printed.
fn run_planted(how: &str, seed: Option<&str>) -> (bool, String) {
    let mut test = Command::new(std::env::current_exe().unwrap());
    test.args(["--exact", "races::planted", "--nocapture", "--test-threads=1"]);
    test.env(PLANTED, how).env_remove("ARBOUR_SEED").env_remove("RUST_BACKTRACE");
    if let Some(seed) = seed {
        test.env("ARBOUR_SEED", seed);
    }
    let output = test.output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The seed that a failed test has named.
fn named_seed(printed: &str) -> String {
    let (_, rest) = printed.split_once("ARBOUR_SEED=").unwrap_or_else(|| panic!("no seed: {printed}"));
    rest.split_whitespace().next().unwrap().to_owned()
}

/// What was printed from the failure on, without what depends on how many seeds there were.
fn failure(printed: &str) -> Vec<&str> {
    printed
        .lines()
        .filter(|line| !line.contains("fails under seed") && !line.contains("panicked at"))
        .collect()
}

#[test]
fn a_failing_test_names_its_seed_and_the_seed_alone_fails_in_the_same_way() {
    let (passed, printed) = run_planted("panic", None);
    assert!(!passed);
    assert!(printed.contains("races::planted fails under seed"), "{printed}");
    let seed = named_seed(&printed);
    let (passed, again) = run_planted("panic", Some(&seed));
    assert!(!passed);
    assert_eq!(failure(&printed), failure(&again));
    assert!(again.contains("one of 1;"), "{again}");
}

#[test]
fn an_error_is_a_failure_too() {
    let (passed, printed) = run_planted("error", None);
    assert!(!passed);
    assert!(printed.contains("a bad draw"), "{printed}");
    assert!(!run_planted("error", Some(&named_seed(&printed))).0);
}

#[test]
fn a_seed_that_is_no_number_is_refused_by_its_value() {
    let (passed, printed) = run_planted("none", Some("first"));
    assert!(!passed);
    assert!(printed.contains("ARBOUR_SEED is `first`, which is no seed"), "{printed}");
}
