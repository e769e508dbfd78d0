//! A supervisor in somebody else's runtime, with no root of ours around it.

use crate::support::{Journal, deaf, failing, ms, service, supervisor};
use arbour::{Backoff, RestartLimit, SupervisorError};

async fn lives_and_ends() {
    let journal = Journal::new();
    let app = supervisor().child(service("a", &journal)).child(service("b", &journal)).build().unwrap();
    let handle = app.handle();
    let running = tokio::spawn(app.run());
    handle.start_child(service("c", &journal)).await.unwrap();
    handle.request_stop();
    running.await.unwrap().unwrap();
    let mut lines = journal.lines();
    // They are started in order; on two threads they may say so in another.
    lines[..3].sort();
    assert_eq!(lines, ["+a", "+b", "+c", "-c", "-b", "-a"]);
}

async fn crashes_and_gives_up() {
    let journal = Journal::new();
    let limit = RestartLimit::new(10, ms(60_000)).unwrap();
    let app = supervisor().limit(limit).child(failing("a", &journal).backoff(Backoff::none()));
    let outcome = tokio::spawn(app.build().unwrap().run()).await.unwrap();
    assert!(matches!(outcome, Err(SupervisorError::Failed { .. })));
    assert_eq!(journal.count("+a"), 11);
}

/// Its children are cancelled and handed to the runtime, which finishes them: there is no scope to adopt them.
async fn is_aborted_by_tokio() {
    let journal = Journal::new();
    let app = supervisor().child(deaf("a", &journal, ms(0))).build().unwrap();
    let handle = app.handle();
    let running = tokio::spawn(app.run());
    while journal.count("+a") == 0 || handle.snapshot().await.children.is_empty() {
        tokio::task::yield_now().await;
    }
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    while journal.count("-a") == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(journal.lines(), ["+a", "xa", "-a"]);
}

#[tokio::test]
async fn a_supervisor_lives_and_ends_on_tokios_current_thread() {
    lives_and_ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_lives_and_ends_on_tokios_threads() {
    lives_and_ends().await;
}

#[tokio::test]
async fn a_supervisor_gives_up_on_tokios_current_thread() {
    crashes_and_gives_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_gives_up_on_tokios_threads() {
    crashes_and_gives_up().await;
}

#[tokio::test]
async fn the_children_of_an_aborted_task_are_cancelled_and_clean_up_on_tokios_current_thread() {
    is_aborted_by_tokio().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_children_of_an_aborted_task_are_cancelled_and_clean_up_on_tokios_threads() {
    is_aborted_by_tokio().await;
}

#[test]
fn a_runtime_that_goes_away_takes_the_children_with_it() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let journal = Journal::new();
    let app = supervisor().child(deaf("a", &journal, ms(3_600_000))).build().unwrap();
    runtime.block_on(async {
        tokio::spawn(app.run());
        while journal.count("+a") == 0 {
            tokio::task::yield_now().await;
        }
    });
    drop(runtime);
    assert_eq!(journal.count("-a"), 0);
}

#[test]
fn the_future_of_a_supervisor_is_small_enough_to_be_moved_about() {
    let size = size_of_val(&supervisor().build().unwrap().run());
    assert!(size <= 2_048, "{size} bytes");
}
