//! The attributes: `main` and `test`, with their options.

use std::time::Duration;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::time::{Instant, sleep};

/// How many workers the runtime around this has.
fn workers() -> (RuntimeFlavor, usize) {
    let handle = Handle::current();
    (handle.runtime_flavor(), handle.metrics().num_workers())
}

/// Whether a sleep takes no time.
async fn is_paused() -> bool {
    let began = std::time::Instant::now();
    sleep(Duration::from_millis(200)).await;
    began.elapsed() < Duration::from_millis(200)
}

#[arbour::test]
async fn a_test_runs_on_one_thread_in_paused_time() {
    assert_eq!(workers(), (RuntimeFlavor::CurrentThread, 1));
    assert!(is_paused().await);
    let began = Instant::now();
    sleep(Duration::from_secs(3_600)).await;
    assert_eq!(began.elapsed().as_secs(), 3_600);
}

#[arbour::test(start_paused = false)]
async fn a_test_may_let_time_run() {
    assert!(!is_paused().await);
}

#[arbour::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_may_run_on_two_threads() {
    assert_eq!(workers(), (RuntimeFlavor::MultiThread, 2));
    assert!(!is_paused().await);
}

#[arbour::test]
async fn a_test_may_end_with_a_question_mark() -> Result<(), std::num::ParseIntError> {
    assert_eq!("7".parse::<u32>()?, 7);
    Ok(())
}

#[arbour::test]
#[should_panic(expected = "the test's root scope was cancelled: cancelled: over")]
async fn a_test_whose_root_is_cancelled_fails() {
    arbour::ScopeHandle::current().unwrap().cancel("over");
    std::future::pending::<()>().await;
}

#[arbour::test]
#[should_panic(expected = "as it should")]
async fn a_test_that_panics_fails() {
    panic!("as it should");
}

#[arbour::main]
async fn on_threads() -> (RuntimeFlavor, bool) {
    (workers().0, is_paused().await)
}

#[arbour::main(flavor = "current_thread")]
async fn on_one_thread() -> RuntimeFlavor {
    workers().0
}

#[arbour::main(worker_threads = 3)]
async fn on_three_threads() -> usize {
    workers().1
}

#[test]
fn a_main_runs_on_threads_in_real_time_unless_said_otherwise() {
    assert_eq!(on_threads(), (RuntimeFlavor::MultiThread, false));
    assert_eq!(on_one_thread(), RuntimeFlavor::CurrentThread);
    assert_eq!(on_three_threads(), 3);
}
